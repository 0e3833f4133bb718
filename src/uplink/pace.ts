/** A message on its way, as the pace knows it. */
export interface Parcel {
  readonly bytes: number;
  /** Unacknowledged when it was sent, itself included: all of it has to arrive before its acknowledgement. */
  readonly pathBytes: number;
  /** Monotonic, milliseconds. */
  readonly sentMono: number;
}

/** What a message found that went out with little or nothing before it. */
interface IdleSample {
  readonly pathBytes: number;
  readonly delayMs: number;
}

/** To begin with, and at least: two or three reads. */
const LEAST_BYTES = 4_096;
/** Fills a link of 2 Mbit/s for a second, and any faster one to beyond its delay. */
const MOST_BYTES = 262_144;
/** Before rate and delay are told apart: enough to tell them. */
const MOST_UNKNOWN_BYTES = 6_144;
/** A link is as quick as the best of so many acknowledgements: other things only ever delay them. */
const SAMPLES = 8;
/** A rate is taken from two sizes that differ by so much, or what the clock cannot resolve would decide. */
const LEAST_DIFFERENCE_BYTES = 1_024;
/** Messages this much smaller say little of how long one takes, unless they say it by more than this. */
const HEARSAY_FACTOR = 4;

/**
 * How much may be on its way at once; pure, time is an argument (monotonic milliseconds).
 *
 * What is handed to the kernel cannot be overtaken any more: on a slow link a hit would wait for all
 * of it. So no more is handed over than the link carries in the time that a hit may wait.
 *
 * Invariants
 * - Unacknowledged bytes stay within `limitBytes`, except that one message may always go.
 * - The limit begins at LEAST_BYTES on every connection; it grows by what is acknowledged in time
 *   (which doubles it in a round trip) while it is what holds sending back, up to MOST_BYTES; an
 *   acknowledgement that is late sets it to what the link was just seen to carry in the time.
 * - In time is counted from the link's own delay, not from zero: a satellite delays everything by a
 *   second, and sending less would not make it quicker. Delay and rate are told apart by two sizes.
 */
export class Pace {
  readonly #hitWaitMs: number;
  #limitBytes = LEAST_BYTES;
  #inFlightBytes = 0;
  #idleSamples: IdleSample[] = [];
  /** Bytes a millisecond: of one acknowledgement against an idle one, and what arrived in all of its time. */
  #slopes: { readonly bytesPerMs: number; readonly pathBytes: number }[] = [];
  #leastRates: number[] = [];
  /** Acknowledgements since the last slope. */
  #unconfirmed = 0;
  /** `bytesPerSecond`, until the next acknowledgement: it is asked for with every message. */
  #rate: number | undefined;

  constructor(hitWaitMs: number) {
    this.#hitWaitMs = hitWaitMs;
  }

  get limitBytes(): number {
    return this.#limitBytes;
  }

  get inFlightBytes(): number {
    return this.#inFlightBytes;
  }

