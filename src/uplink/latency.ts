/** How long hits take from the camera to the broker; pure. Times are UTC milliseconds. */
export interface HitTimes {
  readonly firstSeenAtMs: number;
  /** The frame that decided the read was captured. */
  readonly capturedAtMs: number;
  readonly matchedAtMs: number;
  readonly committedAtMs: number;
  /** Handed to the broker, the time that succeeded. */
  readonly publishedAtMs: number;
  /** The broker's acknowledgement came. */
  readonly acknowledgedAtMs: number;
}

export interface HitLatency {
  /** Hits that the figures are of: at most the last KEPT. */
  readonly count: number;
  /** From the capture of the deciding frame to the broker's acknowledgement. */
  readonly medianMs?: number;
  readonly worstMs?: number;
  /** From the first frame in which the vehicle was seen. */
  readonly sinceFirstSeenMedianMs?: number;
  readonly sinceFirstSeenWorstMs?: number;
  /** Medians of each part of the way; they need not add up to the median of the whole. */
  readonly partMedianMs?: {
    readonly captureToMatch: number;
    readonly matchToCommit: number;
    readonly commitToPublish: number;
    readonly publishToAcknowledgement: number;
  };
}

const KEPT = 1_000;

/** What the statement of a hit says of its times; those beside `capturedAt` are told in milliseconds from it. */
interface HitText {
  readonly late?: boolean;
  readonly matchedAt: string;
  readonly committedAt: string;
  readonly read: { readonly capturedAt: string; readonly firstSeenMs?: number };
}

/**
 * The times that the statement of a hit tells.
 * @returns undefined for a late hit, which is as old as its read: it says nothing of the way.
 */
export function hitTimesOf(text: string): Omit<HitTimes, 'publishedAtMs' | 'acknowledgedAtMs'> | undefined {
  const { late, matchedAt, committedAt, read } = JSON.parse(text) as HitText;
  if (late) return undefined;
  const capturedAtMs = Date.parse(read.capturedAt);
  return {
    capturedAtMs,
    firstSeenAtMs: capturedAtMs + (read.firstSeenMs ?? 0),
    matchedAtMs: Date.parse(matchedAt),
    committedAtMs: Date.parse(committedAt),
  };
}

export class HitLatencies {
  readonly #times: HitTimes[] = [];

  add(times: HitTimes): void {
    this.#times.push(times);
    if (this.#times.length > KEPT) this.#times.shift();
  }

  summary(): HitLatency {
    const count = this.#times.length;
    if (count === 0) return { count };
    const between = (from: keyof HitTimes, to: keyof HitTimes) =>
      this.#times.map((times) => times[to] - times[from]).sort((a, b) => a - b);
    const median = (from: keyof HitTimes, to: keyof HitTimes) =>
      between(from, to)[Math.floor((count - 1) / 2)] as number;
    const worst = (from: keyof HitTimes, to: keyof HitTimes) => between(from, to).at(-1) as number;
    return {
      count,
      medianMs: median('capturedAtMs', 'acknowledgedAtMs'),
      worstMs: worst('capturedAtMs', 'acknowledgedAtMs'),
      sinceFirstSeenMedianMs: median('firstSeenAtMs', 'acknowledgedAtMs'),
      sinceFirstSeenWorstMs: worst('firstSeenAtMs', 'acknowledgedAtMs'),
      partMedianMs: {
        captureToMatch: median('capturedAtMs', 'matchedAtMs'),
        matchToCommit: median('matchedAtMs', 'committedAtMs'),
        commitToPublish: median('committedAtMs', 'publishedAtMs'),
        publishToAcknowledgement: median('publishedAtMs', 'acknowledgedAtMs'),
      },
    };
  }
}
