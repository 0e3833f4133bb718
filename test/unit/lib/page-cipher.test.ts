import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isGenuinePage, openPage, sealPage } from '../../../src/lib/page-cipher.js';
import { openDatabase } from '../../../src/lib/sqlite.js';
import { StorageKey } from '../../../src/lib/storage-key.js';

const KEY = StorageKey.fromHex('5a'.repeat(32));
const OTHER = StorageKey.fromHex('5b'.repeat(32));

let folder: string;
let pages: Buffer[];

describe.each([1_024, 4_096])('a page of %i bytes that SQLite wrote', (pageBytes) => {
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'anprd-pages-'));
    const path = join(folder, 'notes.db');
    const database = openDatabase(path, [{ name: 'notes', sql: 'CREATE TABLE notes (text TEXT)' }], {
      key: KEY,
      pageBytes,
    });
    for (let index = 0; index < 40; index++)
      database.prepare('INSERT INTO notes VALUES (?)').run(`note ${index} `.repeat(50));
    database.close();
    const file = readFileSync(path);
    pages = Array.from({ length: file.length / pageBytes }, (_, index) =>
      file.subarray(index * pageBytes, (index + 1) * pageBytes),
    );
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is genuine under its key, at its place', () => {
    expect(pages.length).toBeGreaterThan(5);
    pages.forEach((page, index) => {
      expect(isGenuinePage(page, index + 1, KEY)).toBe(true);
    });
  });

  it('is not under another key, at another place, or with one bit turned anywhere', () => {
    const page = pages[2] as Buffer;
    expect(isGenuinePage(page, 3, OTHER)).toBe(false);
    expect(isGenuinePage(page, 4, KEY)).toBe(false);
    expect(isGenuinePage(page.subarray(1), 3, KEY)).toBe(false);
    for (const fromEnd of [pageBytes, 100, 33, 32, 17, 16, 1]) {
      const at = pageBytes - fromEnd;
      const turned = Buffer.from(page);
      turned[at] = (turned[at] as number) ^ 1;
      expect(isGenuinePage(turned, 3, KEY), `byte ${at}`).toBe(false);
    }
  });

  it('shows what was written', () => {
    const texts = pages.map((page, index) => openPage(page, index + 1, KEY).toString('latin1'));
    expect(texts.join('')).toContain('note 17 note 17');
    expect(texts[0]).toContain('CREATE TABLE notes');
  });

  it('that is sealed anew says the same in other bytes', () => {
    for (const number of [1, 2]) {
      const page = pages[number - 1] as Buffer;
      const content = openPage(page, number, KEY);
      const again = sealPage(content, number, KEY);
      expect(isGenuinePage(again, number, KEY)).toBe(true);
      expect(openPage(again, number, KEY).equals(content)).toBe(true);
      expect(again.subarray(100).equals(page.subarray(100))).toBe(false);
    }
  });
});
