import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createStorageKey, loadStorageKey } from '../../src/lib/storage-key.js';
import type { RecordStore } from '../../src/store/record-store.js';
import {
  afterwards,
  asides,
  clock,
  comparable,
  filesOf,
  fill,
  folder,
  overwrite,
  PAGE,
  path,
  restore,
  salvaged,
  started,
  stop,
  stores,
  textsOf,
  unsealed,
  waiting,
} from '../support/damaged-stores.js';
import { recordStoreIn } from '../support/record-stores.js';
import { repeatable } from '../support/repeatable.js';

/**
 * The record store on a file that is damaged: bytes are overwritten in a real encrypted database, which then has to
 * come up, with everything that can be read and nothing that is wrong.
 */
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

  const damages: Record<string, (whole: Buffer) => void> = {
    'its first page is gone': () => overwrite(0, Buffer.alloc(PAGE)),
    'one bit of its first page is turned': (content) =>
      overwrite(1_000, Buffer.of(content.readUInt8(1_000) ^ 1)),
    'its second half is cut off': (content) => truncateSync(path, Math.floor(content.length / 2)),
    'it is cut within a page': (content) => truncateSync(path, content.length - PAGE - 100),
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
});