  /** What the link was seen to carry, at least; undefined before anything was acknowledged. */
  get bytesPerSecond(): number | undefined {
    if (this.#leastRates.length === 0) return undefined;
    this.#rate ??= Math.max(this.#slope ?? 0, ...this.#leastRates) * 1000;
    return this.#rate;
  }

  /** Of a small message on the idle link; 0 before one was acknowledged. */
  get delayMs(): number {
    return this.#idle?.delayMs ?? 0;
  }

  /**
   * Whether a message may go now.
   * @param unsentBytes what the connection itself still holds; it is part of what is unacknowledged,
   *   unless somebody else sends over the same connection.
   */
  fits(bytes: number, unsentBytes: number): boolean {
    const onTheWay = Math.max(this.#inFlightBytes, unsentBytes);
    return onTheWay === 0 || onTheWay + bytes <= this.#limitBytes;
  }

  /**
   * Whether this alone would keep a hit waiting for longer than it may; false while delay and rate are
   * not told apart.
   */
  isSlowFor(bytes: number): boolean {
    const rate = this.bytesPerSecond;
    return rate !== undefined && this.#slopes.length > 0 && (bytes / rate) * 1000 > this.#hitWaitMs;
  }

  /**
   * Whether `isSlowFor` rests on far smaller messages alone, and not by much: their delays vary by what
   * a radio does, which then looks like a low rate. One message of the size itself settles it.
   */
  isSlowByHearsay(bytes: number): boolean {
    const largest = Math.max(...this.#slopes.map(({ pathBytes }) => pathBytes));
    return this.isSlowFor(bytes / HEARSAY_FACTOR) === false && largest * HEARSAY_FACTOR < bytes;
  }

  sent(bytes: number, nowMono: number): Parcel {
    this.#inFlightBytes += bytes;
    return { bytes, pathBytes: this.#inFlightBytes, sentMono: nowMono };
  }

  acknowledged(parcel: Parcel, nowMono: number): void {
    const wasHoldingBack = this.#inFlightBytes * 2 >= this.#limitBytes;
    this.#rate = undefined;
    this.#inFlightBytes -= parcel.bytes;
    const { pathBytes } = parcel;
    const delayMs = Math.max(nowMono - parcel.sentMono, 0.01);
    const before = this.#idle;
    this.#learnDelay({ pathBytes, delayMs });
    const idle = this.#idle ?? { pathBytes: 0, delayMs: 0 };
    const slope = slopeOf({ pathBytes, delayMs }, before ?? idle);
    const leastRate = pathBytes / delayMs;
    this.#unconfirmed = slope === undefined ? this.#unconfirmed + 1 : 0;
    if (slope !== undefined) this.#keep(this.#slopes, { bytesPerMs: slope, pathBytes });
    this.#keep(this.#leastRates, leastRate);
    // One that is not confirmed is doubted, or a link whose delay has grown would be held back for good.
    const isKnown = this.#slopes.length > 0 && this.#unconfirmed < SAMPLES;
    const rate = isKnown ? (slope ?? this.#slope) : undefined;
    const ownDelayMs = rate === undefined ? idle.delayMs : Math.max(0, idle.delayMs - idle.pathBytes / rate);
    const waitedMs = delayMs - ownDelayMs;
    if (waitedMs > this.#hitWaitMs) {
      this.#setLimit((slope ?? leastRate) * (this.#hitWaitMs + ownDelayMs));
    } else if (waitedMs <= this.#hitWaitMs / 2 && wasHoldingBack) {
      const most = rate === undefined ? Math.max(this.#limitBytes, MOST_UNKNOWN_BYTES) : MOST_BYTES;
      this.#setLimit(Math.min(this.#limitBytes + parcel.bytes, most));
    }
  }

  /** It will not be acknowledged: refused, or gone with its connection. */
  lost(parcel: Parcel): void {
    this.#inFlightBytes -= parcel.bytes;
  }

  /** There is a new connection, perhaps over another network. What was on its way was told lost. */
  restart(): void {
    this.#limitBytes = LEAST_BYTES;
    this.#idleSamples = [];
    this.#slopes = [];
    this.#leastRates = [];
    this.#unconfirmed = 0;
    this.#rate = undefined;
  }

  /** The quickest of the last ones: a delay that stays becomes the link's own when they have passed. */
  get #idle(): IdleSample | undefined {
    let quickest: IdleSample | undefined;
    for (const sample of this.#idleSamples) {
      if (quickest === undefined || sample.delayMs < quickest.delayMs) quickest = sample;
    }
    return quickest;
  }

  /** The middle one: where a small message was held up by chance, larger ones seem to cost nothing. */
  get #slope(): number | undefined {
    const rates = this.#slopes.map(({ bytesPerMs }) => bytesPerMs);
    return rates.sort((a, b) => a - b)[(rates.length - 1) >> 1];
  }

  #setLimit(bytes: number): void {
    this.#limitBytes = Math.min(Math.max(bytes, LEAST_BYTES), MOST_BYTES);
  }

  #learnDelay(sample: IdleSample): void {
    const known = this.#idle;
    if (sample.pathBytes <= LEAST_BYTES) this.#keep(this.#idleSamples, sample);
    // More arrived in less time: the delay that was known has gone.
    else if (known !== undefined && sample.delayMs < known.delayMs) {
      this.#idleSamples = [{ delayMs: sample.delayMs, pathBytes: LEAST_BYTES }];
    }
  }

  #keep<T>(samples: T[], sample: T): void {
    samples.push(sample);
    if (samples.length > SAMPLES) samples.shift();
  }
}

/**
 * @returns bytes a millisecond: what came on top, in the time that it took longer; undefined: too alike,
 *   or the larger was the quicker, so that something else held the smaller up.
 */
function slopeOf(sample: IdleSample, idle: IdleSample): number | undefined {
  const moreBytes = sample.pathBytes - idle.pathBytes;
  if (moreBytes < LEAST_DIFFERENCE_BYTES || sample.delayMs < idle.delayMs) return undefined;
  return moreBytes / Math.max(sample.delayMs - idle.delayMs, 1);
}
