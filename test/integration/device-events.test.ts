import { uuidv7 } from 'uuidv7';
import { describe, expect, it } from 'vitest';
import type { DeviceEvent } from '../../src/domain/device-event.js';
import type { SealedPosition } from '../../src/domain/position.js';
import { readStatement } from '../../src/evidence/received.js';
import { StreamVerifier } from '../../src/evidence/verify.js';
import { openDatabase } from '../../src/lib/sqlite.js';
import { STORE_MIGRATIONS } from '../../src/store/migrations.js';
import type { RecordStore } from '../../src/store/record-store.js';
import {
  afterwards,
  CLOCK_QUALITY,
  clock,
  folder,
  overwrite,
  PAGE,
  pagesOf,
  path,
  started,
  stop,
  textsOf,
  unsealed,
  waiting,
} from '../support/damaged-stores.js';
import { deviceKey, notaryOf } from '../support/notary.js';
import { recordStoreIn } from '../support/record-stores.js';
import { matchOf, passageOf } from '../support/reports.js';
import { idOf } from '../support/statements.js';
import { keyIn } from '../support/storage-key.js';

/** Events of the device and sealed positions, in the store: kept, sealed, sent and salvaged like what was there before. */

const DAY_MS = 86_400_000;

/** As long as a real one; the store never looks inside. */
const sealedOf = (name: string): SealedPosition => ({
  keyId: '0123456789abcdef',
  sealed: name.padEnd(256, 'x'),
});

function eventOf(number: number, changes: Partial<DeviceEvent> = {}): DeviceEvent {
  const atMs = clock.nowMs();
  return { id: idOf('event', number), kind: 'tamper-opened', atMs, clock: CLOCK_QUALITY, ...changes };
}

function acknowledgeAll(store: RecordStore): void {
  store.outbox.ack(store.outbox.lease(10_000).map(({ id }) => id));
}

const said = (store: RecordStore) => store.statements(0, 1_000).map(({ text }) => JSON.parse(text));

describe('an event', () => {
  it('goes to the broker with the hits, in the order of commits, in one chain with them', async () => {
    const store = await started();
    store.commit({ passage: passageOf('AB12CDE'), clock: CLOCK_QUALITY });
    store.commitEvent(eventOf(1));
    store.commit({
      passage: passageOf('CD34EFG'),
      match: matchOf('CD34EFG', 'stolen'),
      clock: CLOCK_QUALITY,
    });
    store.commitEvent(eventOf(2, { kind: 'hit-confirmed', hitId: idOf('hit', 1) }));
    const first = store.outbox.lease(3).map(({ message }) => message.kind);
    expect(first).toEqual(['event', 'hit', 'event']);

    const verifier = new StreamVerifier({ keys: [{ publicKey: deviceKey.publicKey }] });
    for (const { text } of store.statements(0, 99)) {
      const line = readStatement(text);
      if (line.kind === 'statement') verifier.add(line);
    }
    expect(verifier.verdicts()).toMatchObject([
      { breaks: 0, missing: 0, statements: { hit: 1, read: 2, event: 2, loss: 0 } },
    ]);
  });

  it('that is committed twice is one, also after a restart, and after the broker has it', async () => {
    const store = await started();
    store.commitEvent(eventOf(1));
    store.commitEvent(eventOf(1));
    await stop(store);
    const again = await started();
    again.commitEvent(eventOf(1));
    acknowledgeAll(again);
    again.commitEvent(eventOf(1));
    expect(waiting(again)).toEqual([]);
    expect(said(again)).toHaveLength(1);
  });

  it('waits for the broker over every budget, and when all records from before it have gone', async () => {
    const store = recordStoreIn(folder, { clock, config: { mostMegabytes: 0, retentionDays: 1 } });
    await store.start();
    store.commit({ passage: passageOf('AB12CDE'), clock: CLOCK_QUALITY });
    acknowledgeAll(store);
    store.commitEvent(eventOf(1));
    clock.advance(30 * DAY_MS);
    await store.sweep();
    expect(store.snapshot().records).toBe(0);
    expect([...textsOf(waiting(store)).keys()]).toEqual([`event ${idOf('event', 1)}`]);
    await store.stop();
  });

  it('is erased with the records from before it, once the broker has it', async () => {
    const store = await started();
    store.commit({ passage: passageOf('AB12CDE'), clock: CLOCK_QUALITY });
    store.commitEvent(eventOf(1));
    acknowledgeAll(store);
    await store.sweep();
    expect(said(store).map(({ type }) => type)).toEqual(['read', 'event']);
    clock.advance(60 * DAY_MS);
    await store.sweep();
    expect(said(store)).toEqual([]);
  });
});

