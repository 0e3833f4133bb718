import { describe, expect, it } from 'vitest';
import { writeField } from '../../../src/matching/csv-fields.js';
import { type ImportedRow, readVoiCsv } from '../../../src/matching/csv-import.js';
import { COLUMN_NAMES } from '../../../src/matching/voi-entry.js';

const HEADER = COLUMN_NAMES.join(',');

/** As a disk may hand it over: in pieces of any size. */
async function* bytes(text: string | Uint8Array, pieceSize = 7): AsyncGenerator<Uint8Array> {
  const all = Buffer.from(text as string);
  for (let at = 0; at < all.length; at += pieceSize) yield all.subarray(at, at + pieceSize);
}

async function read(text: string | Uint8Array, pieceSize?: number): Promise<ImportedRow[]> {
  const rows: ImportedRow[] = [];
  for await (const row of readVoiCsv(bytes(text, pieceSize))) rows.push(row);
  return rows;
}

function marks(rows: readonly ImportedRow[]): string[] {
  return rows.map((row) => (row.kind === 'entry' ? row.entry.vrm : `line ${row.line}: ${row.reason}`));
}

describe('a list as forces write it', () => {
  it('keeps all 16 columns and the validity', async () => {
    const values = ['AB12 CDE', ...COLUMN_NAMES.slice(1).map((name) => `the ${name}`)];
    values[COLUMN_NAMES.indexOf('weed_date')] = '2031-05-06';
    values[COLUMN_NAMES.indexOf('valid_from')] = '31/05/2026 18:30';
    values[COLUMN_NAMES.indexOf('valid_to')] = '2031-01-01T00:00:00Z';
    const [row] = await read(`${HEADER}\n${values.join(',')}\n`);
    expect(row).toEqual({
      kind: 'entry',
      line: 2,
      latin1: false,
      entry: {
        vrm: 'AB12CDE',
        make: 'the make',
        model: 'the model',
        colour: 'the colour',
        action: 'the action',
        warningMarkers: 'the warning_markers',
        reason: 'the reason',
        intelligenceGrading: 'the intelligence_grading',
        informationAction: 'the information_action',
        forceAndArea: 'the force_and_area',
        weedDate: '2031-05-06',
        pncId: 'the pnc_id',
        protectiveMarking: 'the protective_marking',
        cadInformation: 'the cad_information',
        spare1: 'the spare_1',
        spare2: 'the spare_2',
        validFrom: '2026-05-31T17:30:00Z',
        validTo: '2031-01-01T00:00:00Z',
      },
    });
  });

  it.each([
    ['names in any case and with spaces', 'Weed Date,VRM,PNC Id\n,ab12cde,7\n'],
    ['the national spelling of a column', 'VRM,Information/Action\nAB12CDE,x\n'],
    ['a BOM', '\ufeffvrm\nAB12CDE\n'],
    ['CRLF', 'vrm,make\r\nAB12CDE,FORD\r\n'],
    ['no line end at the end', 'vrm,make\nAB12CDE,FORD'],
    ['blank lines', '\n\nvrm\n\nAB12CDE\n\n'],
    ['quotes, with commas, quotes and line ends in them', 'vrm,reason\n"AB12CDE","a, ""b""\r\nc"\n'],
  ])('accepts %s', async (_, text) => {
    expect(marks(await read(text))).toEqual(['AB12CDE']);
  });

  it('keeps what is quoted as it is', async () => {
    const rows = await read('vrm,reason\nAB12CDE,"a, ""b""\nc"\nCD34EFG,next\n');
    expect(rows).toMatchObject([
      { line: 2, entry: { reason: 'a, "b"\nc' } },
      { line: 4, entry: { reason: 'next' } },
    ]);
  });

  it('reads a weed date as ISO or as written in the United Kingdom', async () => {
    const rows = await read('vrm,weed_date\nA1,2027-02-28\nA2,28/2/2027\nA3,\n');
    expect(rows).toMatchObject([
      { entry: { weedDate: '2027-02-28' } },
      { entry: { weedDate: '2027-02-28' } },
      { entry: { weedDate: '' } },
    ]);
  });

  it('reads bytes that are not UTF-8 as Windows wrote them, and says so', async () => {
    const rows = await read(Buffer.from('vrm,make\nAB12CDE,CITRO\xcbN\nCD34EFG,FORD\n', 'latin1'));
    expect(rows).toMatchObject([
      { latin1: true, entry: { make: 'CITROËN' } },
      { latin1: false, entry: { make: 'FORD' } },
    ]);
  });

  it('gives the same rows however the bytes are cut', async () => {
    const text = 'vrm,reason\r\nAB12CDE,"é ""\r\nx"\r\nbad row,,\r\nCD34EFG,ü\r\n';
    const whole = await read(text, 1_000);
    for (let size = 1; size < 20; size++) expect(await read(text, size)).toEqual(whole);
  });
});

