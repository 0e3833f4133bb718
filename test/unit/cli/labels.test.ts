import { describe, expect, it } from 'vitest';
import { loadLabels, parseLabels } from '../../../src/cli/labels.js';
import { DeviceError } from '../../../src/lib/errors.js';

const GOOD = '{"file": "1.jpg", "plates": [{"text": "ab12 cde", "box": [1, 2, 30, 10], "colour": "yellow"}]}';

describe('labels.jsonl', () => {
  it('is read line by line; marks are normalised, what is not known is let be', () => {
    expect(parseLabels(`${GOOD}\n\n{"file": "2.jpg", "plates": []}\n`, 'labels.jsonl')).toEqual([
      { file: '1.jpg', plates: [{ text: 'AB12CDE', box: { x: 1, y: 2, width: 30, height: 10 } }] },
      { file: '2.jpg', plates: [] },
    ]);
  });

  it('may leave text and box out', () => {
    const [picture] = parseLabels(
      '{"file": "1.jpg", "plates": [{"text": "AB12CDE"}, {"box": [1, 2, 3, 4]}, {}]}',
      'x',
    );
    expect(picture?.plates.map((plate) => Object.keys(plate))).toEqual([['text'], ['box'], []]);
  });

  it.each([
    ['no JSON', '{"file": ', /no JSON/],
    ['no object', '[]', /the whole: .*object/],
    ['no file', '{"plates": []}', /file: /],
    ['a box of three', '{"file": "a", "plates": [{"box": [1, 2, 3]}]}', /plates\.0\.box/],
    ['a box without width', '{"file": "a", "plates": [{"box": [1, 2, 0, 4]}]}', /plates\.0\.box\.2/],
    [
      'a text that is no mark',
      '{"file": "a", "plates": [{"text": "???"}]}',
      /plates\.0\.text: expected 1 to 12/,
    ],
  ])('with %s is refused with its line and the shape expected', (_, line, problem) => {
    const parse = () => parseLabels(`${GOOD}\n${line}\n`, 'some/labels.jsonl');
    expect(parse).toThrow(DeviceError);
    expect(parse).toThrow(problem);
    expect(parse).toThrow(/^some\/labels\.jsonl, line 2: /);
    try {
      parse();
    } catch (error) {
      expect((error as DeviceError).code).toBe('labels.invalid');
      expect((error as DeviceError).hint).toContain(
        '"plates": [{"text": "AB12CDE", "box": [x, y, width, height]}]',
      );
    }
  });

  it('that is missing is said so, with what is expected', async () => {
    await expect(loadLabels('/nowhere')).rejects.toMatchObject({
      code: 'labels.invalid',
      message: expect.stringContaining('/nowhere/labels.jsonl'),
      hint: expect.stringContaining('labels.jsonl'),
    });
  });
});
