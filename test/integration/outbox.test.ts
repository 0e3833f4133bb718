import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configSchema } from '../../src/config/schema.js';
import type { Lane, OutboxItem } from '../../src/domain/outbox.js';
import { openDatabase, type SqliteDatabase } from '../../src/lib/sqlite.js';
import { enqueue } from '../../src/store/enqueue.js';
import { STORE_MIGRATIONS } from '../../src/store/migrations.js';
import { SqliteOutbox } from '../../src/store/outbox.js';
import { Ledger } from '../../src/uplink/ledger.js';
import { Meter } from '../../src/uplink/meter.js';
import { notaryOf } from '../support/notary.js';
import { keyIn } from '../support/storage-key.js';

/** The outbox by itself, over a database that may be replaced under it. */

const HOUR_MS = 3_600_000;

let folder: string;
let database: SqliteDatabase;
let outbox: SqliteOutbox;
const opened: SqliteDatabase[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'anprd-outbox-'));
  database = open('one');
  outbox = new SqliteOutbox({ run: (work) => work(database) });
});
afterEach(() => {
  for (const one of opened.splice(0)) one.close();
  rmSync(folder, { recursive: true, force: true });
});

function open(name: string): SqliteDatabase {
  const made = openDatabase(join(folder, `${name}.db`), STORE_MIGRATIONS, { key: keyIn(folder) });
  opened.push(made);
  return made;
}

/** Texts stand for whatever a lane carries. */
function put(lane: Lane, text: string, id?: number): void {
  const writing = { database, notary: notaryOf(), nowMs: 1, believedAtMs: 1 };
  const was = id === undefined ? {} : { was: { id, queuedAtMs: 1 } };
  enqueue(writing, { lane, health: { id: text, atMs: 1, text }, bytes: text.length, ...was });
}

const textsOf = (items: readonly OutboxItem[]) =>
  items.map(({ message }) => (message.kind === 'image' ? '' : message.text));
const idsOf = (items: readonly OutboxItem[]) => items.map(({ id }) => id);

describe('a lease', () => {
  it('takes lane after lane, and of those that are asked for alone', () => {
    put('health', 'state');
    put('reads', 'read');
    put('hits', 'hit');
    expect(textsOf(outbox.lease(9, ['health', 'hits']))).toEqual(['hit', 'state']);
    expect(textsOf(outbox.lease(9))).toEqual(['read']);
    expect(outbox.lease(9)).toEqual([]);
  });

  it('takes what was given back first, in its old order', () => {
    for (const text of ['a', 'b', 'c', 'd', 'e']) put('reads', text);
    const [a, b, c, d] = outbox.lease(4);
    outbox.ack(idsOf([b as OutboxItem]));
    outbox.release(idsOf([d, a, c] as OutboxItem[]));
    expect(textsOf(outbox.lease(2))).toEqual(['a', 'c']);
    expect(textsOf(outbox.lease(2))).toEqual(['d', 'e']);
  });

  it('passes over what was given back and has been dropped since', () => {
    for (const text of ['a', 'b', 'c']) put('reads', text);
    outbox.release(idsOf(outbox.lease(2)));
    database.exec('DELETE FROM outbox WHERE id = 1');
    expect(textsOf(outbox.lease(2))).toEqual(['b', 'c']);
  });

  it('finds what comes in before the end of a lane when it is told to look again', () => {
    put('reads', 'b', 20);
    put('reads', 'd', 40);
    const [b] = outbox.lease(1);
    put('reads', 'a', 10);
    put('reads', 'c', 30);
    outbox.rescan();
    expect(textsOf(outbox.lease(9))).toEqual(['a', 'c', 'd']);
    outbox.release(idsOf([b as OutboxItem]));
    expect(textsOf(outbox.lease(9))).toEqual(['b']);
  });

  it('takes nothing twice of what was given back after that', () => {
    for (const text of ['a', 'b', 'c']) put('reads', text);
    const leased = outbox.lease(3);
    outbox.rescan();
    outbox.release(idsOf(leased));
    expect(textsOf(outbox.lease(9))).toEqual(['a', 'b', 'c']);
  });
});

describe('the count of a metered link', () => {
  it('holds two hours that are noted together', () => {
    const load = (hour: number) => outbox.metered(hour);
    const meter = new Meter({ config: configSchema.parse({}).mqtt.metering, load });
    const ledger = new Ledger(outbox, meter);
    meter.advance(10 * HOUR_MS, 0);
    meter.charge('reads', 100);
    meter.advance(11 * HOUR_MS, HOUR_MS);
    meter.charge('reads', 7);
    ledger.note();
    expect(outbox.metered(10).bytes.reads).toBe(100);
    expect(outbox.metered(11).bytes.reads).toBe(7);
  });
});

describe('an hour of a metered link', () => {
  const hourOf = (hour: number, reads: number) => ({
    hour,
    bytes: { hits: 0, reads, 'hit-images': 0, 'read-images': 0, health: 0 },
  });
  const counted = () =>
    database.prepare('SELECT DISTINCT hour FROM meter ORDER BY hour').pluck().all() as number[];

  it('that comes again after the clock was wrong for a while goes on with what was counted in it', () => {
    outbox.ack([], hourOf(500_000, 100));
    for (let wrong = 0; wrong < 20; wrong++) outbox.ack([], hourOf(wrong, 7));
    const load = (hour: number) => outbox.metered(hour);
    const meter = new Meter({ config: configSchema.parse({}).mqtt.metering, load });
    meter.advance(500_000 * HOUR_MS, 0);
    expect(meter.snapshot(true).spentBytes.reads).toBe(100);
  });

  it('is one of a day that are kept, those of a clock far off going first', () => {
    outbox.ack([], hourOf(10, 1));
    for (let hour = 500_000; hour < 500_040; hour++) outbox.ack([], hourOf(hour, 1));
    expect(counted()).toHaveLength(24);
    expect(counted()[0]).toBe(500_016);
  });
});

describe('a database that takes the place of another', () => {
  it('has its items leased, and loses none to an acknowledgement that was meant for the other', () => {
    put('reads', 'old');
    const old = outbox.lease(1);
    database = open('two');
    put('reads', 'new');
    outbox.ack(idsOf(old));
    expect(outbox.waiting().reads.items).toBe(1);
    const fresh = outbox.lease(1);
    expect(textsOf(fresh)).toEqual(['new']);
    outbox.release(idsOf(old));
    expect(outbox.lease(1)).toEqual([]);
    outbox.ack(idsOf(fresh));
    expect(outbox.waiting().reads).toEqual({ items: 0, bytes: 0 });
  });
});
