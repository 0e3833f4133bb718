import { once } from 'node:events';
import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { OutboxItem } from '../../src/domain/outbox.js';
import { openDatabase } from '../../src/lib/sqlite.js';
import { createStorageKey, loadStorageKey } from '../../src/lib/storage-key.js';
import { STORE_MIGRATIONS } from '../../src/store/migrations.js';
import type { RecordStore, StoreSnapshot } from '../../src/store/record-store.js';
import { type Sources, stripSources } from '../support/child.js';
import { ManualClock } from '../support/manual-clock.js';
import { recordStoreIn, storeConfigOf } from '../support/record-stores.js';
import { repeatable } from '../support/repeatable.js';
import { matchOf, passageOf } from '../support/reports.js';
import { keyFileIn, keyIn } from '../support/storage-key.js';

/**
 * The record store on a file that is damaged: bytes are overwritten in a real encrypted database, which then has to
 * come up, with everything that can be read and nothing that is wrong.
 */
const CLOCK_QUALITY = { source: 'ntp', offsetMs: 2 } as const;
const PAGE = 4_096;

let folder: string;
let path: string;
let clock: ManualClock;
let sources: Sources;
const stores: RecordStore[] = [];

beforeAll(() => {
  sources = stripSources();
});
afterAll(() => sources.remove());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'anprd-damage-'));
  path = join(folder, 'records.db');
  clock = new ManualClock();
});
afterEach(async () => {
  for (const store of stores.splice(0)) await store.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function started(): Promise<RecordStore> {
  const store = recordStoreIn(folder, { clock });
  stores.push(store);
  await store.start();
  return store;
}

async function stop(store: RecordStore): Promise<void> {
  stores.splice(stores.indexOf(store), 1);
  await store.stop();
}

/** Commits this many passages, every third with a hit; gives the texts that wait, by the id of what they say. */
function fill(store: RecordStore, passages: number): Map<string, string> {
  for (let index = 0; index < passages; index++) {
    const vrm = `AB${String(index % 100).padStart(2, '0')}CDE`;
    const match = index % 3 === 0 ? { match: matchOf(vrm, 'stolen') } : {};
    store.commit({ passage: passageOf(vrm), clock: CLOCK_QUALITY, ...match });
  }
  return textsOf(waiting(store));
}

/** What waits, without taking it away. */
function waiting(store: RecordStore): readonly OutboxItem[] {
  const items = store.outbox.lease(100_000);
  store.outbox.release(items.map(({ id }) => id));
  return items;
}

function textsOf(items: readonly OutboxItem[]): Map<string, string> {
  const texts = new Map<string, string>();
  for (const { message } of items) {
    if (message.kind !== 'image') texts.set(`${message.kind} ${message.id}`, message.text);
  }
  return texts;
}

async function salvaged(store: RecordStore): Promise<NonNullable<StoreSnapshot['damage']>> {
  for (;;) {
    const { damage } = store.snapshot();
    if (damage !== undefined && !damage.isSalvaging) return damage;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function overwrite(at: number, bytes: Uint8Array, file = path): void {
  const handle = openSync(file, 'r+');
  writeSync(handle, bytes, 0, bytes.length, at);
  closeSync(handle);
}

const asides = () => readdirSync(folder).filter((name) => /\.damaged-\d+$/.test(name));

/** What a statement says, without where it stands in its chain. */
function unsealed(text: string): unknown {
  const { evidence, ...said } = JSON.parse(text);
  return said;
}

/** Without what belongs to it and may be lost apart from it. */
function comparable(text: string): unknown {
  const { evidence, images, hits, ...said } = JSON.parse(text);
  return said;
}

/** Numbers of the pages of tables or indexes, from 1. */
function pagesOf(...names: string[]): number[] {
  const database = openDatabase(path, STORE_MIGRATIONS, { key: keyIn(folder), readonly: true });
  try {
    const sql = `SELECT pageno FROM dbstat WHERE name IN (${names.map(() => '?').join(', ')})`;
    return database
      .prepare(sql)
      .pluck()
      .all(...names) as number[];
  } finally {
    database.close();
  }
}

/** The files of a store as they were, again. */
function restore(files: ReadonlyMap<string, Buffer>): void {
  for (const name of readdirSync(folder)) if (name.startsWith('records.db')) rmSync(join(folder, name));
  for (const [name, content] of files) writeFileSync(join(folder, name), content);
}

function filesOf(): Map<string, Buffer> {
  const names = readdirSync(folder).filter((name) => name.startsWith('records.db'));
  return new Map(names.map((name) => [name, readFileSync(join(folder, name))]));
}

/** What each id said, and how often it waits. */
async function afterwards(): Promise<{ store: RecordStore; after: Map<string, string>; told: number }> {
  const store = await started();
  // Whoever reads meets the damage, if the start has not.
  for (let look = 0; look < 3; look++) waiting(store);
  store.commit({ passage: passageOf('XY99ZZZ'), clock: CLOCK_QUALITY });
  if (store.snapshot().damage !== undefined) await salvaged(store);
  const items = waiting(store);
  const after = textsOf(items);
  const texts = items.filter(({ message }) => message.kind !== 'image');
  expect(texts.length, 'an id waits twice').toBe(after.size);
  return { store, after, told: store.snapshot().losses.reduce((sum, { count }) => sum + count, 0) };
}

describe('a file under another key', () => {
  it.each([
    ['whole', () => undefined],
    ['damaged', () => overwrite(0, Buffer.alloc(PAGE))],
    ['without a page', () => truncateSync(path, 100)],
  ])('is never set aside, and left as it is: %s', async (_state, damage) => {
    const first = await started();
    fill(first, 5);
    await stop(first);
    damage();
    const before = filesOf();
    createStorageKey(join(folder, 'other.key'));
    const other = recordStoreIn(folder, {
      clock,
      key: loadStorageKey({ keyFile: join(folder, 'other.key') }),
    });
    await expect(other.start()).rejects.toMatchObject({ code: 'store.key-wrong' });
    await other.stop();
    expect(filesOf()).toEqual(before);
  });

  it('is told from a damaged one by its pages, where it comes from a version that left no witness', async () => {
    const first = await started();
    const texts = fill(first, 20);
    await stop(first);
    rmSync(`${path}.witness`);
    overwrite(5 * PAGE, Buffer.alloc(PAGE));
    const { after } = await afterwards();
    expect(after.size).toBeGreaterThan(texts.size / 2);
    await stop(stores[0] as RecordStore);
    rmSync(`${path}.witness`);
    overwrite(0, Buffer.alloc(PAGE));
    expect((await started()).snapshot().damage).toMatchObject({
      setAside: expect.stringContaining('damaged-'),
    });
  });
});

describe('a file with damage in it', () => {
  it('comes up with every hit, whichever page was hit: what one page lost, another still says', async () => {
    const first = await started();
    const before = fill(first, 60);
    await stop(first);
    const whole = filesOf();
    const random = repeatable(5);
    const size = whole.get('records.db')?.length ?? 0;
    let kept = 0;
    for (let round = 0; round < 50; round++) {
      restore(whole);
      const at = Math.floor(random() * (size - 8));
      overwrite(at, Buffer.from('damaged!'));
      const { store, after, told } = await afterwards();
      for (const [id, text] of before) {
        const now = after.get(id);
        // As it was, or sealed anew because its text was lost: never another content.
        if (now !== undefined) expect(unsealed(now), `round ${round}`).toEqual(unsealed(text));
        else expect(told, `round ${round}: ${id} is gone, and nothing says so`).toBeGreaterThan(0);
        if (now === text) kept++;
      }
      const hits = [...before.keys()].filter((id) => id.startsWith('hit'));
      expect(
        hits.filter((id) => !after.has(id)),
        `round ${round} at ${at}`,
      ).toEqual([]);
      await stop(store);
    }
    expect(kept).toBeGreaterThan(0.95 * 50 * before.size);
  }, 300_000);

  it('comes up where much of it is gone, says nothing wrong, and counts what does not wait any more', async () => {
    const first = await started();
    const before = fill(first, 60);
    await stop(first);
    const whole = filesOf();
    const random = repeatable(6);
    const size = whole.get('records.db')?.length ?? 0;
    for (let round = 0; round < 25; round++) {
      restore(whole);
      for (let piece = 0; piece < 2 ** (round % 6); piece++) {
        overwrite(
          Math.floor((random() * size) / PAGE) * PAGE,
          Buffer.alloc(PAGE, Math.floor(random() * 256)),
        );
      }
      const { store, after, told } = await afterwards();
      const { damage } = store.snapshot();
      for (const [id, text] of before) {
        const now = after.get(id);
        if (now !== undefined) expect(comparable(now), `round ${round}`).toEqual(comparable(text));
        // By lane, where the table of totals can be read; by table in any case.
        else
          expect(Object.keys(damage?.lost ?? {}).length + told, `round ${round}: ${id}`).toBeGreaterThan(0);
      }
      await stop(store);
    }
  }, 300_000);

  it('is kept beside the new one, byte for byte, and so are the pages of its schema that were mended', async () => {
    const first = await started();
    fill(first, 20);
    await stop(first);
    overwrite(0, Buffer.alloc(PAGE, 1));
    const content = readFileSync(path);
    await salvaged(await started());
    const aside = readFileSync(`${path}.damaged-1`);
    expect(aside.subarray(PAGE).equals(content.subarray(PAGE))).toBe(true);
    expect(readFileSync(`${path}.damaged-1.pages`).equals(content.subarray(0, PAGE))).toBe(true);
  });

  it('is replaced while it is in use, its log with it, and the work that met the damage is done', async () => {
    const first = await started();
    const before = fill(first, 40);
    const pages = pagesOf('images');
    await stop(first);
    const store = await started();
    store.commit({ passage: passageOf('AA11AAA'), clock: CLOCK_QUALITY });
    const { size } = statSync(`${path}-wal`);
    // Pages that it has not read yet: what is in memory is not looked at again.
    for (const page of pages.slice(5)) overwrite((page - 1) * PAGE + 100, Buffer.from('damaged!'));
    const after = textsOf(waiting(store));
    await salvaged(store);
    for (const [id, text] of before) expect(textsOf(waiting(store)).get(id)).toBe(text);
    expect(after.size).toBeLessThanOrEqual(before.size + 1);
    expect(statSync(`${path}.damaged-1-wal`).size).toBe(size);
  });

  it('which is damaged again while it is salvaged ends with everything in the third', async () => {
    const first = await started();
    const before = fill(first, 200);
    await stop(first);
    for (const page of pagesOf('outbox_by_lane')) overwrite((page - 1) * PAGE + 100, Buffer.from('damaged!'));
    const second = await started();
    waiting(second);
    while ((second.snapshot().damage?.salvaged.records ?? 0) < 50)
      await new Promise((next) => setImmediate(next));
    expect(second.snapshot().damage?.isSalvaging).toBe(true);
    await stop(second);
    for (const page of pagesOf('outbox_by_lane')) overwrite((page - 1) * PAGE + 100, Buffer.from('damaged!'));
    const { store, after } = await afterwards();
    while (store.snapshot().damage?.isSalvaging) await new Promise((next) => setImmediate(next));
    for (const [id, text] of before) expect(after.get(id) ?? textsOf(waiting(store)).get(id)).toBe(text);
    expect(asides()).toEqual(['records.db.damaged-1', 'records.db.damaged-2']);
  });

  const damages: Record<string, (whole: Buffer) => void> = {
    'its first page is gone': () => overwrite(0, Buffer.alloc(PAGE)),
    'one bit of its first page is turned': (content) =>
      overwrite(1_000, Buffer.of(content.readUInt8(1_000) ^ 1)),
    'its second half is cut off': (content) => truncateSync(path, Math.floor(content.length / 2)),
    'it is cut within a page': (content) => truncateSync(path, content.length - 1_000),
    'it is cut to nothing': () => truncateSync(path),
    'it is replaced by a text': () => writeFileSync(path, 'to whom it may concern\n'),
    'it is replaced by zeros': (content) => writeFileSync(path, Buffer.alloc(content.length)),
  };
  it.each(Object.keys(damages))(
    'begins another chain, whose statements are numbered from 1: %s',
    async (damage) => {
      const first = await started();
      const before = fill(first, 30);
      const head = first.head();
      await stop(first);
      damages[damage]?.(readFileSync(path));
      const { store, after } = await afterwards();
      expect(store.head().chain).not.toBe(head.chain);
      expect(store.snapshot().damage).toMatchObject({ setAside: `${path}.damaged-1`, isSalvaging: false });
      const isPartlyThere = /page|half/.test(damage);
      if (isPartlyThere) expect(after.size).toBeGreaterThan(before.size / 4);
      for (const [id, text] of after) {
        const { evidence } = JSON.parse(text);
        if (before.get(id) === text) expect(evidence.chain).toBe(head.chain);
        else expect(evidence.chain).toBe(store.head().chain);
      }
      // And it is a store like any other: it is closed and opened again, and nothing is salvaged twice.
      await stop(store);
      const again = await started();
      expect(textsOf(waiting(again))).toEqual(after);
      expect(asides()).toEqual(['records.db.damaged-1']);
    },
  );

  it('keeps what only its log holds, where the database itself was cut to nothing', async () => {
    const first = await started();
    const before = fill(first, 10);
    const files = filesOf();
    await stop(first);
    restore(files);
    expect(files.get('records.db-wal')?.length).toBeGreaterThan(0);
    truncateSync(path);
    const { after } = await afterwards();
    for (const [id, text] of before) expect(after.get(id)).toBe(text);
  });

  it('is salvaged by whoever comes next, where the process is killed again and again in the middle of it', async () => {
    const first = await started();
    const before = fill(first, 400);
    await stop(first);
    for (const page of pagesOf('outbox_by_lane')) overwrite((page - 1) * PAGE + 100, Buffer.from('damaged!'));
    const [keyFile, config] = [keyFileIn(folder), storeConfigOf(folder)];
    for (let kill = 1; kill <= 5; kill++) {
      const child = sources.run(`
        import { systemClock } from './src/lib/clock.js';
        import { createLogger } from './src/lib/log.js';
        import { loadStorageKey } from './src/lib/storage-key.js';
        import { StoreFile } from './src/store/store-file.js';
        let slices = 0;
        const file = new StoreFile({
          path: ${JSON.stringify(config.path)},
          key: loadStorageKey({ keyFile: ${JSON.stringify(keyFile)} }),
          clock: systemClock,
          log: createLogger('silent'),
          onChange: ({ damage }) => {
            if (damage === undefined) return;
            if (!damage.isSalvaging || ++slices === ${3 + 7 * kill}) process.kill(process.pid, 'SIGKILL');
          },
        });
        file.open();
        for (;;) {
          file.run((database) => database.prepare('SELECT * FROM outbox INDEXED BY outbox_by_lane WHERE lane >= 0').all());
          await new Promise((resolve) => setImmediate(resolve));
        }`);
      const [, signal] = await once(child, 'exit');
      expect(signal).toBe('SIGKILL');
    }
    const { store, after } = await afterwards();
    for (const [id, text] of before) expect(after.get(id)).toBe(text);
    expect(store.snapshot().losses).toEqual([]);
    expect(store.snapshot().records).toBe(401);
    expect(asides()).toEqual(['records.db.damaged-1']);
  });

  it('gives each of its texts to a broker once, hits first, while it is still being salvaged', async () => {
    const first = await started();
    const before = fill(first, 200);
    await stop(first);
    for (const page of pagesOf('outbox_by_lane')) overwrite((page - 1) * PAGE + 100, Buffer.from('damaged!'));
    const store = await started();
    const taken: OutboxItem[] = [];
    const take = () => {
      const items = store.outbox.lease(7);
      taken.push(...items);
      store.outbox.ack(items.map(({ id }) => id));
      return items.length;
    };
    while (take() > 0 || store.snapshot().damage?.isSalvaging)
      await new Promise((next) => setImmediate(next));
    const texts = taken.filter(({ message }) => message.kind !== 'image');
    expect(texts).toHaveLength(before.size);
    expect(textsOf(texts)).toEqual(before);
    const lastHit = taken.findLastIndex(({ lane }) => lane === 'hits');
    expect(lastHit).toBeLessThan([...before.keys()].filter((id) => id.startsWith('hit')).length);
    expect(taken.filter(({ message }) => message.kind === 'image')).toHaveLength(2 * 200);
    // And what was acknowledged may be erased: nothing of it is left to wait.
    expect(store.snapshot().lanes.reads.items).toBe(0);
  });

  it.each([
    ['its log has been moved', ['-wal']],
    ['it has been moved as well', ['-wal', '']],
  ])('is replaced by the next start, where the power goes when %s', async (_state, moved) => {
    const first = await started();
    const before = fill(first, 30);
    const files = filesOf();
    await stop(first);
    restore(files);
    overwrite(0, Buffer.alloc(PAGE));
    truncateSync(path, 0);
    const damaged = filesOf();
    // As far as it came: the new one is whole, and bears its own name not yet.
    const second = await started();
    const { damage } = second.snapshot();
    expect(damage).toMatchObject({ isSalvaging: true });
    await stop(second);
    const now = filesOf();
    damaged.set('records.db.new', now.get('records.db') as Buffer);
    for (const part of ['', '-wal']) {
      damaged.delete(`records.db${part}`);
      const name = moved.includes(part) ? 'records.db.damaged-1' : 'records.db';
      damaged.set(name + part, now.get(`records.db.damaged-1${part}`) as Buffer);
    }
    restore(damaged);
    const { after } = await afterwards();
    for (const [id, text] of before) expect(after.get(id)).toBe(text);
    expect(asides()).toEqual(['records.db.damaged-1']);
  });

  it('of the version before there were statements has its texts sealed, where they can be read', async () => {
    const old = openDatabase(path, STORE_MIGRATIONS.slice(0, 2), { key: keyIn(folder) });
    const { platePatch, overviewImage, ...passage } = passageOf('AB12CDE');
    const insert = (table: string, ...values: unknown[]) =>
      old.prepare(`INSERT INTO ${table} VALUES (${values.map(() => '?').join(', ')})`).run(...values);
    const said = [JSON.stringify({ ...passage, cameraId: 'cam-1' }), '{"source":"unknown"}'];
    for (let index = 1; index <= 40; index++) {
      const id = `record-${String(index).padStart(3, '0')}`;
      insert('records', id, index, 'cam-1', 'closed', ...said, clock.nowMs(), 'AB12CDE');
      insert('images', id, 'overview', 1, 1, 8, 8, clock.nowMs(), Buffer.from(overviewImage?.jpeg ?? []));
      old.prepare('INSERT INTO outbox (lane, record_id, queued_at_ms) VALUES (1, ?, 1)').run(id);
      old
        .prepare(
          `INSERT INTO outbox (lane, record_id, image_kind, queued_at_ms) VALUES (3, ?, 'overview', 1)`,
        )
        .run(id);
    }
    const page = old
      .prepare(`SELECT min(pageno) FROM dbstat WHERE name = 'outbox_by_lane'`)
      .pluck()
      .get() as number;
    old.close();
    overwrite((page - 1) * PAGE + 100, Buffer.from('damaged!'));
    const { store, after } = await afterwards();
    expect(store.snapshot().damage).toBeDefined();
    expect([...after.keys()].filter((id) => id.startsWith('read record-'))).toHaveLength(40);
    expect(store.snapshot().lanes['read-images'].items).toBe(40 + 2);
    expect(store.snapshot().losses).toEqual([]);
  });

  it.each([
    ['is gone', (files: Map<string, Buffer>) => void files.delete('records.db-wal')],
    ['is damaged', (files: Map<string, Buffer>) => void files.get('records.db-wal')?.fill(1, 60_000, 60_100)],
  ])(
    'comes up as it was some commits ago where its log %s, and ends the chain of them',
    async (_what, damage) => {
      const first = await started();
      const before = fill(first, 10);
      await stop(first);
      const second = await started();
      fill(second, 10);
      const head = second.head();
      const files = filesOf();
      await stop(second);
      damage(files);
      restore(files);
      const { store, after } = await afterwards();
      for (const [id, text] of before) expect(after.get(id)).toBe(text);
      expect(after.size).toBeLessThan(before.size * 2);
      // Its later statements may have been sent: other ones under their numbers would be a fork.
      expect(store.head().chain).not.toBe(head.chain);
      expect(store.snapshot()).toMatchObject({ medium: 'file' });
      expect(asides()).toEqual([]);
    },
  );

  it('that is whole goes on with its chain: after a stop, after a kill, and with an empty log', async () => {
    const first = await started();
    fill(first, 3);
    const { chain } = first.head();
    await stop(first);
    const second = await started();
    fill(second, 3);
    const killed = filesOf();
    await stop(second);
    restore(killed);
    const third = await started();
    expect(third.head().chain).toBe(chain);
    await stop(third);
    killed.set('records.db-wal', Buffer.alloc(0));
    killed.set('records.db', readFileSync(path));
    restore(killed);
    expect((await started()).head().chain).toBe(chain);
  });

  it('of which the damaged page is an index loses nothing', async () => {
    const first = await started();
    const before = fill(first, 60);
    const pages = pagesOf(
      'outbox_by_lane',
      'records_held',
      'sqlite_autoindex_records_1',
      'statements_by_record',
    );
    await stop(first);
    expect(pages.length).toBeGreaterThan(3);
    for (const page of pages) overwrite((page - 1) * PAGE + 100, Buffer.from('damaged!'));
    const { after, store } = await afterwards();
    for (const [id, text] of before) expect(after.get(id)).toBe(text);
    expect(store.snapshot().losses).toEqual([]);
  });
});
