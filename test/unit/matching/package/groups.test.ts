import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { MatchKey } from '../../../../src/domain/vrm.js';
import { readGroups } from '../../../../src/matching/package/blobs.js';
import { groupOf, lineOf, parseGroups } from '../../../../src/matching/package/groups.js';
import { rowOf } from '../../../support/groups.js';
import { repeatable } from '../../../support/repeatable.js';

const line = (...parts: unknown[]) => `${JSON.stringify(parts)}\n`;
const parse = (text: string | Uint8Array) => [...parseGroups(Buffer.from(text as string), 'delta/1-2/3')];
const refused = (text: string | Uint8Array) => {
  try {
    parse(text);
  } catch (error) {
    expect(error).toMatchObject({ code: 'hotlist.package-invalid' });
    return (error as Error).message;
  }
  throw new Error('it was taken');
};

describe('a line of a package', () => {
  it('is a mark and all of its rows, each with the 16 columns and its validity', () => {
    const row = rowOf('BD51SMO', {
      1: 'CITROËN',
      6: 'says "stop",\nthen',
      10: '2028-02-29',
      16: '2026-11-22T20:00:00Z',
    });
    const [group] = parse(line('BD515M0', rowOf('BD515M0')) + line('BD51SM0', row, rowOf('BD5ISM0'))).slice(
      1,
    );
    expect(group?.matchKey).toBe('BD51SM0');
    expect(group?.rowCount).toBe(2);
    expect(group?.rows).toEqual([row, rowOf('BD5ISM0')]);
    expect(group?.rowsText).toBe(JSON.stringify(group?.rows));
  });

  it('says without rows that a mark was removed', () => {
    expect(parse('["A1"]\n')).toMatchObject([{ matchKey: 'A1', rowCount: 0, rows: [], rowsText: '' }]);
  });

  it('is the same text after reading and writing', () => {
    const text =
      line('A1', rowOf('A1', { 6: '\u0000 \\ "é\u{1f697}' })) +
      line('B1', rowOf('BI'), rowOf('B1')) +
      '["C1"]\n';
    expect(
      parse(text)
        .map((group) => `${lineOf(group)}\n`)
        .join(''),
    ).toBe(text);
    expect(lineOf(groupOf('B1' as MatchKey, [JSON.stringify(rowOf('B1'))]))).toBe(
      line('B1', rowOf('B1')).trim(),
    );
  });
});

describe('a line that is none', () => {
  const wrong = (at: number, text: string) => line('A1', rowOf('A1', { [at]: text }));
  it.each([
    ['garbage', 'garbage\n', 'it does not begin with a match key'],
    ['an object', '{"A1":[]}\n', 'it does not begin with a match key'],
    ['a key that is not folded', line('AI', rowOf('AI')), 'it does not begin with a match key'],
    ['a key of 13 characters', line('A'.repeat(13), rowOf('A1')), 'it does not begin with a match key'],
    [
      'a mark of another vehicle',
      line('A1', rowOf('B1')),
      'the mark of row 1 does not fold to the match key',
    ],
    ['a mark as people write it', line('A1', rowOf('a 1')), 'row 1 is no array of 18 texts'],
    ['17 columns', line('A1', rowOf('A1').slice(1)), 'row 1 is no array of 18 texts'],
    ['19 columns', line('A1', [...rowOf('A1'), '']), 'row 1 is no array of 18 texts'],
    ['a number in a column', line('A1', rowOf('A1').with(3, 7 as never)), 'row 1 is no array of 18 texts'],
    ['an array in a column', line('A1', rowOf('A1').with(3, [] as never)), 'row 1 is no array of 18 texts'],
    ['a raw line end in a text', line('A1', rowOf('A1', { 3: 'x' })).replace('x', '\n'), 'row 1 is no array'],
    ['an escape that is none', line('A1', rowOf('A1', { 3: 'x' })).replace('x', '\\x'), 'row 1 is no array'],
    ['a weed date that is none', wrong(10, '2027-02-30'), 'row 1 has no valid weed date'],
    ['a weed date with a time', wrong(10, '2027-02-03-04'), 'row 1 has no valid weed date'],
    ['a weed date as the UK writes it', wrong(10, '03/02/2027'), 'row 1 is no array of 18 texts'],
    ['a validity that is a date', wrong(16, '2027-02-03'), 'row 1 has no valid time of validity'],
    ['a validity of February 30th', wrong(17, '2027-02-30T00:00:00Z'), 'row 1 has no valid time of validity'],
    ['a validity with milliseconds', wrong(17, '2027-02-03T00:00:00.000Z'), 'row 1 is no array of 18 texts'],
    ['spaces between', '["A1", "B1"]\n', 'row 1 is no array of 18 texts'],
    ['something behind its end', `${line('A1').trim()} \n`, 'its array does not end where it should'],
    ['two arrays on one line', '["A1"]["A2"]\n', 'its array does not end where it should'],
    ['no line end', line('A1', rowOf('A1')).trim(), 'it is cut off'],
    ['a row of over 16 KB', wrong(6, 'x'.repeat(17_000)), 'row 1 is too long'],
    ['1,001 rows', line('A1', ...Array(1_001).fill(rowOf('A1'))), 'more than 1000 rows'],
    ['3 MB', `["A1","${'x'.repeat(3e6)}\n`, 'longer than 1048576 characters'],
    ['a byte-order mark', `\ufeff${line('A1')}`, 'it does not begin with a match key'],
  ])('is refused by place and reason: %s', (_, text, reason) => {
    expect(refused(`["A0"]\n${text}`)).toContain(`delta/1-2/3, line 2: ${reason}`);
  });

  it('is refused for a validity that is the date of another row', () => {
    const dated = line('A0', rowOf('A0', { 10: '2027-02-03' }));
    expect(refused(dated + wrong(17, '2027-02-03'))).toContain('line 2: row 1 has no valid time of validity');
  });

  it('is refused where it is no UTF-8', () => {
    expect(refused(Buffer.from('["A1\xff"]\n', 'latin1'))).toBe('delta/1-2/3 is no UTF-8');
  });

  it('is not shown in the error', () => {
    expect(refused(line('SECRET1', rowOf('SECRET2', { 6: 'why' })))).not.toMatch(/SECRET|why/);
  });

  it('takes no longer where a text is a megabyte of escapes', () => {
    expect(refused(`["A1",["A1","${'\\n'.repeat(500_000)}\n`)).toContain('row 1 is no array');
  });
});

