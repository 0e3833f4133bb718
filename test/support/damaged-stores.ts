import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import type { OutboxItem } from '../../src/domain/outbox.js';
import { openDatabase } from '../../src/lib/sqlite.js';
import { STORE_MIGRATIONS } from '../../src/store/migrations.js';
import { PAGE_BYTES } from '../../src/store/page-size.js';
import type { RecordStore, StoreSnapshot } from '../../src/store/record-store.js';
import { ManualClock } from './manual-clock.js';
import { recordStoreIn } from './record-stores.js';
import { matchOf, passageOf } from './reports.js';
import { keyIn } from './storage-key.js';

/** A record store in a folder of each test's own, whose files a test can damage, put back and look into. */
export const CLOCK_QUALITY = { source: 'ntp', offsetMs: 2 } as const;
export const PAGE = PAGE_BYTES;

export let folder: string;
export let path: string;
export let clock: ManualClock;
export const stores: RecordStore[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'anprd-damage-'));
  path = join(folder, 'records.db');
  clock = new ManualClock();
});
afterEach(async () => {
  for (const store of stores.splice(0)) await store.stop();
  rmSync(folder, { recursive: true, force: true });
});

export async function started(): Promise<RecordStore> {
  const store = recordStoreIn(folder, { clock });
  stores.push(store);
  await store.start();
  return store;
}

export async function stop(store: RecordStore): Promise<void> {
  stores.splice(stores.indexOf(store), 1);
  await store.stop();
}

/** Commits this many passages, every third with a hit; gives the texts that wait, by the id of what they say. */
export function fill(store: RecordStore, passages: number): Map<string, string> {
  for (let index = 0; index < passages; index++) {
    const vrm = `AB${String(index % 100).padStart(2, '0')}CDE`;
    const match = index % 3 === 0 ? { match: matchOf(vrm, 'stolen') } : {};
    store.commit({ passage: passageOf(vrm), clock: CLOCK_QUALITY, ...match });
  }
  return textsOf(waiting(store));
}

/** What waits, without taking it away. */
export function waiting(store: RecordStore): readonly OutboxItem[] {
  const items = store.outbox.lease(100_000);
  store.outbox.release(items.map(({ id }) => id));
  return items;
}

export function textsOf(items: readonly OutboxItem[]): Map<string, string> {
  const texts = new Map<string, string>();
  for (const { message } of items) {
    if (message.kind !== 'image') texts.set(`${message.kind} ${message.id}`, message.text);
  }
  return texts;
}

export async function salvaged(store: RecordStore): Promise<NonNullable<StoreSnapshot['damage']>> {
  for (;;) {
    const { damage } = store.snapshot();
    if (damage !== undefined && !damage.isSalvaging) return damage;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

export function overwrite(at: number, bytes: Uint8Array, file = path): void {
  const handle = openSync(file, 'r+');
  writeSync(handle, bytes, 0, bytes.length, at);
  closeSync(handle);
}

export const asides = () => readdirSync(folder).filter((name) => /\.damaged-\d+$/.test(name));

/** What a statement says, without where it stands in its chain. */
export function unsealed(text: string): unknown {
  const { evidence, ...said } = JSON.parse(text);
  return said;
}

/** Without what belongs to it and may be lost apart from it. */
export function comparable(text: string): unknown {
  const { evidence, images, hits, ...said } = JSON.parse(text);
  return said;
}

/** Numbers of the pages of tables or indexes, from 1. */
export function pagesOf(...names: string[]): number[] {
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
export function restore(files: ReadonlyMap<string, Buffer>): void {
  for (const name of readdirSync(folder)) if (name.startsWith('records.db')) rmSync(join(folder, name));
  for (const [name, content] of files) writeFileSync(join(folder, name), content);
}

export function filesOf(): Map<string, Buffer> {
  const names = readdirSync(folder).filter((name) => name.startsWith('records.db'));
  return new Map(names.map((name) => [name, readFileSync(join(folder, name))]));
}

/** What each id said, and how often it waits. */
export async function afterwards(): Promise<{
  store: RecordStore;
  after: Map<string, string>;
  told: number;
}> {
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
