import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Sources, stripSources } from '../support/child.js';
import { decrypted } from '../support/decrypted.js';
import { deletedFiles, finds, type RawFile, rawFiles, spellings } from '../support/raw-files.js';
import { storeConfigOf } from '../support/record-stores.js';
import { matchOf, passageOf } from '../support/reports.js';
import { keyFileIn, keyIn } from '../support/storage-key.js';

/**
 * Whoever steals the card of a device finds no mark on it: not in the databases, not in what SQLite
 * keeps beside them, not in files that it has deleted, whether the device runs, has stopped, or lost
 * its power in the middle of a transaction.
 */

const READ = 'KV21XRT';
const LISTED = 'HJ69PWC';
const HALF_LISTED = 'ZB70MNK';
const HALF_WRITTEN = 'YD18LFS';
const SORTED = 'WX19GHB';
/** The beginning of a picture, ten bytes that stand in no noise. */
const JPEG = [0xff, 0xd8, 0xff, 0xe0, 0x00, 0x10, 0x4a, 0x46, 0x49, 0x46];

const TEXTS = [
  ...[READ, LISTED, HALF_LISTED, HALF_WRITTEN, SORTED],
  ...['SQLite format 3', 'CREATE TABLE', 'counters', 'match_key', 'matchKey', 'plate-patch', 'Test Force'],
];
const NEEDLES: Record<string, Buffer[]> = {
  ...Object.fromEntries(TEXTS.map((text) => [text, spellings(text)])),
  picture: [Buffer.from(JPEG)],
};

/** Committed rows, so many that what comes after them changes pages that hold some. */
const FILL = `
  function fill(database) {
    const insert = database.prepare('INSERT INTO counters VALUES (?, 1)');
    database.transaction(() => {
      for (let index = 0; index < 1_000; index++) insert.run('${READ} ' + index);
    })();
  }`;

/** In a transaction that is never committed: rows that spill out of the cache, and a sort beside it. */
const UNFINISHED = `
  function begin(database) {
    database.pragma('cache_size = 10');
    database.exec('BEGIN IMMEDIATE');
    const insert = database.prepare('INSERT INTO counters VALUES (?, 1)');
    for (let index = 0; index < 5_000; index++) insert.run('${HALF_WRITTEN} ' + index);
    database.exec('CREATE TEMP TABLE sorted (text TEXT)');
    const fill = database.prepare('INSERT INTO sorted VALUES (?)');
    for (let index = 0; index < 40_000; index++) fill.run((index * 7919) % 40_000 + ' ${SORTED} '.repeat(10));
    const rows = database.prepare('SELECT text FROM sorted ORDER BY text').iterate();
    rows.next();
    return rows;
  }`;

let sources: Sources;
let home: string;
let folder: string;
let child: ChildProcess;

beforeAll(() => {
  sources = stripSources();
});
afterAll(() => sources.remove());
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'anprd-card-'));
  folder = join(home, 'card');
  mkdirSync(folder);
});
afterEach(() => {
  child.kill('SIGKILL');
  rmSync(home, { recursive: true, force: true });
});

/** Runs a module until it says that it is ready; it then waits for a line or for its end. */
async function run(module: string): Promise<void> {
  // Temporary files, if there are any, go where they would on the device: onto the card.
  child = sources.run(module, { shellPrefix: `SQLITE_TMPDIR=${JSON.stringify(folder)}` });
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  const [line] = (await Promise.race([once(lines, 'line'), once(child, 'exit')])) as [string | number];
  expect(line).toBe('ready');
}

/** A device with records, lists, a list that is half taken over, and a transaction that is half done. */
function device(options: { readonly isUnfinished: boolean }): string {
  return `
  import { RecordStore } from './src/store/record-store.js';
  import { STORE_MIGRATIONS } from './src/store/migrations.js';
  import { ListStore } from './src/matching/list-store/list-store.js';
  import { openDatabase } from './src/lib/sqlite.js';
  import { systemClock } from './src/lib/clock.js';
  import { createLogger } from './src/lib/log.js';
  import { loadStorageKey } from './src/lib/storage-key.js';
  import { createDeviceKey } from './src/evidence/device-key.js';
  import { DeviceNotary } from './src/evidence/notary.js';
  ${UNFINISHED}
  const key = loadStorageKey({ keyFile: ${JSON.stringify(keyFileIn(home))} });
  const path = ${JSON.stringify(join(folder, 'records.db'))};
  const notary = new DeviceNotary({ key: createDeviceKey(${JSON.stringify(join(home, 'device.key'))}), unitId: 'unit-1' });
  const config = ${JSON.stringify(storeConfigOf(folder))};
  const store = new RecordStore({ config, key, notary, clock: systemClock, log: createLogger('silent') });
  await store.start();
  const picture = { jpeg: Buffer.from(${JSON.stringify(JPEG)}), widthPx: 1, heightPx: 1 };
  const passage = { ...${JSON.stringify(passageOf(READ, { pictures: false }))}, platePatch: picture };
  const match = ${JSON.stringify(matchOf(READ, 'stolen'))};
  store.commit({ passage, match, clock: { source: 'unknown' } });
  const [left] = store.outbox.lease(1);
  store.outbox.ack([left.id]);

  const lists = new ListStore({ path: ${JSON.stringify(join(folder, 'hotlist.db'))}, key });
  lists.open();
  const meta = (id, revision) => ({ id, level: 'force', owner: 'Test Force', revision, issuedAtMs: revision,
    defaultAction: '', takenOverAtMs: revision, origin: 'signed' });
  const group = (mark) => {
    const rows = [[mark, ...Array(17).fill('')]];
    return { matchKey: mark, rows, rowCount: 1, rowsText: JSON.stringify(rows) };
  };
  const marks = function* (mark, count) {
    for (let index = 0; index < count; index++) yield group(mark + String(index).padStart(5, '0'));
  };
  await lists.replaceList(meta('whole', 1), marks('${LISTED}', 1_000));
  lists.applyDelta(meta('whole', 2), 1, marks('${LISTED}', 10));
  lists.stageBlob('whole', 'delta/2-3/1', Buffer.from('${HALF_LISTED}'));
  const isUnfinished = ${options.isUnfinished};
  let rows;
  if (isUnfinished) {
    const isWaiting = new Promise((written) => {
      const halfOf = async function* () {
        yield* marks('${HALF_LISTED}', 25_000);
        written();
        await new Promise(() => undefined);
      };
      void lists.replaceList(meta('half', 1), halfOf());
    });
    await isWaiting;
    rows = begin(openDatabase(path, STORE_MIGRATIONS, { key }));
  }
  const staying = setInterval(() => rows, 1_000);
  process.once('SIGTERM', async () => {
    clearInterval(staying);
    lists.close();
    await store.stop();
  });
  process.stdout.write('ready\\n');`;
}