describe('lines with a byte changed anywhere', () => {
  it('are refused, or are what JSON and the rules say they are', () => {
    const random = repeatable(11);
    const texts = { 3: 'é "x" \\ \u0001', 10: '2027-02-03', 16: '2026-11-22T20:00:00Z' };
    const bytes = Buffer.from(
      line('A1', rowOf('AI', texts), rowOf('A1')) + line('B0') + line('C1', rowOf('CI', texts)),
    );
    let taken = 0;
    for (let round = 0; round < 4_000; round++) {
      const changed = Buffer.from(bytes);
      changed[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
      let groups: ReturnType<typeof parse>;
      try {
        groups = parse(changed);
      } catch (error) {
        expect(error).toMatchObject({ code: 'hotlist.package-invalid' });
        continue;
      }
      taken++;
      const lines = changed.toString().trimEnd().split('\n');
      expect(groups).toHaveLength(lines.length);
      for (const [index, { matchKey, rows, rowCount }] of groups.entries()) {
        expect([matchKey, ...rows]).toEqual(JSON.parse(lines[index] as string));
        expect(rows).toHaveLength(rowCount);
        for (const row of rows) {
          expect(row).toHaveLength(18);
          expect(row.every((text) => typeof text === 'string')).toBe(true);
          expect(row[0]?.replaceAll('O', '0').replaceAll('I', '1')).toBe(matchKey);
        }
      }
    }
    expect(taken).toBeGreaterThan(50);
  });
});

describe('a blob', () => {
  const read = (blob: Uint8Array) => [...readGroups(blob, 'snapshot/1/1')];

  it('unpacks to its lines', () => {
    expect(read(gzipSync('["A1"]\n["A2"]\n')).map(({ matchKey }) => matchKey)).toEqual(['A1', 'A2']);
    expect(read(gzipSync(''))).toEqual([]);
  });

  it('costs the memory of its bytes, not of its lines: one of these is there at a time', () => {
    const groups = readGroups(gzipSync(`${'["A1"]\n'.repeat(500_000)}garbage\n`), 'snapshot/1/1');
    expect(groups.next().value).toMatchObject({ matchKey: 'A1', rowCount: 0 });
    expect(() => [...groups]).toThrow('snapshot/1/1, line 500001: it does not begin with a match key');
  });

  it.each([
    ['a bomb', gzipSync(Buffer.alloc(40e6)), 'unpacks to more than 4194304 bytes'],
    ['more than 4 MB', Buffer.alloc(4_200_000), 'has 4200000 bytes, expected at most 4194304'],
    ['not packed', Buffer.from('["A1"]\n'), 'cannot be unpacked'],
    ['cut off', gzipSync('["A1"]\n').subarray(0, -5), 'cannot be unpacked'],
    ['nothing', Buffer.alloc(0), 'cannot be unpacked'],
  ])('is refused: %s', (_, blob, reason) => {
    expect(() => read(blob)).toThrow(`snapshot/1/1 ${reason}`);
  });
});
