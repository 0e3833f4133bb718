import { describe, expect, it } from 'vitest';
import { classify } from '../../../../src/domain/grammar/forms.js';
import type { PlateRead } from '../../../../src/domain/read.js';
import { isMisSpaced } from '../../../../src/passages/hints/spacing.js';
import type { CharacterSpan, TextLine } from '../../../../src/passages/hints/text-line.js';
import { vrmOf } from '../../../support/reports.js';

const GAP_MM = 11;
const GROUP_GAP_MM = 33;

/** A line set in the prescribed measures; a space is a gap between groups, a dash one with ink in it. */
function lineOf(text: string, pxPerMm = 0.28): TextLine {
  const spans: CharacterSpan[] = [];
  let xMm = 30;
  for (const [index, character] of [...text].entries()) {
    if (character === ' ' || character === '-') continue;
    const widthMm = character === '1' ? 14 : 50;
    const dashMm = text[index - 1] === '-' ? 20 : 0;
    spans.push({ character, leftPx: (xMm - dashMm) * pxPerMm, rightPx: (xMm + widthMm) * pxPerMm });
    xMm += widthMm + (/[ -]/.test(text[index + 1] ?? '') ? GROUP_GAP_MM : GAP_MM);
  }
  const gapsPx = spans.slice(1).map(({ leftPx }, index) => leftPx - (spans[index]?.rightPx ?? 0));
  return { spans, gapsPx, pitchPx: 61 * pxPerMm, topPx: 10, bottomPx: 38, lean: 0 };
}

function readOf(lines: readonly string[]): PlateRead {
  const vrm = vrmOf(lines.join('').replaceAll(/[ -]/g, ''));
  const ukClass = classify(vrm);
  const read = { vrm, matchKey: vrm as never, probability: 0.99, characters: [], lines };
  return ukClass === undefined ? read : { ...read, ukClass };
}

function judge(...lines: string[]): boolean | undefined {
  return isMisSpaced(
    lines.map((line) => lineOf(line)),
    readOf(lines),
  );
}

describe('a mark is mis-spaced', () => {
  it.each(['AB12CDE', 'A123BCD', 'ABC123D', 'AIZ1234'])('where its groups are not set apart: %s', (text) =>
    expect(judge(text)).toBe(true),
  );

  it.each(['AB 12C DE', 'A B12 CDE', 'AB12C DE', 'AB1 2CDE', 'AB12 C DE', 'A12 3BCD', 'AB C123D'])(
    'where others are: %s',
    (text) => expect(judge(text)).toBe(true),
  );

  it('where a line ends inside a group', () => expect(judge('AB1', '2CDE')).toBe(true));
});

describe('a mark is not mis-spaced', () => {
  it.each(['AB12 CDE', 'KL11 LLJ', 'A1 BCD', 'ABC 123D', 'AIZ 1234'])('as it is prescribed: %s', (text) =>
    expect(judge(text)).toBe(false),
  );

  it('on two lines, a group each', () => expect(judge('AB12', 'CDE')).toBe(false));

  it('where a dash fills the gap', () => expect(judge('AIZ-1234')).toBe(false));

  it('however small the plate is in the picture', () => {
    expect(isMisSpaced([lineOf('AB12 CDE', 0.1)], readOf(['AB12CDE']))).toBe(false);
  });
});

describe('nothing is said of', () => {
  it.each(['CJ 12 KLM', 'B 123 WXC', 'AB 12CDE'])(
    'letters and digits set apart, as other countries do: %s',
    (text) => expect(judge(text)).toBeUndefined(),
  );

  it.each(['WX 48213', 'B AB 123', '4821BCD'])('a mark whose form prescribes nothing: %s', (text) =>
    expect(judge(text)).toBeUndefined(),
  );

  it('characters that touch each other', () => {
    const line = lineOf('AB12 CDE');
    const touching = { ...line, gapsPx: line.gapsPx.map((gapPx) => Math.max(0, gapPx - 3.1)) };
    expect(isMisSpaced([touching], readOf(['AB12CDE']))).toBeUndefined();
  });

  it('a gap as wide as a character: one may be missing there', () => {
    const line = lineOf('AB12 CDE');
    const gapsPx = line.gapsPx.map((gapPx, index) => (index === 1 ? line.pitchPx : gapPx));
    expect(isMisSpaced([{ ...line, gapsPx }], readOf(['AB12CDE']))).toBe(false);
  });
});
