import { passagesSchema } from '../../src/config/schema.js';
import type { Frame } from '../../src/domain/frame.js';
import type { Quad } from '../../src/domain/geometry.js';
import type { Observation } from '../../src/domain/observation.js';
import type { Passage } from '../../src/domain/passage.js';
import { Passages, type PassagesOptions } from '../../src/passages/passages.js';
import { latticeOf } from './lattices.js';
import { repeatable } from './repeatable.js';

/** Where something with text is in the picture, and what it says there. */
export interface Sight {
  readonly x: number;
  readonly y: number;
  readonly heightPx: number;
  readonly text: string;
  /** Of the reader in each column; 0.999 unless given. */
  readonly certainty?: number;
}

/** Something with text on it: where it is at a time (seconds), or undefined: not to be seen. */
export type Actor = (seconds: number) => Sight | undefined;

export const WIDTH_PX = 1280;
export const HEIGHT_PX = 720;

export interface DriveOptions {
  readonly framesPerSecond?: number;
  readonly seconds: number;
  readonly actors: readonly Actor[];
  readonly config?: Record<string, number>;
  readonly options?: Partial<PassagesOptions>;
}

export interface Driven {
  readonly passages: Passages;
  readonly reports: readonly Passage[];
  readonly settled: readonly Passage[];
  readonly closed: readonly Passage[];
  /** Texts of the closed passages; '?' where unreadable. */
  readonly texts: readonly string[];
  readonly reads: number;
}

/** A plate of a UK car's shape. */
export function quadAt({ x, y, heightPx }: Sight): Quad {
  const half = { w: (heightPx * 4.7) / 2, h: heightPx / 2 };
  return [
    { x: x - half.w, y: y - half.h },
    { x: x + half.w, y: y - half.h },
    { x: x + half.w, y: y + half.h },
    { x: x - half.w, y: y + half.h },
  ];
}

export function newPassages(
  config: Record<string, number> = {},
  options: Partial<PassagesOptions> = {},
): Passages {
  let nextId = 1;
  return new Passages({
    cameraId: 'cam-1',
    config: passagesSchema.parse(config),
    readProbability: 0.5,
    minimumPlateHeightPx: 8,
    mostReadsPerFrame: 4,
    tools: {
      encodeJpeg: (picture) => new Uint8Array(100 + (picture.widthPx * picture.heightPx) / 1000),
      resizeGrey: (_, widthPx, heightPx) => ({
        pixels: new Uint8Array(widthPx * heightPx),
        widthPx,
        heightPx,
      }),
    },
    newId: () => `passage-${nextId++}`,
    ...options,
  });
}

const pixels = new Uint8Array(WIDTH_PX * HEIGHT_PX);

export function frameAt(index: number, monoMs: number): Frame {
  return {
    pixels,
    widthPx: WIDTH_PX,
    heightPx: HEIGHT_PX,
    index,
    capturedAtMs: 1_700_000_000_000 + monoMs,
    capturedMonoMs: monoMs,
  };
}

/** Shows one frame to the passages as the vision process does: detect, choose, read, observe. */
export function show(
  passages: Passages,
  frame: Frame,
  sights: readonly Sight[],
): { reports: Passage[]; reads: number } {
  const quads = sights.map(quadAt);
  const chosen = new Set(passages.chooseReads(frame, quads));
  const observations = sights.map((sight, index): Observation => {
    const found = {
      frameIndex: frame.index,
      capturedAtMs: frame.capturedAtMs,
      capturedMonoMs: frame.capturedMonoMs,
      quad: quads[index] as Quad,
      detectionScore: 0.9,
    };
    if (!chosen.has(index)) return found;
    return { ...found, lattice: latticeOf([sight.text], {}, sight.certainty ?? 0.999), sharpness: 100 };
  });
  return { reports: passages.observe(frame, observations), reads: chosen.size };
}

/** Plays a scene to its end and flushes. */
export function drive({ framesPerSecond = 25, seconds, actors, config, options }: DriveOptions): Driven {
  const passages = newPassages(config, options);
  const reports: Passage[] = [];
  let reads = 0;
  for (let index = 0; index < seconds * framesPerSecond; index++) {
    const at = index / framesPerSecond;
    const sights = actors.map((actor) => actor(at)).filter((sight) => sight !== undefined);
    const shown = show(passages, frameAt(index, at * 1000), sights);
    reports.push(...shown.reports);
    reads += shown.reads;
  }
  reports.push(...passages.flush());
  const closed = reports.filter(({ phase }) => phase === 'closed');
  return {
    passages,
    reports,
    settled: reports.filter(({ phase }) => phase === 'settled'),
    closed,
    texts: closed.map(({ outcome }) => (outcome.kind === 'read' ? outcome.read.vrm : '?')),
    reads,
  };
}

export interface ApproachOptions {
  readonly text: string;
  readonly fromS: number;
  readonly lastsS: number;
  /** Where across the picture it comes in; 640 unless given. */
  readonly x?: number;
  /** -1 drives away. */
  readonly towards?: 1 | -1;
  readonly certainty?: number;
}

/** A vehicle that comes down the picture growing from 12 to 40 px, or goes up shrinking. */
export function approach({
  text,
  fromS,
  lastsS,
  x = 640,
  towards = 1,
  certainty = 0.999,
}: ApproachOptions): Actor {
  return (seconds) => {
    const share = (seconds - fromS) / lastsS;
    if (share < 0 || share > 1) return undefined;
    const way = towards === 1 ? share : 1 - share;
    // Perspective: the picture of what comes at constant speed grows as 1 / distance.
    const heightPx = 40 / (1 + (1 - way) * (40 / 12 - 1));
    const y = 80 + ((heightPx - 12) / 28) * 600;
    return { x: x + (heightPx - 12) * 4, y, heightPx, text, certainty };
  };
}

/** Small repeatable jitter, -1 to 1. */
export function jitter(seed: number): () => number {
  const random = repeatable(seed);
  return () => random() * 2 - 1;
}
