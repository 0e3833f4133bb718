import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LANES, type Lane, type OutboxItem } from '../../src/domain/outbox.js';
import type { Passage } from '../../src/domain/passage.js';
import { createLogger } from '../../src/lib/log.js';
import { RecordStore } from '../../src/store/record-store.js';
import { ManualClock } from '../support/manual-clock.js';
import { repeatable } from '../support/repeatable.js';
import { matchOf, passageOf } from '../support/reports.js';
import { keyIn } from '../support/storage-key.js';

/**
 * Thousands of random steps - report, repeat, lease, acknowledge, release, restart - on the real
 * store and on a plain list that says what should be in the outbox. After each step both agree.
 */

const QUALITY = { source: 'unknown' } as const;
const SEEDS = [1, 2, 3];
const STEPS = 1_500;

interface Expected {
  readonly lane: Lane;
  readonly recordId: string;
  readonly kind: string;
}

/** What waits, in the order in which it was put in; leased items are marked beside it. */
class Model {
  waiting: Expected[] = [];
  leased: Expected[] = [];

  put(lane: Lane, recordId: string, kind: string): void {
    this.waiting.push({ lane, recordId, kind });
  }

  /** What a lease has to give: by lane, then by age, without what is leased. */
  next(limit: number): Expected[] {
    const free = this.waiting.filter((item) => !this.leased.includes(item));
    return free.sort((a, b) => LANES[a.lane] - LANES[b.lane]).slice(0, limit);
  }
}

function shown(item: OutboxItem): Expected {
  const { message, lane } = item;
  const recordId = message.kind === 'image' ? message.recordId : message.record.id;
  return { lane, recordId, kind: message.kind === 'image' ? message.imageKind : message.kind };
}

describe.each(SEEDS)('the outbox against a plain list, seed %i', (seed) => {
  it(`agrees over ${STEPS} random steps`, async () => {
    const random = repeatable(seed);
    const below = (limit: number) => Math.floor(random() * limit);
    const take = <T>(from: T[]): T | undefined => from.splice(below(from.length), 1)[0];
    const folder = mkdtempSync(join(tmpdir(), 'anprd-model-'));
    const config = { path: join(folder, 'records.db'), retentionDays: 7, mostMegabytes: 100 };
    const open = async () => {
      const made = new RecordStore({
        config,
        key: keyIn(folder),
        clock: new ManualClock(),
        log: createLogger('silent'),
      });
      await made.start();
      return made;
    };
    let store = await open();
    const model = new Model();
    const held: { item: OutboxItem; expected: Expected }[] = [];
    const inView: { passage: Passage; isHit: boolean }[] = [];
    const reported: Passage[] = [];
    let records = 0;
    let acknowledged = 0;

    const steps: Record<string, () => void | Promise<void>> = {
      settle() {
        const isHit = random() < 0.4;
        const passage = passageOf('AB12CDE', { phase: 'settled' });
        store.commit({ passage, clock: QUALITY, ...(isHit && { match: matchOf('AB12CDE', 'stolen') }) });
        records++;
        inView.push({ passage, isHit });
        reported.push(passage);
        if (!isHit) return;
        model.put('hits', passage.id, 'hit');
        model.put('hit-images', passage.id, 'plate-patch');
        model.put('hit-images', passage.id, 'overview');
      },
      close() {
        const open = take(inView);
        if (open === undefined) return;
        const passage: Passage = { ...open.passage, phase: 'closed' };
        store.commit({ passage, clock: QUALITY });
        reported.push(passage);
        expectClosed(open);
      },
      repeat() {
        const passage = reported[below(reported.length)];
        // A closed report of a vehicle still in view would be no repeat; those in the list are.
        if (passage !== undefined) store.commit({ passage, clock: QUALITY });
      },
      lease() {
        const limit = 1 + below(6);
        const expected = model.next(limit);
        const items = store.outbox.lease(limit);
        expect(items.map(shown)).toEqual(expected);
        items.forEach((item, index) => {
          held.push({ item, expected: expected[index] as Expected });
        });
        model.leased.push(...expected);
      },
      acknowledge() {
        const done = [take(held), take(held)].filter((one) => one !== undefined);
        store.outbox.ack(done.map(({ item }) => item.id));
        acknowledged += done.length;
        for (const { expected } of done) {
          model.waiting = model.waiting.filter((item) => item !== expected);
          model.leased = model.leased.filter((item) => item !== expected);
        }
      },
      release() {
        const back = take(held);
        if (back === undefined) return;
        store.outbox.release([back.item.id]);
        model.leased = model.leased.filter((item) => item !== back.expected);
      },
      async restart() {
        if (random() < 0.9) return;
        await store.stop();
        store = await open();
        held.length = 0;
        model.leased = [];
        // What was in view is completed, in the order in which it was reported.
        for (const open of inView.splice(0)) expectClosed(open);
      },
    };

    function expectClosed({ passage, isHit }: { passage: Passage; isHit: boolean }): void {
      model.put('reads', passage.id, 'read');
      if (isHit) return;
      model.put('read-images', passage.id, 'plate-patch');
      model.put('read-images', passage.id, 'overview');
    }

    const names = Object.keys(steps);
    for (let step = 0; step < STEPS; step++) {
      await steps[names[below(names.length)] as string]?.();
    }
    await store.stop();
    store = await open();
    for (const open of inView.splice(0)) expectClosed(open);
    model.leased = [];
    const rest = store.outbox.lease(100_000);
    expect(rest.map(shown)).toEqual(model.next(100_000));
    expect(store.snapshot().lastSequence).toBe(records);
    expect(acknowledged).toBeGreaterThan(STEPS / 20);
    await store.stop();
    rmSync(folder, { recursive: true, force: true });
  });
});
