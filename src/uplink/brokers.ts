import { Backoff } from '../lib/backoff.js';

/** Which broker is tried next, when, and how: pure decisions, time is an argument. */

export interface Attempt {
  /** In mqtt.urls; 0 is the preferred one. */
  readonly index: number;
  readonly url: string;
  readonly protocolVersion: 4 | 5;
  /** False where this broker was seen to refuse retained messages. */
  readonly mayRetain: boolean;
}

/**
 * unreachable: no way to it, or no answer in time; silent: it took the connection and closed it
 * without an answer; no-version, no-retain: it refused the protocol version or a retained will;
 * refused: a person has to mend it; lost: a connection that was made broke, and was sound if it
 * had been of use; dropped: the same, given up by this side; left: ended on purpose for another one.
 */
export type AttemptEnd =
  | { readonly kind: 'unreachable' | 'silent' | 'no-version' | 'no-retain' | 'refused' }
  | { readonly kind: 'lost' | 'dropped'; readonly sound: boolean }
  | { readonly kind: 'left'; readonly to: number };

export interface BrokersOptions {
  readonly urls: readonly string[];
  readonly protocolVersion: 'auto' | 4 | 5;
  /** Between failed attempts at one broker. */
  readonly firstMs: number;
  readonly mostMs: number;
  /** How long a lesser broker is kept before a better one is looked for; doubles while that is in vain. */
  readonly returnFirstMs?: number;
  readonly returnMostMs?: number;
  /** 0 to 1, injected so that tests are repeatable. */
  readonly random?: () => number;
}

const RETURN_FIRST_MS = 300_000;
const RETURN_MOST_MS = 900_000;
/** A broker may have been upgraded: after so long the next connection begins with MQTT 5 again. */
const VERSION_REMEMBERED_MS = 3_600_000;

interface Known {
  readonly url: string;
  readonly backoff: Backoff;
  /** Monotonic milliseconds, as all times here: not before. */
  dueMono: number;
  /** MQTT 3.1.1 is spoken with it until then. */
  version4UntilMono: number;
  /** Silent ends, with MQTT 5, since the last connection. */
  silences: number;
  /** It has spoken MQTT 5. */
  spoke5: boolean;
  mayRetain: boolean;
}

/** One that has spoken MQTT 5 is not taken for one that cannot because a patchy link ended some attempts. */
const SILENCES_BELIEVED = 5;

/**
 * Invariants
 * - A broker that failed is not asked again before its own wait is over; those waits double one by one.
 * - After a sound connection the same broker is asked first: a short break makes nobody move.
 * - What a broker was seen not to speak costs one more attempt at once, never a wait.
 */
export class Brokers {
  readonly #known: readonly Known[];
  readonly #protocolVersion: 'auto' | 4 | 5;
  readonly #mostMs: number;
  readonly #returns: Backoff;
  readonly #returnFirstMs: number;
  /** The one that has the next attempt, whatever the others' waits. */
  #promised: number | undefined;
  #connectedMono = 0;
  /** When a better broker is looked for; absent while the first one is used. */
  #returnMono: number | undefined;

