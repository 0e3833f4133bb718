import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { uuidv7 } from 'uuidv7';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OutboxItem } from '../../src/domain/outbox.js';
import { createStorageKey, loadStorageKey } from '../../src/lib/storage-key.js';
import type { RecordStore, StoreSnapshot } from '../../src/store/record-store.js';
import { ManualClock } from '../support/manual-clock.js';
import { recordStoreIn } from '../support/record-stores.js';
import { repeatable } from '../support/repeatable.js';
import { matchOf, passageOf } from '../support/reports.js';
import { keyIn } from '../support/storage-key.js';

/**
 * The record store on a file that is damaged: bytes are overwritten in a real encrypted database, which then has to
 * come up, with everything that can be read and nothing that is wrong.
 */
const CLOCK_QUALITY = { source: 'ntp', offsetMs: 2 } as const;
const PAGE = 4_096;

let folder: string;
let path: string;
let clock: ManualClock;
const stores: RecordStore[] = [];

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

const asides = () => readdirSync(folder).filter((name) => name.includes('.damaged-'));

describe('a file with damage in it', () => {
  it('comes up, whatever was hit, and all hits and reads wait whose pages can be read', async () => {
    const first = await started();
    const before = fill(first, 60);
    await stop(first);
    const whole = readFileSync(path);
    const witness = readFileSync(`${path}.witness`);
    const random = repeatable(5);
    let kept = 0;
    for (let round = 0; round < 60; round++) {
      for (const name of readdirSync(folder)) if (name.startsWith('records.db')) rmSync(join(folder, name));
      writeFileSync(path, whole);
      writeFileSync(`${path}.witness`, witness);
      const at = Math.floor(random() * (whole.length - 8));
      overwrite(at, Buffer.from('damaged!'));
      const store = await started();
      // Whoever reads meets the damage, if the start has not.
      for (let look = 0; look < 3; look++) waiting(store);
      store.commit({ passage: passageOf('XY99ZZZ'), clock: CLOCK_QUALITY });
      if (store.snapshot().damage !== undefined) await salvaged(store);
      const after = textsOf(waiting(store));
      const lost = store.snapshot().losses.reduce((sum, { count }) => sum + count, 0);
      for (const [id, text] of before) {
        const now = after.get(id);
        if (now === undefined)
          expect(lost, `round ${round}: ${id} is gone, and nothing says so`).toBeGreaterThan(0);
        // As it was, or sealed anew because its text was lost: never another content.
        else if (now !== text) expect(unsealed(now), `round ${round}`).toEqual(unsealed(text));
        else kept++;
      }
      const hits = [...before.keys()].filter((id) => id.startsWith('hit'));
      expect(
        hits.filter((id) => !after.has(id)),
        `round ${round} at ${at}`,
      ).toEqual([]);
      await stop(store);
    }
    expect(kept).toBeGreaterThan(0.95 * 60 * before.size);
  }, 300_000);
});

/** What a statement says, without where it stands in its chain. */
function unsealed(text: string): unknown {
  const { evidence, ...said } = JSON.parse(text);
  return said;
}
