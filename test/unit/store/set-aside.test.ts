import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  finishSetAside,
  nextSetAside,
  setAside,
  setAsideBytes,
  setAsides,
} from '../../../src/store/set-aside.js';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'anprd-aside-'));
  path = join(folder, 'records.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(...parts: string[]): void {
  for (const part of parts) writeFileSync(path + part, `content of ${part}`);
}

describe('a file that is set aside', () => {
  it('keeps its content and its log, under the first number that is free', () => {
    for (const number of [1, 2]) {
      write('', '-wal', '-shm');
      setAside(path, nextSetAside(path));
      expect(setAsides(path)).toHaveLength(number);
    }
    expect(readFileSync(`${path}.damaged-2-wal`, 'utf8')).toBe('content of -wal');
    expect(readdirSync(folder)).not.toContain('records.db');
    expect(setAsides(path)).toEqual([`${path}.damaged-1`, `${path}.damaged-2`]);
    expect(setAsideBytes(path)).toBe(2 * ('content of '.length + 'content of -wal'.length));
  });

  it('comes in the order of numbers, and is no other file', () => {
    for (let number = 1; number <= 11; number++) {
      write('');
      setAside(path, nextSetAside(path));
    }
    writeFileSync(`${path}.damaged-x`, '');
    writeFileSync(join(folder, 'hotlist.db.damaged-12'), '');
    expect(setAsides(path).at(-1)).toBe(`${path}.damaged-11`);
  });

  it('follows its log, where only that was moved when the power went', () => {
    write('', '-wal');
    renameSync(`${path}-wal`, `${path}.damaged-1-wal`);
    finishSetAside(path);
    expect(readdirSync(folder).sort()).toEqual(['records.db.damaged-1', 'records.db.damaged-1-wal']);
  });

  it('leaves the file alone that has taken its place', () => {
    write('', '-wal');
    setAside(path, nextSetAside(path));
    write('');
    finishSetAside(path);
    expect(readdirSync(folder)).toContain('records.db');
  });

  it('without a database of its own (only a log was there) is an empty one beside the log', () => {
    write('-wal');
    setAside(path, nextSetAside(path));
    expect(readFileSync(`${path}.damaged-1`)).toHaveLength(0);
  });
});
