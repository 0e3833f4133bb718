import { describe, expect, it } from 'vitest';
import type { MatchKey } from '../../../src/domain/vrm.js';
import { KeyIndex } from '../../../src/matching/key-index.js';
import { KeyTable } from '../../../src/matching/key-table.js';
import { packHigh, packLow, unpackKey } from '../../../src/matching/packed-key.js';
import { repeatable } from '../../support/repeatable.js';

const FOLDED = '0123456789ABCDEFGHJKLMNPQRSTUVWXYZ';

/** Keys of 1 to 12 characters; few characters make keys that share their beginnings. */
function keysOf(count: number, seed: number, characters = FOLDED): MatchKey[] {
  const random = repeatable(seed);
  const pick = () => characters[Math.floor(random() * characters.length)] as string;
  const keys = new Set<string>();
  while (keys.size < count) {
    keys.add(Array.from({ length: 1 + Math.floor(random() * 12) }, pick).join(''));
  }
  return [...keys] as MatchKey[];
}

describe('a packed key', () => {
  it('is the key again, whatever its length', () => {
    for (const key of keysOf(2_000, 1)) expect(unpackKey(packHigh(key), packLow(key))).toBe(key);
  });

  it('is two whole numbers of 32 bits, and never (0, 0)', () => {
    for (const key of ['0', 'A', 'ZZZZZZ', 'ZZZZZZZZZZZZ', '000000000000'] as MatchKey[]) {
      expect(packHigh(key)).toBe(packHigh(key) >>> 0);
      expect(packLow(key)).toBe(packLow(key) >>> 0);
      expect(packHigh(key)).toBeGreaterThan(0);
    }
  });

  it('tells a key from the same with another character behind it', () => {
    const packed = (key: string) => `${packHigh(key as MatchKey)} ${packLow(key as MatchKey)}`;
    expect(packed('AB12CD')).not.toBe(packed('AB12CD0'));
    expect(packed('0')).not.toBe(packed('00'));
  });
});

describe('a key index', () => {
  it('has what it was built of and nothing else', () => {
    const keys = keysOf(4_000, 2);
    const [listed, others] = [keys.slice(0, 2_000), keys.slice(2_000)];
    const index = KeyIndex.build([listed.slice(0, 900), listed.slice(900)], listed.length);
    expect(index.count).toBe(2_000);
    expect(listed.every((key) => index.has(key))).toBe(true);
    expect(others.some((key) => index.has(key))).toBe(false);
  });

  it('takes 16 bytes a key when it is built, and no more however it has grown', () => {
    const keys = keysOf(20_000, 3);
    const index = KeyIndex.build([keys.slice(0, 5_000)], 5_000);
    expect(index.bytes / index.count).toBe(16);
    for (let from = 5_000; from < keys.length; from += 500) {
      index.apply(keys.slice(from, from + 500), []);
      expect(index.bytes / index.count).toBeLessThanOrEqual(16);
    }
    expect(index.count).toBe(20_000);
    expect(index.tableCount).toBeGreaterThan(1);
  });

  it('is what a set is, through any sequence of patches, growth and handing over included', () => {
    for (const seed of [11, 12, 13]) {
      const random = repeatable(seed);
      // Few different characters and a small index: long runs, holes in them, and runs over the end.
      const keys = keysOf(3_000, seed, '01A');
      const some = (count: number) =>
        Array.from({ length: count }, () => keys[Math.floor(random() * keys.length)] as MatchKey);
      let index = KeyIndex.build([], 20);
      const model = new Set<MatchKey>();
      for (let round = 0; round < 120; round++) {
        const removed = some(Math.floor(random() * 60));
        const added = some(Math.floor(random() * (round < 80 ? 90 : 20)));
        index.apply(added, removed);
        for (const key of removed) model.delete(key);
        for (const key of added) model.add(key);
        if (round % 40 === 39) {
          const transferred = index.transfer();
          const buffers = transferred.tables.map(({ cells }) => cells.buffer);
          index = KeyIndex.from(structuredClone(transferred, { transfer: buffers }));
          expect(buffers.every(({ byteLength }) => byteLength === 0)).toBe(true);
        }
        expect(index.count).toBe(model.size);
        expect(keys.filter((key) => index.has(key) !== model.has(key))).toEqual([]);
      }
      expect(index.tableCount).toBeGreaterThan(1);
    }
  });

  it('lays keys out by a seed, so that those which meet in one slot by one seed part by another', () => {
    const homeOf = (key: MatchKey, seed: number) => {
      const table = new KeyTable(new Uint32Array(2 * 64), seed);
      table.add(packHigh(key), packLow(key));
      return table.cells.findIndex((cell) => cell !== 0) >> 1;
    };
    // Short ones too: their second half is 0, and leaves all to the first.
    const met = [...keysOf(6_000, 41), ...keysOf(6_000, 42).map((key) => key.slice(0, 6) as MatchKey)].filter(
      (key) => homeOf(key, 1) === 0,
    );
    expect(met.length).toBeGreaterThan(100);
    expect(new Set(met.map((key) => homeOf(key, 2))).size).toBeGreaterThan(40);
  });

  it('is empty once it was handed over', () => {
    const index = KeyIndex.build([['AB12CDE' as MatchKey]], 1);
    index.transfer();
    expect(index.count).toBe(0);
    expect(index.has('AB12CDE' as MatchKey)).toBe(false);
  });

  it('finds many packed keys at once, in every table', () => {
    const keys = keysOf(600, 21);
    const index = KeyIndex.build([keys.slice(0, 64)], 64);
    index.apply(keys.slice(64, 300), []);
    expect(index.tableCount).toBeGreaterThan(1);
    const found = new Int32Array(keys.length);
    const count = index.findAll(
      Uint32Array.from(keys, packHigh),
      Uint32Array.from(keys, packLow),
      keys.length,
      found,
    );
    expect([...found.subarray(0, count)].sort((a, b) => a - b)).toEqual([...Array(300).keys()]);
  });

  it('finds its room again where a list loses marks and gets others for months', () => {
    const keys = keysOf(6_000, 31);
    const index = KeyIndex.build([keys.slice(0, 1_000)], 1_000);
    for (let day = 0; day < 50; day++) {
      index.apply(keys.slice(1_000 + day * 100, 1_100 + day * 100), keys.slice(day * 100, day * 100 + 100));
    }
    expect(index.count).toBe(1_000);
    expect(index.tableCount).toBe(1);
  });
});
