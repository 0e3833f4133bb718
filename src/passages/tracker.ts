import { associate, type Found } from './association.js';
import { Motion } from './motion.js';
import type { Glimpse } from './text.js';

/** One plate followed through the picture without a gap longer than a track may be lost for. */
export interface Track {
  readonly id: number;
  readonly motion: Motion;
  /** What it is known to say; set by whoever fuses its frames. */
  text: Glimpse | undefined;
}

export interface TrackerOptions {
  /** A plate unseen for longer has gone. */
  readonly lostAfterMs: number;
}

export interface Tracked {
  /** The track of each plate that was handed in, in the same order. */
  readonly placed: readonly Track[];
  /** Tracks that ended with this frame: none of them is in `placed`. */
  readonly lost: readonly Track[];
}

/**
 * Follows plates over frames. Pure: time comes with the frames (monotonic milliseconds).
 *
 * Invariant: every plate handed in belongs to exactly one track, and every track ends exactly
 * once, in `lost` of observe, advance or flush.
 */
export class Tracker {
  readonly #lostAfterMs: number;
  #tracks: Track[] = [];
  #nextId = 1;

  constructor(options: TrackerOptions) {
    this.#lostAfterMs = options.lostAfterMs;
  }

  get tracks(): readonly Track[] {
    return this.#tracks;
  }

  /** The track that each plate would get, undefined for a new one; changes nothing. */
  match(found: readonly Found[]): (Track | undefined)[] {
    const result: (Track | undefined)[] = found.map(() => undefined);
    associate(this.#tracks, found).forEach((index, row) => {
      if (index !== undefined) result[index] = this.#tracks[row];
    });
    return result;
  }

  /** @param monoMs time of the frame; a frame older than the one before it ends nothing. */
  observe(monoMs: number, found: readonly Found[]): Tracked {
    const placed = this.match(found).map((track, index) => {
      const plate = found[index] as Found;
      if (track === undefined) {
        return { id: this.#nextId++, motion: new Motion(plate.placement), text: undefined };
      }
      track.motion.add(plate.placement);
      return track;
    });
    const known = new Set(this.#tracks);
    this.#tracks.push(...placed.filter((track) => !known.has(track)));
    // Lost only after this frame had its chance: at one frame a second a plate is not lost for
    // having been away between two frames.
    return { placed, lost: this.#drop(monoMs, new Set(placed)) };
  }

  /** Ends what has been unseen for too long, when no frame comes that would. */
  advance(monoMs: number): readonly Track[] {
    return this.#drop(monoMs, new Set());
  }

  /** Ends all that is left. */
  flush(): readonly Track[] {
    const lost = this.#tracks;
    this.#tracks = [];
    return lost;
  }

  #drop(monoMs: number, seen: ReadonlySet<Track>): Track[] {
    const isLost = (track: Track) =>
      !seen.has(track) && monoMs - track.motion.last.monoMs > this.#lostAfterMs;
    const lost = this.#tracks.filter(isLost);
    if (lost.length > 0) this.#tracks = this.#tracks.filter((track) => !isLost(track));
    return lost;
  }
}
