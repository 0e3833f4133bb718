import { LANE_NAMES, type Lane, type OutboxItem } from '../domain/outbox.js';
import { HitLatencies, type HitLatency, hitTimesOf } from './latency.js';

export interface TallySnapshot {
  /** Items, since the start. */
  readonly acknowledged: Readonly<Record<Lane, number>>;
  /** Items sent again because their connection was lost before the answer, since the start. */
  readonly resent: number;
  readonly hitLatency: HitLatency;
}

/** Some connections' worth of what was on its way. */
const MOST_LOST = 10_000;

/** Counts what the broker has taken, and what had to be sent again. */
export class Tally {
  readonly #acknowledged = Object.fromEntries(LANE_NAMES.map((lane) => [lane, 0])) as Record<Lane, number>;
  readonly #latencies = new HitLatencies();
  /** Items that were sent and came back without an answer. */
  readonly #lostIds = new Set<number>();
  #resent = 0;

  sent(items: readonly OutboxItem[]): void {
    if (this.#lostIds.size === 0) return;
    for (const { id } of items) if (this.#lostIds.delete(id)) this.#resent++;
  }

  lost({ id }: OutboxItem): void {
    this.#lostIds.add(id);
    // What was dropped, or replaced by a newer report, does not come again.
    const [oldest] = this.#lostIds;
    if (this.#lostIds.size > MOST_LOST && oldest !== undefined) this.#lostIds.delete(oldest);
  }

  /** @param publishedAtMs, acknowledgedAtMs UTC. */
  acknowledged({ lane, message }: OutboxItem, publishedAtMs: number, acknowledgedAtMs: number): void {
    this.#acknowledged[lane]++;
    if (message.kind !== 'hit') return;
    const times = hitTimesOf(message.text);
    if (times !== undefined) this.#latencies.add({ ...times, publishedAtMs, acknowledgedAtMs });
  }

  snapshot(): TallySnapshot {
    return {
      acknowledged: { ...this.#acknowledged },
      resent: this.#resent,
      hitLatency: this.#latencies.summary(),
    };
  }
}
