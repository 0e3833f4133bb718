import type { Lane } from '../../../src/domain/outbox.js';
import type { Committed } from './memory-store.js';

/** What the consumer has of an event. */
export interface Arrival {
  readonly source: string;
  readonly id: string;
  /** UTC, milliseconds: when it was committed there. */
  readonly receivedAtMs: number;
  readonly deliveries: number;
}

export interface LaneResult {
  readonly lane: Lane;
  readonly committed: number;
  readonly lost: number;
  /** From the commit on the device to the one at the centre, milliseconds; of what arrived. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** The same of what met no outage of its device on the way. */
  readonly soundP50Ms: number;
  readonly soundP99Ms: number;
}

export interface LedgerResult {
  readonly lanes: readonly LaneResult[];
  readonly committed: number;
  readonly lost: number;
  /** Of each unit that lost any, their ids. */
  readonly lostIds: Readonly<Record<string, readonly string[]>>;
  /** Deliveries beyond the first of an event. */
  readonly duplicated: number;
  /** Events that were taken in twice all the same: what de-duplication is there to prevent. */
  readonly takenTwice: number;
}

const LANES_SHOWN: readonly Lane[] = ['hits', 'reads', 'hit-images', 'read-images'];

/** Holds what devices committed against what the centre received; pure. */
export class FleetLedger {
  readonly #committed = new Map<string, Committed & { readonly unitId: string }>();
  /** By unit: spans without a connection, UTC milliseconds; the last may be open. */
  readonly #outages = new Map<string, { fromMs: number; untilMs: number }[]>();
  readonly #lastSoundMs = new Map<string, number>();

  get size(): number {
    return this.#committed.size;
  }

  committed(unitId: string, event: Committed): void {
    this.#committed.set(keyOf(`urn:anprd:${unitId}`, event.id), { ...event, unitId });
  }

  /** To be called often: an outage lasts from the last time that it was sound to the next. */
  observe(unitId: string, isConnected: boolean, nowMs: number): void {
    const outages = this.#outages.get(unitId) ?? [];
    this.#outages.set(unitId, outages);
    const last = outages.at(-1);
    if (isConnected) {
      this.#lastSoundMs.set(unitId, nowMs);
      if (last?.untilMs === Number.POSITIVE_INFINITY) last.untilMs = nowMs;
    } else if (last?.untilMs !== Number.POSITIVE_INFINITY) {
      outages.push({ fromMs: this.#lastSoundMs.get(unitId) ?? 0, untilMs: Number.POSITIVE_INFINITY });
    }
  }

  /** How many of these the devices committed: when it is all, nothing is on its way any more. */
  countArrived(arrivals: Iterable<Pick<Arrival, 'source' | 'id'>>): number {
    let count = 0;
    for (const { source, id } of arrivals) if (this.#committed.has(keyOf(source, id))) count++;
    return count;
  }

  /** @param arrivals each row that the consumer has. */
  settle(arrivals: readonly Arrival[]): LedgerResult {
    const received = new Map<string, Arrival>();
    let duplicated = 0;
    let takenTwice = 0;
    for (const arrival of arrivals) {
      const key = keyOf(arrival.source, arrival.id);
      duplicated += arrival.deliveries - 1;
      if (received.has(key)) takenTwice++;
      received.set(key, arrival);
    }
    const lanes = LANES_SHOWN.map((lane) => this.#laneResult(lane, received));
    const lostIds: Record<string, string[]> = {};
    for (const [key, { unitId, id }] of this.#committed) {
      if (!received.has(key)) lostIds[unitId] = [...(lostIds[unitId] ?? []), id];
    }
    const lost = Object.values(lostIds).flat().length;
    return { lanes, committed: this.#committed.size, lost, lostIds, duplicated, takenTwice };
  }

  #laneResult(lane: Lane, received: ReadonlyMap<string, Arrival>): LaneResult {
    const all: number[] = [];
    const sound: number[] = [];
    let committed = 0;
    for (const [key, event] of this.#committed) {
      if (event.lane !== lane) continue;
      committed++;
      const arrival = received.get(key);
      if (arrival === undefined) continue;
      const tookMs = arrival.receivedAtMs - event.atMs;
      all.push(tookMs);
      const outages = this.#outages.get(event.unitId) ?? [];
      const metOne = outages.some(
        ({ fromMs, untilMs }) => fromMs < arrival.receivedAtMs && untilMs > event.atMs,
      );
      if (!metOne) sound.push(tookMs);
    }
    return {
      lane,
      committed,
      lost: committed - all.length,
      p50Ms: percentile(all, 0.5),
      p99Ms: percentile(all, 0.99),
      soundP50Ms: percentile(sound, 0.5),
      soundP99Ms: percentile(sound, 0.99),
    };
  }
}

function keyOf(source: string, id: string): string {
  return `${source} ${id}`;
}

/** Not a number where there is nothing. */
function percentile(values: number[], share: number): number {
  values.sort((a, b) => a - b);
  return values[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN;
}
