import { LANE_NAMES, type Lane } from '../../src/domain/outbox.js';

/** What waits in a lane: what it is, and of which record or report. */
export interface Expected {
  readonly lane: Lane;
  readonly of: string;
  readonly kind: string;
}

interface Picture {
  revision: number;
  isQueued: boolean;
}

interface ModelRecord {
  readonly id: string;
  isHit: boolean;
  isClosed: boolean;
  readonly pictures: { 'plate-patch'?: Picture; overview?: Picture };
}

/**
 * What an outbox should hold, as plain lists: the store's promises without its ways of keeping them.
 * Leases are marked beside what waits, and forgotten when the process ends.
 */
export class OutboxModel {
  readonly #records = new Map<string, ModelRecord>();
  readonly #lanes: Record<Lane, Expected[]> = {
    hits: [],
    reads: [],
    'hit-images': [],
    'read-images': [],
    health: [],
  };
  readonly #leased = new Set<Expected>();
  /** Statements so far. */
  statements = 0;

  /** A report of a passage: its first, or the one that closes it. */
  report(id: string, report: { phase: 'settled' | 'closed'; isHit: boolean; pictures: boolean }): void {
    const known = this.#records.get(id);
    const record = known ?? { id, isHit: false, isClosed: false, pictures: {} };
    this.#records.set(id, record);
    if (report.pictures) {
      for (const kind of ['plate-patch', 'overview'] as const) {
        record.pictures[kind] = { revision: (record.pictures[kind]?.revision ?? 0) + 1, isQueued: false };
      }
    }
    if (report.isHit) this.#hit(record);
    if (report.phase === 'closed') this.#close(record);
    else this.#queuePictures(record);
  }

  lateHit(id: string): void {
    const record = this.#records.get(id) as ModelRecord;
    if (!record.isHit) {
      for (const picture of Object.values(record.pictures)) picture.isQueued = false;
    }
    this.#hit(record);
    this.#queuePictures(record);
  }

  health(id: string): void {
    this.#remove('health', (item) => !this.#leased.has(item));
    this.#put('health', id, 'health');
  }

  /** The process has ended, one way or the other, and begins again. */
  restart(): void {
    this.#leased.clear();
    for (const record of this.#records.values()) if (!record.isClosed) this.#close(record);
  }

  lease(limit: number, lanes: readonly Lane[]): Expected[] {
    const free = LANE_NAMES.filter((lane) => lanes.includes(lane)).flatMap((lane) =>
      this.#lanes[lane].filter((item) => !this.#leased.has(item)),
    );
    const items = free.slice(0, limit);
    for (const item of items) this.#leased.add(item);
    return items;
  }

  release(item: Expected): void {
    this.#leased.delete(item);
  }

  acknowledge(item: Expected): void {
    this.#leased.delete(item);
    this.#remove(item.lane, (waiting) => waiting === item);
  }

  waiting(): Record<Lane, number> {
    const { hits, reads, health } = this.#lanes;
    return {
      hits: hits.length,
      reads: reads.length,
      'hit-images': this.#lanes['hit-images'].length,
      'read-images': this.#lanes['read-images'].length,
      health: health.length,
    };
  }

  #hit(record: ModelRecord): void {
    record.isHit = true;
    this.statements++;
    this.#put('hits', record.id, 'hit');
  }

  #close(record: ModelRecord): void {
    record.isClosed = true;
    this.statements++;
    this.#put('reads', record.id, 'read');
    this.#queuePictures(record);
  }

  #queuePictures(record: ModelRecord): void {
    if (!record.isHit && !record.isClosed) return;
    for (const kind of ['plate-patch', 'overview'] as const) {
      const picture = record.pictures[kind];
      if (picture === undefined || picture.isQueued) continue;
      picture.isQueued = true;
      const isEarlier = (item: Expected) => item.of === record.id && item.kind.startsWith(kind);
      this.#remove('hit-images', isEarlier);
      this.#remove('read-images', isEarlier);
      this.#put(record.isHit ? 'hit-images' : 'read-images', record.id, `${kind} ${picture.revision}`);
    }
  }

  #put(lane: Lane, of: string, kind: string): void {
    this.#lanes[lane].push({ lane, of, kind });
  }

  #remove(lane: Lane, which: (item: Expected) => boolean): void {
    this.#lanes[lane] = this.#lanes[lane].filter((item) => !which(item));
  }
}
