import type { Quad } from '../../../src/domain/geometry.js';
import type { Vrm } from '../../../src/domain/vrm.js';
import type { ClipTruth } from '../clip/render-clip.js';
import { saysTheSame } from '../demo/tally.js';

/** What a looping camera showed, held against what the device says that it saw; pure. */

/** One vehicle going by once. UTC, milliseconds: from the first to the last frame in which it can be read. */
export interface ShownPassage {
  readonly vrm: Vrm;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** What is needed of a read or a hit as it was stated. */
export interface StatedRead {
  readonly recordId: string;
  readonly vrm?: string;
  /** UTC, milliseconds, as the device has it: of the frame that decided, and of the picture's. */
  readonly capturedAtMs: number;
  readonly pictureAtMs: number;
  readonly plateCorners: readonly (readonly [number, number])[];
}

/** @param shownAtMs of a frame by its number; undefined: it was not shown. */
export function passagesShown(
  clip: ClipTruth,
  shownAtMs: (frame: number) => number | undefined,
  newestFrame: number,
): ShownPassage[] {
  const laps = Math.floor(newestFrame / clip.frameCount) + 1;
  const passages: ShownPassage[] = [];
  for (let lap = 0; lap < laps; lap++) {
    for (const { vrm, firstVisibleS, lastVisibleS } of clip.vehicles) {
      const frameAt = (seconds: number) => lap * clip.frameCount + Math.round(seconds * clip.framesPerSecond);
      const [fromMs, untilMs] = [shownAtMs(frameAt(firstVisibleS)), shownAtMs(frameAt(lastVisibleS))];
      if (fromMs !== undefined && untilMs !== undefined) passages.push({ vrm, fromMs, untilMs });
    }
  }
  return passages;
}

export interface Judged {
  readonly shown: number;
  /** Passages that have a record. */
  readonly captured: number;
  /** Of these, with the mark that was shown. */
  readonly right: number;
  /** Of these, with another mark. */
  readonly wrong: number;
  /** Records that belong to no passage: of a sign, or a second one of a vehicle. */
  readonly others: number;
}

/** A picture's time may be so far beyond what could be read, and so late. */
const MARGIN_MS = 1_500;

/** A record belongs to the passage of its mark that was in view at its picture, or else to any that has none. */
export function judgeReads(passages: readonly ShownPassage[], reads: readonly StatedRead[]): Judged {
  const left = new Set(passages);
  const taken = new Set<StatedRead>();
  let [right, wrong] = [0, 0];
  const take = (accepts: (passage: ShownPassage, read: StatedRead) => boolean, count: () => void) => {
    for (const read of reads) {
      if (taken.has(read)) continue;
      for (const passage of left) {
        const isInView =
          read.pictureAtMs > passage.fromMs - MARGIN_MS && read.pictureAtMs < passage.untilMs + MARGIN_MS;
        if (!isInView || !accepts(passage, read)) continue;
        left.delete(passage);
        taken.add(read);
        count();
        break;
      }
    }
  };
  take(
    ({ vrm }, read) => saysTheSame(vrm, read.vrm),
    () => right++,
  );
  const isInTheMiddle = ({ fromMs, untilMs }: ShownPassage, read: StatedRead) =>
    read.pictureAtMs >= fromMs && read.pictureAtMs <= untilMs;
  take(isInTheMiddle, () => wrong++);
  return {
    shown: passages.length,
    captured: right + wrong,
    right,
    wrong,
    others: reads.length - taken.size,
  };
}

/** Corners are found within so many pixels in the mean; from one frame to the next a vehicle moves further. */
const CORNER_PX = 15;
const SEARCHED_MS = 3_000;

/** What the frames were, for telling which of them a record's picture is. */
export interface ShownFrames {
  readonly clip: ClipTruth;
  quadAt(vrm: Vrm, picture: number): Quad | undefined;
  shownAtMs(frame: number): number | undefined;
  /** Of the newest frame at a time. */
  frameAt(atMs: number): number;
}

/**
 * How late the device took a frame to have been captured, milliseconds: its time of the record's picture against
 * the frame that shows the plate just there. undefined where no frame does.
 */
export function stampLag(read: StatedRead, frames: ShownFrames): number | undefined {
  const vehicle = frames.clip.vehicles.find(({ vrm }) => saysTheSame(vrm, read.vrm));
  if (vehicle === undefined) return undefined;
  let best: { readonly distancePx: number; readonly atMs: number } | undefined;
  for (let frame = frames.frameAt(read.pictureAtMs + SEARCHED_MS / 10); frame >= 0; frame--) {
    const atMs = frames.shownAtMs(frame);
    if (atMs === undefined || atMs < read.pictureAtMs - SEARCHED_MS) break;
    const quad = frames.quadAt(vehicle.vrm, frame % frames.clip.frameCount);
    if (quad === undefined) continue;
    const distancePx = quad.reduce((sum, { x, y }, corner) => {
      const [foundX, foundY] = read.plateCorners[corner] ?? [Number.NaN, Number.NaN];
      return sum + Math.hypot(x - foundX, y - foundY) / quad.length;
    }, 0);
    if (distancePx < (best?.distancePx ?? CORNER_PX)) best = { distancePx, atMs };
  }
  return best && read.pictureAtMs - best.atMs;
}