describe('a sealed position', () => {
  const [early, late] = [sealedOf('early'), sealedOf('late')];
  const match = matchOf('AB12CDE', 'stolen');
  const settled = passageOf('AB12CDE', { phase: 'settled', id: uuidv7() });
  const closed = passageOf('AB12CDE', { id: settled.id });

  it('stands in the hit as it was then, and in the read as the closed report has it', async () => {
    const store = await started();
    const { record } = store.commit({ passage: settled, match, clock: CLOCK_QUALITY, position: early });
    expect(record.position).toEqual(early);
    store.commit({ passage: closed, match, clock: CLOCK_QUALITY, position: late });
    const [hit, read] = said(store);
    expect([hit.read.position, read.position]).toEqual([early, late]);
  });

  it('of the settled report stays where the closed one has none', async () => {
    const store = await started();
    store.commit({ passage: settled, clock: CLOCK_QUALITY, position: early });
    expect(store.commit({ passage: closed, clock: CLOCK_QUALITY }).record.position).toEqual(early);
    expect(said(store)[0].position).toEqual(early);
  });

  it('stays with a record that a dead process left open, and stands in its late hit', async () => {
    const store = await started();
    store.commit({ passage: settled, clock: CLOCK_QUALITY, position: early });
    await stop(store);
    const again = await started();
    again.commitLate(settled.id, match, clock.nowMs());
    expect(said(again).map(({ read, position }) => position ?? read.position)).toEqual([early, early]);
  });

  it('is not there where none was known', async () => {
    const store = await started();
    store.commit({ passage: closed, match, clock: CLOCK_QUALITY });
    const [hit, read] = said(store);
    expect(read).not.toHaveProperty('position');
    expect(hit.read).not.toHaveProperty('position');
  });
});

describe('a damaged file', () => {
  async function filled(): Promise<Map<string, string>> {
    const store = await started();
    for (let index = 0; index < 40; index++) {
      const vrm = `AB${index + 10}CDE`;
      const match = index % 4 === 0 ? { match: matchOf(vrm, 'stolen') } : {};
      const position = sealedOf(`place ${index}`);
      store.commit({ passage: passageOf(vrm), clock: CLOCK_QUALITY, position, ...match });
      if (index % 4 === 1) store.commitEvent(eventOf(index, { position }));
    }
    const texts = textsOf(waiting(store));
    await stop(store);
    return texts;
  }

  it('gives its events and positions back, byte for byte, where an index is damaged', async () => {
    const before = await filled();
    for (const page of pagesOf('outbox_by_lane', 'statements_of_events')) {
      overwrite((page - 1) * PAGE + 100, Buffer.from('damaged!'));
    }
    const { after } = await afterwards();
    for (const [id, text] of before) expect(after.get(id)).toBe(text);
  });

  it('whose texts are lost has hits and reads sealed anew with their positions, and tells the events', async () => {
    const before = await filled();
    for (const page of pagesOf('statements')) overwrite((page - 1) * PAGE, Buffer.alloc(PAGE, 'damaged!'));
    const { store, after } = await afterwards();
    const kept = [...before].filter(([id]) => !id.startsWith('event '));
    expect(kept.length).toBe(50);
    for (const [id, text] of kept) expect(unsealed(after.get(id) as string), id).toEqual(unsealed(text));
    const lost = store.snapshot().losses.find(({ lane }) => lane === 'hits');
    expect(lost?.count).toBe(10);
  });
});

describe('a file of the version before', () => {
  it('keeps its texts, their places and its numbers, and takes events', async () => {
    const before = STORE_MIGRATIONS.findIndex(({ name }) => name === 'events, sealed positions');
    const old = openDatabase(path, STORE_MIGRATIONS.slice(0, before), { key: keyIn(folder) });
    const chain = idOf('chain', 1);
    const insert = old.prepare(
      `INSERT INTO statements (id, chain_id, sequence, kind, subject_id, text) VALUES (?, 1, ?, 'loss', ?, ?)`,
    );
    old.prepare(`INSERT INTO chains VALUES (1, ?, 3, ?)`).run(chain, 'd'.repeat(43));
    for (const sequence of [1, 2, 3]) {
      const id = idOf('loss', sequence);
      const source = { kind: 'loss', id, losses: [], committedAtMs: 0 } as const;
      const { text } = notaryOf().seal(source, { chain, sequence: sequence - 1, digest: '' });
      insert.run(sequence + 10, sequence, id, text);
    }
    old
      .prepare(`INSERT INTO outbox (lane, statement_id, bytes, queued_at_ms, believed_at_ms)
      VALUES (4, 12, 1, 1, 1)`)
      .run();
    // The last number that was given is above all that are left.
    old.prepare('DELETE FROM statements WHERE id = 13').run();
    old.close();

    const store = await started();
    expect([...textsOf(waiting(store)).keys()]).toEqual([`loss ${idOf('loss', 2)}`]);
    store.commitEvent(eventOf(1));
    expect(store.statements(0, 9).map(({ position, sequence, kind }) => [position, sequence, kind])).toEqual([
      [11, 1, 'loss'],
      [12, 2, 'loss'],
      [14, 4, 'event'],
    ]);
  });
});
