import { once } from 'node:events';
import { rmSync, statSync, truncateSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OutboxItem } from '../../src/domain/outbox.js';
import { openDamaged, openDatabase, openMemory } from '../../src/lib/sqlite.js';
import { STORE_MIGRATIONS } from '../../src/store/migrations.js';
import { SALVAGES, Salvage, type SalvageRow } from '../../src/store/salvage.js';
import { seed } from '../../src/store/takeover.js';
import { type Sources, stripSources } from '../support/child.js';
import {
  afterwards,
  asides,
  CLOCK_QUALITY,
  clock,
  filesOf,
  fill,
  folder,
  overwrite,
  PAGE,
  pagesOf,
  path,
  restore,
  salvaged,
  started,
  stop,
  textsOf,
  waiting,
} from '../support/damaged-stores.js';
import { storeConfigOf } from '../support/record-stores.js';
import { passageOf } from '../support/reports.js';
import { keyFileIn, keyIn } from '../support/storage-key.js';

/** What a damaged file still shows, on its way into the one that took its place. */
let sources: Sources;

beforeAll(() => {
  sources = stripSources();
});
afterAll(() => sources.remove());

describe('a file that is salvaged', () => {
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

  it('does not end the process where its folder goes away meanwhile', async () => {
    const first = await started();
    fill(first, 200);
    await stop(first);
    for (const page of pagesOf('outbox_by_lane')) overwrite((page - 1) * PAGE + 100, Buffer.from('damaged!'));
    const store = await started();
    waiting(store);
    expect(store.snapshot().damage?.isSalvaging).toBe(true);
    rmSync(folder, { recursive: true });
    for (let turn = 0; turn < 20; turn++) await new Promise((next) => setImmediate(next));
    store.commit({ passage: passageOf('AA11AAA'), clock: CLOCK_QUALITY });
    expect(textsOf(waiting(store)).size).toBeGreaterThan(0);
  });

  it('gives what waited once, whoever goes on with it after any step', async () => {
    const first = await started();
    fill(first, 20);
    const waited = waiting(first).length;
    await stop(first);
    const source = openDamaged(path, keyIn(folder));
    const target = openMemory(STORE_MIGRATIONS, 100_000_000);
    seed(target, clock.nowMs(), 0);
    target.exec(
      `INSERT INTO salvages (source, at_ms, pass, batches, is_done, salvaged, lost) VALUES ('', 0, '', 0, 0, '{}', '{}')`,
    );
    const next = () => new Salvage(source, target, target.prepare(SALVAGES).get() as SalvageRow);
    let sent = 0;
    const send = () => {
      sent += target.prepare('DELETE FROM outbox').run().changes;
    };
    for (let step = 0; step < 100; step++) {
      next().step(() => true);
      send();
    }
    const last = next();
    while (last.step(() => true)) send();
    expect(sent).toBe(waited);
    source.close();
    target.close();
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
