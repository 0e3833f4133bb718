import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { encodeJpeg } from '../../src/capture/picture.js';
import { register as registerRates } from '../../src/cli/rates.js';
import { register as registerRead } from '../../src/cli/read.js';
import { boundingBox, iou, type Quad } from '../../src/domain/geometry.js';
import { pictureWith } from '../support/drawn-plates.js';

/** `anprctl read` and `anprctl rates` with the shipped models, on pictures drawn for the purpose. */
const FRONT: Quad = [
  { x: 180, y: 300 },
  { x: 340, y: 306 },
  { x: 339, y: 342 },
  { x: 179, y: 335 },
];
const SQUARE: Quad = [
  { x: 520, y: 200 },
  { x: 620, y: 196 },
  { x: 622, y: 268 },
  { x: 522, y: 271 },
];

let folder: string;
let output: string;
let complaints: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'anprd-read-'));
  const both = pictureWith(800, 450, [
    { mark: 'LK64 XWV', form: 'one-line', quad: FRONT },
    { mark: 'BD57 HNP', form: 'square', quad: SQUARE },
  ]);
  await writeFile(join(folder, 'both.jpg'), encodeJpeg(both, 90));
  await writeFile(join(folder, 'road.jpg'), encodeJpeg(pictureWith(800, 450, []), 90));
  await writeFile(join(folder, 'broken.jpg'), 'no picture');
});
afterAll(() => rm(folder, { recursive: true }));