/** The same search over everything that there is. */
function found(deleted: readonly RawFile[] = []): string[] {
  return finds([...rawFiles(folder), ...deleted], NEEDLES);
}

const names = () =>
  rawFiles(folder)
    .map(({ name }) => name)
    .sort();
const WITHOUT_LOGS = ['hotlist.db', 'records.db', 'records.db.head', 'records.db.witness'];
const LOGS = ['hotlist.db-shm', 'hotlist.db-wal', 'records.db-shm', 'records.db-wal'];
const WITH_LOGS = [...WITHOUT_LOGS, ...LOGS];

describe('a stolen card shows no mark, no picture and no table', () => {
  it('while the device runs, and after its power went in the middle of transactions', async () => {
    await run(device({ isUnfinished: true }));
    expect(names()).toEqual(WITH_LOGS.sort());
    expect(found(deletedFiles(child.pid as number))).toEqual([]);

    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
    expect(names()).toEqual(WITH_LOGS.sort());
    expect(found()).toEqual([]);

    // It was all there, for who has the key: what was never committed had left the cache.
    const pages = decrypted(join(folder, 'records.db'), keyIn(home));
    for (const text of ['CREATE TABLE', READ, HALF_WRITTEN]) expect(pages).toContain(text);
    const lists = decrypted(join(folder, 'hotlist.db'), keyIn(home));
    for (const text of [LISTED, HALF_LISTED, 'Test Force']) expect(lists).toContain(text);
  });

  it('after a clean stop', async () => {
    await run(device({ isUnfinished: false }));
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    await gone;
    expect(names()).toEqual(WITHOUT_LOGS);
    expect(found()).toEqual([]);
  });

  it('nor the key', async () => {
    await run(device({ isUnfinished: true }));
    const hex = keyIn(home).reveal();
    const files = [...rawFiles(folder), ...deletedFiles(child.pid as number)];
    expect(finds(files, { key: [...spellings(hex), Buffer.from(hex, 'hex')] })).toEqual([]);
  });

  it('in a rollback journal, which SQLite writes for a moment when it makes a database', async () => {
    await run(`
      import { openDatabase } from './src/lib/sqlite.js';
      import { loadStorageKey } from './src/lib/storage-key.js';
      import { STORE_MIGRATIONS } from './src/store/migrations.js';
      ${FILL}
      ${UNFINISHED}
      const key = loadStorageKey({ keyFile: ${JSON.stringify(keyFileIn(home))} });
      const database = openDatabase(${JSON.stringify(join(folder, 'records.db'))}, STORE_MIGRATIONS, { key });
      database.pragma('journal_mode = DELETE');
      fill(database);
      const rows = begin(database);
      process.stdout.write('ready\\n');
      setInterval(() => rows, 1_000);`);
    expect(names()).toEqual(['records.db', 'records.db-journal']);
    expect(found(deletedFiles(child.pid as number))).toEqual([]);
  });
});

describe('the search', () => {
  const plain = (options: { readonly journalMode: 'WAL' | 'DELETE' }) => `
    import Database from 'better-sqlite3';
    import { STORE_MIGRATIONS } from './src/store/migrations.js';
    ${FILL}
    ${UNFINISHED}
    const database = new Database(${JSON.stringify(join(folder, 'plain.db'))});
    database.pragma('journal_mode = ${options.journalMode}');
    database.pragma('encoding = "UTF-16le"');
    for (const { sql, rewritesSchema } of STORE_MIGRATIONS) if (!rewritesSchema) database.exec(sql);
    fill(database);
    database.exec('CREATE TABLE pictures (jpeg BLOB)');
    database.prepare('INSERT INTO pictures VALUES (?)').run(Buffer.from(${JSON.stringify(JPEG)}));
    const rows = begin(database);
    process.stdout.write('ready\\n');
    setInterval(() => rows, 1_000);`;

  it('finds all of it where nothing is encrypted: in the file, its log and deleted files', async () => {
    await run(plain({ journalMode: 'WAL' }));
    const deleted = deletedFiles(child.pid as number);
    const all = found(deleted);
    for (const text of ['CREATE TABLE', 'counters', READ, HALF_WRITTEN, 'picture']) {
      expect(all).toContain(`plain.db-wal: ${text}`);
    }
    expect(all).toContain('plain.db: SQLite format 3');
    expect(all.filter((find) => find.endsWith(`(deleted): ${SORTED}`))).not.toEqual([]);
  });

  it('finds it in a rollback journal', async () => {
    await run(plain({ journalMode: 'DELETE' }));
    expect(found()).toContain(`plain.db-journal: ${READ}`);
  });
});