describe('a bad row', () => {
  it('is named by line and reason, without its contents, and the others are read', async () => {
    const rows = await read(
      [
        'vrm,weed_date',
        'AB12CDE,2027-01-01',
        'CD34EFG',
        'CD34EFG,,,',
        ',2027-01-01',
        'NOT!A!MARK,',
        'ABCDEFGHIJKLM,',
        'EF56GHJ,2027-02-30',
        'EF56GHJ,soon',
        'GH78JKL,',
      ].join('\n'),
    );
    const fields = (found: number) => `found ${found} fields, expected 2 as in the first row`;
    const vrm = 'no valid VRM; expected 1 to 12 letters and digits';
    const date = 'no valid weed date; expected YYYY-MM-DD, DD/MM/YYYY or nothing';
    expect(marks(rows)).toEqual([
      'AB12CDE',
      `line 3: ${fields(1)}`,
      `line 4: ${fields(4)}`,
      `line 5: ${vrm}`,
      `line 6: ${vrm}`,
      `line 7: ${vrm}`,
      `line 8: ${date}`,
      `line 9: ${date}`,
      'GH78JKL',
    ]);
  });

  it.each([
    ['a time that is none', 'soon,', 'no valid valid_from; expected a time'],
    ['an end that is none', ',2026-02-30', 'no valid valid_to; expected a time'],
    ['an end before its beginning', '2026-02-02,2026-02-01', 'valid_to is not after valid_from'],
  ])('is one whose validity is %s', async (_, validity, reason) => {
    const rows = await read(`vrm,valid_from,valid_to\nAB12CDE,${validity}\nCD34EFG,,\n`);
    expect(rows).toMatchObject([{ kind: 'bad', reason: expect.stringContaining(reason) }, { kind: 'entry' }]);
  });

  it('costs only itself when its quote is never closed', async () => {
    const rows = await read(`vrm,reason\nAB12CDE,"open\n${'CD34EFG,x\n'.repeat(120)}EF56GHJ,"closed"\n`);
    expect(rows[0]).toEqual({ kind: 'bad', line: 2, reason: 'a quote (") is opened and not closed' });
    expect(marks(rows.slice(1))).toEqual([...Array(120).fill('CD34EFG'), 'EF56GHJ']);
  });

  it('costs only itself when a quote stands in the middle of a field', async () => {
    const rows = await read('vrm,reason\nAB12CDE,6" pipe and 3" pipe\nCD34EFG,"a"b"c"\nEF56GHJ,x\n');
    expect(rows.map((row) => row.kind)).toEqual(['bad', 'bad', 'entry']);
  });

  it('costs only itself when it is endless', async () => {
    const rows = await read(`vrm,reason\nAB12CDE,${'x'.repeat(300_000)}\nCD34EFG,x\n`, 4_096);
    expect(rows).toMatchObject([
      { kind: 'bad', line: 2, reason: 'longer than 65536 bytes' },
      { kind: 'entry', line: 3, entry: { vrm: 'CD34EFG' } },
    ]);
  });
});

describe('a first row that names no columns', () => {
  it.each([
    ['an empty file', '', 'the file is empty'],
    ['no vrm', 'make,model\nFORD,FOCUS\n', 'there is no column "vrm"'],
    ['an unknown name', 'vrm,colr\nAB12CDE,BLUE\n', 'column 2 ("colr") is unknown'],
    ['data at once, which is not shown', 'AB12CDE,FORD\n', 'column 1 is unknown'],
    ['a name twice', 'vrm,make,Make\n', 'the column "make" stands there twice'],
    ['semicolons', 'vrm;make\nAB12CDE;FORD\n', 'its columns are separated by semicolons'],
    ['tabs', 'vrm\tmake\nAB12CDE\tFORD\n', 'its columns are separated by tabs'],
    ["a spreadsheet's own line", 'sep=,\nvrm,make\nAB12CDE,FORD\n', 'it is a line for a spreadsheet (sep=)'],
    ['carriage returns alone', 'vrm,make\rAB12CDE,FORD\r', 'its lines end with carriage returns alone'],
    [
      'UTF-16',
      Buffer.from('\ufeffvrm\nAB12CDE\n', 'utf16le'),
      'the file looks like UTF-16 or no text at all',
    ],
  ])('is refused: %s', async (_, text, found) => {
    await expect(read(text)).rejects.toMatchObject({
      code: 'hotlist.header-invalid',
      message: expect.stringContaining(found),
      hint: expect.stringContaining('first row'),
    });
  });
});

describe('what a spreadsheet would run as a formula', () => {
  it.each([
    '=1+1',
    '=HYPERLINK("http://x","y")',
    '+44 1632 960681',
    '-5',
    '@SUM(A1)',
    "'=1+1",
    "''=1+1",
    "'tis",
    "'",
    '',
    'a=b',
    '"quoted", and\nmore',
  ])('is written so that it is not, and read as it was: %j', async (text) => {
    const written = writeField(text);
    expect(written.replace(/^"/, '')).not.toMatch(/^[=+\-@\t\r]/);
    const rows = await read(`vrm,reason\nAB12CDE,${written}\n`);
    expect(rows).toMatchObject([{ entry: { reason: text } }]);
  });

  it('is kept as what its author wrote where it comes from elsewhere', async () => {
    expect(await read('vrm,reason\nAB12CDE,=cmd|calc\n')).toMatchObject([{ entry: { reason: '=cmd|calc' } }]);
  });
});
