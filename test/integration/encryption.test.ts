import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DeviceError } from '../../src/lib/errors.js';
import { type Migration, openDatabase, type SqliteDatabase } from '../../src/lib/sqlite.js';
import { createStorageKey, loadStorageKey, type StorageKey } from '../../src/lib/storage-key.js';

const MIGRATIONS: readonly Migration[] = [{ name: 'notes', sql: 'CREATE TABLE notes (text TEXT)' }];

let folder: string;
let path: string;
let key: StorageKey;
let otherKey: StorageKey;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'anprd-encryption-'));
  path = join(folder, 'notes.db');
  [key, otherKey] = ['a.key', 'b.key'].map((name) => {
    createStorageKey(join(folder, name));
    return loadStorageKey({ keyFile: join(folder, name) });
  }) as [StorageKey, StorageKey];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(...texts: string[]): SqliteDatabase {
  const database = openDatabase(path, MIGRATIONS, { key });
  for (const text of texts) database.prepare('INSERT INTO notes VALUES (?)').run(text);
  return database;
}

/** Every file of the database by name; its -shm holds no content, only where frames of the log lie. */
function bytes(): Record<string, string> {
  const names = readdirSync(folder).filter((name) => name.startsWith('notes.db') && !name.endsWith('-shm'));
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name), 'hex')]));
}

function failure(work: () => unknown): DeviceError {
  try {
    work();
  } catch (error) {
    if (error instanceof DeviceError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('an encrypted database', () => {
  it('gives back with its key what was written under it', () => {
    write('hello').close();
    const database = openDatabase(path, MIGRATIONS, { key, readonly: true });
    expect(database.prepare('SELECT text FROM notes').pluck().all()).toEqual(['hello']);
    database.close();
  });

  it('keeps temporary tables and sorts out of files', () => {
    const database = write();
    expect(database.pragma('temp_store', { simple: true })).toBe(2);
    expect(database.pragma('journal_mode', { simple: true })).toBe('wal');
    database.close();
  });

  it('has a first page of noise: not even the name of its format', () => {
    write('hello').close();
    expect(readFileSync(path, 'latin1')).not.toMatch(/SQLite|notes|hello/);
  });

  it('encrypts one page differently each time it is written', () => {
    const before = write('hello');
    before.pragma('wal_checkpoint(TRUNCATE)');
    const first = readFileSync(path).subarray(4096, 8192);
    before.exec(`UPDATE notes SET text = 'other'; UPDATE notes SET text = 'hello'`);
    before.close();
    const second = readFileSync(path).subarray(4096, 8192);
    expect(second.equals(first)).toBe(false);
  });
});

describe.each([{ readonly: false }, { readonly: true }])('opening (readonly: $readonly)', ({ readonly }) => {
  const open = (with_: StorageKey) => () => openDatabase(path, MIGRATIONS, { key: with_, readonly });

  it('with another key is an error that changes no byte', () => {
    write('hello').close();
    const before = bytes();
    const error = failure(open(otherKey));
    expect(error).toMatchObject({ code: 'store.key-wrong', message: expect.stringContaining('damaged') });
    expect(bytes()).toEqual(before);
  });

  it('with another key leaves a log that waits to be taken over as it is', () => {
    const writer = write('hello', 'world');
    expect(Object.keys(bytes())).toEqual(['notes.db', 'notes.db-wal']);
    const before = bytes();
    expect(failure(open(otherKey)).code).toBe('store.key-wrong');
    expect(bytes()).toEqual(before);
    writer.close();
  });

  it('never shows the key, neither in the error nor in its cause', () => {
    write('hello').close();
    const { message, hint, cause, stack } = failure(open(otherKey));
    const said = `${message} ${hint} ${stack} ${(cause as Error).stack} ${JSON.stringify(cause)}`;
    expect(said).not.toContain(otherKey.reveal());
    expect(said).not.toMatch(/[0-9a-f]{32}/i);
  });

  it('of a database that is not encrypted is the same error', () => {
    const plain = new Database(path);
    plain.exec('CREATE TABLE notes (text TEXT)');
    plain.close();
    const before = bytes();
    expect(failure(open(key)).code).toBe('store.key-wrong');
    expect(bytes()).toEqual(before);
  });

  const damages: Record<string, () => void> = {
    'one bit of the first page turned': () => {
      const content = readFileSync(path);
      content[1000] = (content[1000] as number) ^ 1;
      writeFileSync(path, content);
    },
    'the first 16 bytes overwritten': () => {
      writeFileSync(path, readFileSync(path).fill(0, 0, 16));
    },
    'cut within the first page': () => truncateSync(path, 2_000),
    'cut after a few bytes': () => truncateSync(path, 5),
    'cut to nothing, with a log beside it': () => {
      truncateSync(path);
      writeFileSync(`${path}-wal`, 'what was committed last');
    },
    'replaced by a text': () => writeFileSync(path, 'to whom it may concern\n'),
    'replaced by zeros': () => writeFileSync(path, Buffer.alloc(8_192)),
  };
  it.each(Object.keys(damages))('of a damaged file is the same error: %s', (damage) => {
    write('hello').close();
    damages[damage]?.();
    const before = bytes();
    expect(failure(open(key)).code).toBe('store.key-wrong');
    expect(bytes()).toEqual(before);
  });
});

describe('a damaged later page', () => {
  it('is an error when it is read, never wrong data', () => {
    write('hello').close();
    const content = readFileSync(path);
    content[4_096 + 100] = (content[4_096 + 100] as number) ^ 1;
    writeFileSync(path, content);
    const database = openDatabase(path, MIGRATIONS, { key });
    expect(() => database.prepare('SELECT text FROM notes').all()).toThrow();
    database.close();
  });
});
