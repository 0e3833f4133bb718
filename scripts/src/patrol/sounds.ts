/** What a buzzer sounded, held against the hits that it was to sound for; pure. Times are UTC milliseconds. */

/** Longer than any pause within a rhythm. */
const SILENCE_MS = 600;
/** A sound is over after this. */
const LONGEST_SOUND_MS = 3_500;
/** From a hit in the store to its sound at most; a later one is not its. */
const SOUND_WITHIN_MS = 2_000;
/** What an observer's and a device's looks at switches may be apart. */
const LOOK_MS = 500;

/** When sounds begin, of a line that goes on and off within each. */
export class SoundOnsets {
  readonly #atMs: number[] = [];
  #lastOnMs = Number.NEGATIVE_INFINITY;
  #isOn = false;

  /** A level and since when. */
  hear(isOn: boolean, atMs: number): void {
    if (isOn && !this.#isOn && atMs - this.#lastOnMs > SILENCE_MS) this.#atMs.push(atMs);
    if (isOn || this.#isOn) this.#lastOnMs = atMs;
    this.#isOn = isOn;
  }

  get atMs(): readonly number[] {
    return this.#atMs;
  }
}

/** What is needed of a hit. */
export interface SoundingHit {
  readonly id: string;
  readonly committedAtMs: number;
  /** Whether it calls the crew, and its list asks for an action that has a sound. */
  readonly sounds: boolean;
}

export interface Heard {
  /** By hit, when its sound began. */
  readonly soundAtMs: ReadonlyMap<string, number>;
  /** Hits that were to be heard and were not. */
  readonly unheard: readonly string[];
  /** Sounds that no hit was for. */
  readonly unexplained: number;
  /** Hits that came while the buzzer was muted. */
  readonly muted: number;
}

/**
 * @param hits in the order of commits. One that comes while another's sound is under way has no beginning of its
 *   own, and is left out.
 * @param mutes when silence was asked for, and until when.
 */
export function hear(
  hits: readonly SoundingHit[],
  onsetsMs: readonly number[],
  mutes: readonly { readonly fromMs: number; readonly untilMs: number }[],
): Heard {
  const left = new Set(onsetsMs);
  const soundAtMs = new Map<string, number>();
  const unheard: string[] = [];
  let muted = 0;
  let lastMs = Number.NEGATIVE_INFINITY;
  for (const { id, committedAtMs, sounds } of hits) {
    if (!sounds) continue;
    const isAt = (edgeMs: number) => Math.abs(committedAtMs - edgeMs) <= LOOK_MS;
    const mute = mutes.find(
      ({ fromMs, untilMs }) => committedAtMs > fromMs - LOOK_MS && committedAtMs < untilMs + LOOK_MS,
    );
    const onset = onsetsMs.find(
      (atMs) => left.has(atMs) && atMs > committedAtMs - 5 && atMs < committedAtMs + SOUND_WITHIN_MS,
    );
    const isUnderWay = committedAtMs - lastMs < LONGEST_SOUND_MS;
    // At the edges of a silence either is right.
    const isEdge = mute !== undefined && (isAt(mute.fromMs) || isAt(mute.untilMs));
    if (mute !== undefined && !isEdge) {
      muted++;
      continue;
    }
    lastMs = committedAtMs;
    if (onset !== undefined) {
      left.delete(onset);
      soundAtMs.set(id, onset);
    } else if (!isUnderWay && !isEdge) unheard.push(id);
  }
  return { soundAtMs, unheard, unexplained: left.size, muted };
}