  constructor(options: BrokersOptions) {
    const { firstMs, mostMs, random } = options;
    const chance = random === undefined ? {} : { random };
    this.#known = options.urls.map((url) => ({
      url,
      backoff: new Backoff({ firstMs, mostMs, ...chance }),
      dueMono: Number.NEGATIVE_INFINITY,
      version4UntilMono: Number.NEGATIVE_INFINITY,
      silences: 0,
      spoke5: false,
      mayRetain: true,
    }));
    this.#protocolVersion = options.protocolVersion;
    this.#mostMs = mostMs;
    this.#returnFirstMs = options.returnFirstMs ?? RETURN_FIRST_MS;
    const returnMostMs = options.returnMostMs ?? RETURN_MOST_MS;
    this.#returns = new Backoff({ firstMs: this.#returnFirstMs, mostMs: returnMostMs, ...chance });
  }

  /** The next attempt, and how long to wait before it; ask again after the wait. */
  next(nowMono: number): { readonly attempt: Attempt; readonly waitMs: number } {
    const due = this.#known.findIndex(({ dueMono }) => dueMono <= nowMono);
    const index = this.#promised ?? (due >= 0 ? due : this.#soonest());
    const waitMs = Math.max(0, this.#at(index).dueMono - nowMono);
    return { attempt: this.attemptAt(index, nowMono), waitMs };
  }

  /** How broker `index` would be asked now. */
  attemptAt(index: number, nowMono: number): Attempt {
    const { url, version4UntilMono, mayRetain } = this.#at(index);
    const auto = nowMono < version4UntilMono ? 4 : 5;
    const protocolVersion = this.#protocolVersion === 'auto' ? auto : this.#protocolVersion;
    return { index, url, protocolVersion, mayRetain };
  }

  connected({ index, protocolVersion }: Attempt, nowMono: number): void {
    const known = this.#at(index);
    known.silences = 0;
    known.spoke5 = protocolVersion === 5;
    this.#promised = undefined;
    this.#connectedMono = nowMono;
    if (index === 0) this.#returnMono = undefined;
    // A connection that is made again does not put the return off.
    else this.#returnMono ??= nowMono + this.#returns.nextMs();
  }

  ended(attempt: Attempt, end: AttemptEnd, nowMono: number): void {
    const known = this.#at(attempt.index);
    this.#promised = undefined;
    if (attempt.index === 0 && wasConnected(end) && nowMono - this.#connectedMono >= this.#returnFirstMs) {
      this.#returns.reset();
    }
    const atOnce = this.#worthAtOnce(attempt, end, nowMono);
    if (atOnce !== undefined) {
      this.#promised = atOnce;
      this.#at(atOnce).dueMono = nowMono;
      return;
    }
    if (end.kind === 'lost' && end.sound) this.#promised = attempt.index;
    // A refusal is mended by a person, not by asking often: brokers ban clients that do.
    const isRefusal = end.kind === 'refused' || end.kind === 'no-version' || end.kind === 'no-retain';
    known.dueMono = nowMono + (isRefusal ? this.#mostMs : known.backoff.nextMs());
  }

  /** The way there is another one: whatever was waited for is tried now. */
  hurry(nowMono: number): void {
    for (const known of this.#known) {
      known.backoff.reset();
      known.dueMono = Math.min(known.dueMono, nowMono);
    }
  }

  /** Better brokers than the present one, best first, once it is time to look whether they are back. */
  betterThan({ index }: Attempt, nowMono: number): readonly Attempt[] {
    if (this.#returnMono === undefined || nowMono < this.#returnMono) return [];
    return this.#known.slice(0, index).map((_, better) => this.attemptAt(better, nowMono));
  }

  /** A better one was looked for: the next time is later, whether it was found or not. */
  looked(nowMono: number): void {
    this.#returnMono = nowMono + this.#returns.nextMs();
  }

  /** Takes note of what an end says of the broker. @returns the broker to be asked at once, if any. */
  #worthAtOnce(attempt: Attempt, end: AttemptEnd, nowMono: number): number | undefined {
    const known = this.#at(attempt.index);
    switch (end.kind) {
      case 'no-version':
      case 'silent':
        if (this.#protocolVersion !== 'auto') return undefined;
        if (attempt.protocolVersion === 5) known.silences++;
        if (end.kind === 'silent' && known.spoke5 && known.silences < SILENCES_BELIEVED) return undefined;
        // One that is just starting closes connections as well: what 4 does not mend is forgotten.
        known.version4UntilMono =
          attempt.protocolVersion === 5 ? nowMono + VERSION_REMEMBERED_MS : Number.NEGATIVE_INFINITY;
        return attempt.protocolVersion === 5 ? attempt.index : undefined;
      case 'no-retain':
        known.mayRetain = false;
        return attempt.mayRetain ? attempt.index : undefined;
      case 'left':
        return end.to;
      case 'dropped':
      case 'lost':
        if (end.sound) known.backoff.reset();
        return end.sound && end.kind === 'dropped' ? attempt.index : undefined;
      default:
        return undefined;
    }
  }

  #soonest(): number {
    const due = this.#known.map(({ dueMono }) => dueMono);
    return due.indexOf(Math.min(...due));
  }

  #at(index: number): Known {
    const known = this.#known[index];
    if (known === undefined) throw new Error(`no broker ${index}`);
    return known;
  }
}

function wasConnected({ kind }: AttemptEnd): boolean {
  return kind === 'lost' || kind === 'dropped' || kind === 'left';
}