beforeEach(() => {
  output = '';
  complaints = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    output += String(text);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    complaints += String(text);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

async function anprctl(...words: string[]): Promise<void> {
  const program = new Command('anprctl').exitOverride();
  registerRead(program);
  registerRates(program);
  await program.parseAsync(words, { from: 'user' });
}

const path = (name: string) => join(folder, name);
const labelled = (...lines: object[]) =>
  writeFile(path('labels.jsonl'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
const boxOf = (quad: Quad) => {
  const { x, y, width, height } = boundingBox(quad);
  return [x, y, width, height];
};

describe('anprctl read', () => {
  it('prints what it found, from left to right', async () => {
    await anprctl('read', path('both.jpg'));
    expect(output).toMatch(/both\.jpg: 2 plates\n {2}LK64XWV +read [01]\.\d\d .*current\n/);
    expect(output).toMatch(/\n {2}BD57 \/ HNP +read /);
    expect(complaints).toBe('');
    expect(process.exitCode).toBeUndefined();
  });

  it('prints JSON with corners, characters and scores', async () => {
    await anprctl('read', '--json', path('both.jpg'), path('road.jpg'));
    const [both, road] = JSON.parse(output);
    expect(both).toMatchObject({ widthPx: 800, heightPx: 450 });
    expect(both.plates[0]).toMatchObject({
      text: 'LK64XWV',
      accepted: true,
      ukClass: 'current',
      lines: ['LK64XWV'],
    });
    expect(both.plates[0].characters).toHaveLength(7);
    expect(both.plates[1]).toMatchObject({ text: 'BD57HNP', lines: ['BD57', 'HNP'] });
    const [x, y, width, height] = both.plates[0].box;
    expect(iou({ x, y, width, height }, boundingBox(FRONT))).toBeGreaterThan(0.6);
    expect(road.plates).toEqual([]);
  });

  it('names a picture that is broken, says what to do, and goes on with the others', async () => {
    await anprctl('read', path('broken.jpg'), path('nowhere.jpg'), path('both.jpg'));
    expect(output).toContain('LK64XWV');
    expect(complaints).toMatch(/broken\.jpg: .*expected a JPEG.*\n +Check/);
    expect(complaints).toMatch(/nowhere\.jpg: .*ENOENT/);
    expect(process.exitCode).toBe(1);
  });

  it('gives broken pictures their place in the JSON too', async () => {
    await anprctl('read', '--json', path('broken.jpg'), path('road.jpg'));
    expect(JSON.parse(output)).toMatchObject([
      { file: path('broken.jpg'), error: { code: 'capture.bad-picture' } },
      { file: path('road.jpg'), plates: [] },
    ]);
  });

  it('draws what it found, one file a picture', async () => {
    await anprctl('read', path('both.jpg'), '--draw', path('drawn.png'));
    expect((await readFile(path('drawn.png'))).subarray(1, 4).toString()).toBe('PNG');
    await anprctl('read', path('both.jpg'), path('road.jpg'), '--draw', path('each.png'));
    expect(existsSync(path('each-1.png')) && existsSync(path('each-2.png'))).toBe(true);
  });

  it('takes its thresholds from a configuration', async () => {
    await writeFile(path('anprd.yaml'), 'plates:\n  readThreshold: 1\n');
    await anprctl('read', path('both.jpg'), '--config', path('anprd.yaml'));
    expect(output).toMatch(/LK64XWV +unsure /);
  });

  it('says what is wrong with a models folder', async () => {
    await expect(anprctl('read', path('both.jpg'), '--models', folder)).rejects.toMatchObject({
      code: 'models.manifest-invalid',
      message: expect.stringContaining(path('manifest.json')),
    });
  });
});

describe('anprctl rates', () => {
  it('counts what was captured and read right, and lists what was not', async () => {
    await labelled(
      {
        file: 'both.jpg',
        plates: [
          { text: 'LK64XWV', box: boxOf(FRONT) },
          { text: 'XX99XXX', box: boxOf(SQUARE) },
        ],
      },
      { file: 'road.jpg', plates: [{ text: 'AB12CDE', box: [10, 10, 80, 20] }] },
    );
    await anprctl('rates', folder, '--json');
    const rates = JSON.parse(output);
    expect(rates).toMatchObject({
      pictures: 2,
      plates: 3,
      captured: 2,
      readRight: 1,
      wrongReads: 1,
      falseReads: 0,
      failures: [
        { file: 'both.jpg', expected: 'XX99XXX', got: 'BD57HNP', box: boxOf(SQUARE) },
        { file: 'road.jpg', expected: 'AB12CDE', got: null, box: [10, 10, 80, 20] },
      ],
    });
    expect(rates.intervals.captured.low).toBeLessThan(2 / 3);
  });

  it('counts reads of what is no labelled plate', async () => {
    await labelled({ file: 'both.jpg', plates: [{ text: 'LK64XWV', box: boxOf(FRONT) }] });
    await anprctl('rates', folder, '--json');
    expect(JSON.parse(output)).toMatchObject({ readRight: 1, falseReads: 1, picturesWithFalseRead: 1 });
  });

  it('shows progress on stderr and the figures on stdout', async () => {
    await labelled({ file: 'both.jpg', plates: [{ text: 'LK64XWV' }] }, { file: 'road.jpg', plates: [] });
    await anprctl('rates', folder, '--limit', '1');
    expect(complaints).toContain('1 of 1 pictures');
    expect(output).toMatch(/1 pictures, 1 plates\ncaptured +100\.0 %/);
  });

  it('leaves a broken picture out of the figures, says so, and exits 1', async () => {
    await labelled({ file: 'broken.jpg', plates: [{ text: 'AB12CDE' }] }, { file: 'road.jpg', plates: [] });
    await anprctl('rates', folder);
    expect(complaints).toMatch(/broken\.jpg.*expected/);
    expect(output).toContain('1 pictures, 0 plates');
    expect(output).toContain('1 pictures could not be opened');
    expect(process.exitCode).toBe(1);
  });

  it('refuses a bad line of labels by its number, before any picture is read', async () => {
    await writeFile(path('labels.jsonl'), '{"file": "road.jpg", "plates": []}\n{"file": 7}\n');
    await expect(anprctl('rates', folder)).rejects.toMatchObject({
      code: 'labels.invalid',
      message: expect.stringMatching(/labels\.jsonl, line 2: file: .*string.*; plates: /),
    });
  });

  it.each([
    ['--limit', '0'],
    ['--limit', 'many'],
    ['--threshold', '1.5'],
  ])('refuses %s %s', async (option, value) => {
    await expect(anprctl('rates', folder, option, value)).rejects.toThrow(/Expected/);
  });
});
