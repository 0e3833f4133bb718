/** A message on its way, as the pace knows it. */
export interface Parcel {
  readonly bytes: number;
  /** Unacknowledged when it was sent, itself included: all of it has to arrive before its acknowledgement. */
  readonly pathBytes: number;
  /** Monotonic, milliseconds. */
  readonly sentMono: number;
}

/** To begin with, and at least: two or three reads. */
const LEAST_BYTES = 4_096;
/** Fills a link of 2 Mbit/s for a second, and any faster one to beyond its delay. */
const MOST_BYTES = 262_144;
/** The link's speed is the best that was seen in so many acknowledgements: delays only hide it. */
const SAMPLES = 8;
/** A rate is taken from two sizes that differ by so much, or what the clock cannot resolve would decide. */
const LEAST_DIFFERENCE_BYTES = 2_048;
/** How quickly a longer delay of the link is believed. */
const DELAY_SHARE = 0.25;

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
 * - In time is counted from the delay of an idle link, not from zero: a satellite link delays
 *   everything by a second, and sending less would not make it quicker.
 */
export class Pace {
  readonly #hitWaitMs: number;
  #limitBytes = LEAST_BYTES;
  #inFlightBytes = 0;
  /** What a message that found the link (nearly) idle took, and the bytes that were on their way with it. */
  #idle: { readonly delayMs: number; readonly pathBytes: number } | undefined;
  #ratesPerMs: number[] = [];

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
    return this.#ratesPerMs.length === 0 ? undefined : Math.max(...this.#ratesPerMs) * 1000;
  }

  /** Of a message on the idle link; 0 before one was acknowledged. */
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

  /** Whether this alone would keep a hit waiting for longer than it may; false while nothing is known. */
  isSlowFor(bytes: number): boolean {
    const rate = this.bytesPerSecond;
    return rate !== undefined && (bytes / rate) * 1000 > this.#hitWaitMs;
  }

  sent(bytes: number, nowMono: number): Parcel {
    this.#inFlightBytes += bytes;
    return { bytes, pathBytes: this.#inFlightBytes, sentMono: nowMono };
  }

  acknowledged(parcel: Parcel, nowMono: number): void {
    const wasHoldingBack = this.#inFlightBytes * 2 >= this.#limitBytes;
    this.#inFlightBytes -= parcel.bytes;
    const delayMs = Math.max(nowMono - parcel.sentMono, 0.01);
    const idle = this.#learnDelay(parcel.pathBytes, delayMs);
    const ratePerMs = rateOf(parcel.pathBytes, delayMs, idle);
    this.#ratesPerMs.push(ratePerMs);
    if (this.#ratesPerMs.length > SAMPLES) this.#ratesPerMs.shift();
    const lateMs = delayMs - idle.delayMs;
    if (lateMs > this.#hitWaitMs) this.#setLimit(idle.pathBytes + ratePerMs * this.#hitWaitMs);
    else if (lateMs <= this.#hitWaitMs / 2 && wasHoldingBack) this.#setLimit(this.#limitBytes + parcel.bytes);
  }

  /** It will not be acknowledged: refused, or gone with its connection. */
  lost(parcel: Parcel): void {
    this.#inFlightBytes -= parcel.bytes;
  }

  /** There is a new connection, perhaps over another network. What was on its way was told lost. */
  restart(): void {
    this.#limitBytes = LEAST_BYTES;
    this.#idle = undefined;
    this.#ratesPerMs = [];
  }

  #setLimit(bytes: number): void {
    this.#limitBytes = Math.min(Math.max(bytes, LEAST_BYTES), MOST_BYTES);
  }

  #learnDelay(pathBytes: number, delayMs: number): { readonly delayMs: number; readonly pathBytes: number } {
    const known = this.#idle;
    let idle = known ?? { delayMs: pathBytes <= LEAST_BYTES ? delayMs : 0, pathBytes: 0 };
    if (pathBytes <= LEAST_BYTES) {
      // The quickest counts; a longer delay is believed step by step, as it may be a passing one.
      const isQuicker = known === undefined || delayMs < known.delayMs;
      idle = isQuicker
        ? { delayMs, pathBytes }
        : { delayMs: idle.delayMs + (delayMs - idle.delayMs) * DELAY_SHARE, pathBytes };
      this.#idle = idle;
    } else if (known !== undefined && delayMs < known.delayMs) {
      // More arrived in less time: the delay has gone.
      this.#idle = idle = { delayMs, pathBytes: LEAST_BYTES };
    }
    return idle;
  }
}

/** Bytes a millisecond: what came on top, in the time that it took longer; never less than all in all of it. */
function rateOf(
  pathBytes: number,
  delayMs: number,
  idle: { readonly delayMs: number; readonly pathBytes: number },
): number {
  const least = pathBytes / delayMs;
  const moreBytes = pathBytes - idle.pathBytes;
  if (moreBytes < LEAST_DIFFERENCE_BYTES) return least;
  return Math.max(least, moreBytes / Math.max(delayMs - idle.delayMs, 1));
}
