import type { Calibration } from '../domain/calibration.js';
import type { Lattice } from '../domain/lattice.js';
import type { PlateCrop } from '../domain/plate-crop.js';
import type { PlateRead } from '../domain/read.js';
import { evidenceOf } from './frame-evidence.js';
import { fuse } from './fuse.js';
import type { Glimpse } from './text.js';

/** One plate read in one frame. */
export interface ReadFrame {
  readonly monoMs: number;
  /** UTC, milliseconds. */
  readonly capturedAtMs: number;
  readonly lattice: Lattice;
  readonly glimpse: Glimpse;
  readonly heightPx: number;
  readonly sharpness: number;
  /** What the reader saw, and the detector's score for it: what hints are taken from. */
  readonly crop?: PlateCrop;
  readonly detectionScore?: number;
}

/** Best frames kept: more change nothing but the time it takes to fuse them. */
const MOST_FRAMES = 9;
/** A frame that is sure of nothing still helps to choose between what others are sure of. */
const LEAST_WEIGHT = 0.05;
/** Reads closer together than this are one witness to what stays the same over time. */
const WITNESS_EVERY_MS = 400;
const MOST_WITNESSES = 32;

/**
 * What one plate says, over all frames in which it was read: the best frames' scores are kept and
 * fused anew with each. A frame weighs by how sure the reader is of it: what is far away, blurred or
 * half hidden is read with many doubts, and a few clear frames say more than many such. Height and
 * sharpness tell nothing beyond that: a plate that is noisy or crossed by glare is full of edges.
 */
export class Reading {
  readonly #calibration: Calibration | undefined;
  #frames: ReadFrame[] = [];
  #read: PlateRead | undefined;
  /** What single frames said, spaced out in time; the last ones. */
  #witnesses: string[] = [];
  #lastWitnessMonoMs = -Infinity;
  #readCount = 0;
  #unchanged = 0;
  #sharpest = 0;
  #largestPx = 0;

  /** @param calibration of the models that read; without it, their scores are taken at their word. */
  constructor(calibration?: Calibration) {
    this.#calibration = calibration;
  }

  /** The fused read of the frames so far, if they say anything. */
  get read(): PlateRead | undefined {
    return this.#read;
  }

  /** The best frames, as long as they are held. */
  get frames(): readonly ReadFrame[] {
    return this.#frames;
  }

  /** Frames in which it was read. */
  get readCount(): number {
    return this.#readCount;
  }

  /** Read frames in a row after which the fused text was the same. */
  get unchanged(): number {
    return this.#unchanged;
  }

  get sharpest(): number {
    return this.#sharpest;
  }

  /** Height in pixels of the largest plate that was read. */
  get largestPx(): number {
    return this.#largestPx;
  }

  /** What it is known by when it has to be told from others. */
  get text(): Glimpse | undefined {
    return this.#read && { text: this.#read.matchKey, certainty: this.#read.probability };
  }

  /** Whether any frame showed at least something like characters. */
  get sawCharacters(): boolean {
    return this.#frames.some((frame) => frame.glimpse.text.length >= 2);
  }

  /** Texts of single frames that `agreement` is taken over. */
  get witnesses(): number {
    return this.#witnesses.length;
  }

  /**
   * The share of moments, spaced out in time, at which the frame by itself said what all say
   * together, 0 to 1. A plate that stands still says the same all the time; a clock burnt into
   * the picture does not.
   */
  get agreement(): number {
    const key = this.#read?.matchKey;
    if (key === undefined) return 0;
    return this.#witnesses.filter((text) => text === key).length / this.#witnesses.length;
  }

  add(frame: ReadFrame): void {
    this.#readCount++;
    if (frame.monoMs - this.#lastWitnessMonoMs >= WITNESS_EVERY_MS) {
      this.#lastWitnessMonoMs = frame.monoMs;
      this.#witnesses.push(frame.glimpse.text);
      if (this.#witnesses.length > MOST_WITNESSES) this.#witnesses.shift();
    }
    this.#take([frame]);
  }

  /** Takes over the frames of another reading of the same plate. */
  absorb(other: Reading): void {
    this.#readCount += other.#readCount;
    this.#lastWitnessMonoMs = Math.max(this.#lastWitnessMonoMs, other.#lastWitnessMonoMs);
    this.#witnesses = [...this.#witnesses, ...other.#witnesses].slice(-MOST_WITNESSES);
    this.#take(other.#frames);
  }

  /** Lets go of the frames' scores; the read stays as it is. */
  release(): void {
    this.#frames = [];
  }

  /** Whether a frame's own text is the fused one. */
  agrees(seen: Glimpse): boolean {
    return seen.text === this.#read?.matchKey;
  }

  #take(frames: readonly ReadFrame[]): void {
    if (frames.length === 0) return;
    for (const { sharpness, heightPx } of frames) {
      this.#sharpest = Math.max(this.#sharpest, sharpness);
      this.#largestPx = Math.max(this.#largestPx, heightPx);
    }
    const weighted = [...this.#frames, ...frames].map((frame) => ({ frame, weight: weigh(frame) }));
    weighted.sort((a, b) => b.weight - a.weight);
    weighted.length = Math.min(weighted.length, MOST_FRAMES);
    this.#frames = weighted.map(({ frame }) => frame);

    const before = this.#read?.matchKey;
    const seenAtMs = Math.max(...this.#frames.map(({ capturedAtMs }) => capturedAtMs));
    this.#read = fuse(
      weighted.map(({ frame, weight }) => ({ lattice: frame.lattice, weight })),
      { seenAtMs, ...(this.#calibration && { calibration: this.#calibration }) },
    );
    if (this.#read === undefined) this.#unchanged = 0;
    else this.#unchanged = this.#read.matchKey === before ? this.#unchanged + 1 : 1;
  }
}

function weigh({ lattice }: ReadFrame): number {
  return Math.max(LEAST_WEIGHT, evidenceOf(lattice).certainty);
}
