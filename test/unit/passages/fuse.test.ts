import { describe, expect, it } from 'vitest';
import { logLikelihood } from '../../../src/domain/lattice-search.js';
import { fuse } from '../../../src/passages/fuse.js';
import { latticeOf } from '../../support/lattices.js';

const evenly = (...lattices: ReturnType<typeof latticeOf>[]) =>
  lattices.map((lattice) => ({ lattice, weight: 1 }));

describe('a single frame', () => {
  it('is read with the probability that the reader itself gives the text', () => {
    const lattice = latticeOf(['AB12CDE'], { 2: { 1: 0.6, 7: 0.4 } });
    const read = fuse(evenly(lattice), { ukFavour: 1 });
    expect(read?.vrm).toBe('AB12CDE');
    // I for 1 is the same mark, so it counts as well; its share is small here.
    expect(read?.probability).toBeCloseTo(Math.exp(logLikelihood(lattice, ['AB12CDE'])), 1);
    expect(read?.probability).toBeGreaterThanOrEqual(Math.exp(logLikelihood(lattice, ['AB12CDE'])));
  });

  it('is not called sure where its characters are doubtful', () => {
    const doubt = { S: 0.55, 5: 0.45 };
    const read = fuse(evenly(latticeOf(['AB62SSS'], { 4: doubt, 5: doubt, 6: doubt })));
    expect(read?.probability).toBeLessThan(0.5);
  });

  it('says for every place what else it may be', () => {
    const read = fuse(evenly(latticeOf(['AB62CDE'], { 1: { B: 0.7, 8: 0.3 } })));
    expect(read?.characters.map(({ character }) => character).join('')).toBe('AB62CDE');
    const [a, b] = read?.characters ?? [];
    expect(a?.probability).toBeGreaterThan(0.95);
    expect(b?.alternatives[0]?.character).toBe('8');
    expect((b?.probability ?? 0) + (b?.alternatives[0]?.probability ?? 0)).toBeGreaterThan(0.95);
    expect(b?.probability).toBeGreaterThan(b?.alternatives[0]?.probability ?? 1);
  });
});

describe('other texts', () => {
  const oneLost = latticeOf(['AB62CDE'], { 3: { 2: 0.6, '': 0.4 } });

  it('are told of other lengths too, most probable first, with their share', () => {
    const read = fuse(evenly(latticeOf(['AB62CDE'], { 1: { B: 0.9, 8: 0.1 }, 3: { 2: 0.6, '': 0.4 } })), {
      ukFavour: 1,
    });
    expect(read?.vrm).toBe('AB62CDE');
    const others = read?.otherTexts ?? [];
    expect(others[0]?.matchKey).toBe('AB6CDE');
    expect(others[0]?.probability).toBeGreaterThan(0.05);
    expect(others.map(({ matchKey }) => matchKey)).toContain('A862CDE');
    expect(others.map(({ matchKey }) => matchKey)).not.toContain('AB62CDE');
    const shares = others.map(({ probability }) => probability);
    expect([...shares].sort((a, b) => b - a)).toEqual(shares);
  });

  it('and the read itself have at most the whole probability between them, calibrated or not', () => {
    const calibration = {
      read: { slope: 1.2, bias: -1, noDigit: -1, noLetter: -1, short: -1 },
      character: { temperature: 0.9 },
    };
    const short = latticeOf(['A62'], { 1: { 6: 0.6, '': 0.4 } });
    const frames = [evenly(oneLost), evenly(oneLost, latticeOf(['AB62CDE'])), evenly(short)];
    for (const options of [{}, { calibration }]) {
      for (const read of frames.map((each) => fuse(each, options))) {
        const others = read?.otherTexts?.map(({ probability }) => probability) ?? [];
        expect(others.length).toBeGreaterThan(0);
        expect(others.length).toBeLessThanOrEqual(8);
        expect(Math.min(...others)).toBeGreaterThanOrEqual(1e-4);
        expect(others.reduce((a, b) => a + b, read?.probability ?? 0)).toBeLessThanOrEqual(1 + 1e-9);
      }
    }
  });

  it('are doubtful where the read is, and hold what it is taken from', () => {
    const calibration = {
      read: { slope: 1, bias: -1, noDigit: 0, noLetter: 0, short: 0 },
      character: { temperature: 1 },
    };
    const [stated, doubted] = [fuse(evenly(oneLost)), fuse(evenly(oneLost), { calibration })];
    expect(doubted?.probability).toBeLessThan(stated?.probability ?? 0);
    expect(doubted?.otherTexts?.[0]?.probability).toBeGreaterThan(stated?.otherTexts?.[0]?.probability ?? 1);
  });

  it('are none where the frames leave no doubt', () => {
    expect(fuse(evenly(latticeOf(['AB62CDE'], {}, 0.999999)))).not.toHaveProperty('otherTexts');
  });
});

describe('alternatives of a character', () => {
  it('are told down to one in ten thousand, eight at most', () => {
    const doubts = { 8: 0.02, E: 0.01, R: 0.008, P: 0.006, D: 0.005, 3: 0.004, H: 0.003, K: 0.002, N: 0.001 };
    const read = fuse(
      evenly(latticeOf(['AB62CDE'], { 1: { B: 0.94, ...doubts }, 4: { C: 0.98, G: 0.02 } }, 0.99999)),
    );
    expect(read?.characters[1]?.alternatives.map(({ character }) => character).join('')).toBe('8ERPD3HK');
    expect(read?.characters[4]?.alternatives[0]?.character).toBe('G');
  });

  it('are told of a sure character too, where the reader likes one better than all others', () => {
    const lattice = latticeOf(['AB62CDE'], { 4: { C: 0.999, G: 0.001 } }, 0.999999);
    const alternatives = fuse(evenly(lattice))?.characters[4]?.alternatives ?? [];
    expect(alternatives[0]?.character).toBe('G');
    expect(alternatives[0]?.probability).toBeLessThan(0.001);
  });
});

describe('several frames', () => {
  it('outvote one that misread', () => {
    const right = latticeOf(['LM08XKV']);
    const wrong = latticeOf(['LM08XKY']);
    expect(fuse(evenly(right, wrong, right))?.vrm).toBe('LM08XKV');
  });

  it('outvote one that shows something else altogether', () => {
    const right = latticeOf(['LM08XKV'], { 4: { X: 0.6, K: 0.4 } });
    const other = latticeOf(['TAXI'], {}, 0.9999);
    expect(fuse(evenly(right, other, right))?.vrm).toBe('LM08XKV');
  });

  it('restore a character that was lost in one', () => {
    const lost = latticeOf(['LM08XKV'], { 3: { '': 0.9, 8: 0.1 } });
    const right = latticeOf(['LM08XKV']);
    const unbiased = { ukFavour: 1 };
    expect(fuse(evenly(lost), unbiased)?.vrm).toBe('LM0XKV');
    expect(fuse(evenly(lost, right, right), unbiased)?.vrm).toBe('LM08XKV');
  });

  it('give a text that no frame puts first, where each is wrong elsewhere', () => {
    const frames = [0, 1, 4].map((place) =>
      latticeOf(['LM68XKV'], { [place]: { [['L', 'M', '', '', 'X'][place] as string]: 0.4, H: 0.6 } }),
    );
    for (const frame of frames) expect(fuse(evenly(frame))?.vrm).not.toBe('LM68XKV');
    expect(fuse(evenly(...frames))?.vrm).toBe('LM68XKV');
  });

  it('are sure together of what glare hides in each of them in another place', () => {
    const hidden = (places: readonly number[]) =>
      latticeOf(['LM68XKV'], Object.fromEntries(places.map((place) => [place, { '': 1 }])));
    const frames = [[0, 1], [2, 3], [4, 5], [], [6], []].map(hidden);
    expect(fuse(evenly(...frames))?.vrm).toBe('LM68XKV');
    expect(fuse(evenly(...frames))?.probability).toBeGreaterThan(0.8);
  });

  it('do not become unsure because each has doubts of its own', () => {
    // Far-fetched texts of one frame are not those of another, so all of them together weigh little.
    const doubtful = [0, 1, 4, 6].map((place) =>
      latticeOf(
        ['LM68XKV'],
        { [place]: { ['LM68XKV'[place] as string]: 0.7, H: 0.1, N: 0.1, W: 0.1 } },
        0.985,
      ),
    );
    const [alone] = doubtful.map((frame) => fuse(evenly(frame))?.probability ?? 0) as [number];
    expect(fuse(evenly(...doubtful))?.probability).toBeGreaterThan(Math.max(0.9, alone));
  });

  it('are trusted by weight', () => {
    const sharp = { lattice: latticeOf(['AB62CDE']), weight: 3 };
    const blurred = { lattice: latticeOf(['AB62CDF']), weight: 1 };
    expect(fuse([blurred, sharp])?.vrm).toBe('AB62CDE');
    expect(fuse([{ ...sharp, weight: 0 }, blurred])?.vrm).toBe('AB62CDF');
    expect(fuse([{ ...sharp, weight: Number.NaN }, blurred])?.vrm).toBe('AB62CDF');
  });

  it('make a read surer the more agree, but never as sure as if each were a new witness', () => {
    const frame = latticeOf(['AB62CDE'], { 1: { B: 0.7, 8: 0.3 } });
    const probabilityOf = (count: number) =>
      fuse(evenly(...Array.from({ length: count }, () => frame)))?.probability ?? 0;
    const [one, two, eight, fifty] = [1, 2, 8, 50].map(probabilityOf) as [number, number, number, number];
    expect(two).toBeGreaterThan(one);
    expect(eight).toBeGreaterThan(two);
    expect(fifty - eight).toBeLessThan(0.03);
    // As if each were new, eight would make it 0.999.
    expect(eight).toBeLessThan(0.98);
    expect(fifty).toBeLessThan(0.999);
  });
});

describe('lines', () => {
  it('are kept apart as the plate shows them', () => {
    const read = fuse(evenly(latticeOf(['AB62', 'CDE']), latticeOf(['AB62', 'CDE'])));
    expect(read?.vrm).toBe('AB62CDE');
    expect(read?.lines).toEqual(['AB62', 'CDE']);
    expect(read?.characters).toHaveLength(7);
  });

  it('do not split the vote: the same mark cut otherwise is the same mark', () => {
    const cut = latticeOf(['AB62', 'CDE']);
    const flat = latticeOf(['AB62CDE']);
    const wrong = latticeOf(['AB62CDF']);
    expect(fuse(evenly(cut, flat, wrong))?.vrm).toBe('AB62CDE');
  });

  it('give one line where the lower is empty', () => {
    expect(fuse(evenly(latticeOf(['AB62CDE'])))?.lines).toEqual(['AB62CDE']);
  });
});

describe('O and 0, I and 1', () => {
  it('are one glyph: wavering between them costs nothing', () => {
    const read = fuse(evenly(latticeOf(['LO08XIV'], { 1: { O: 0.5, 0: 0.5 }, 5: { I: 0.5, 1: 0.5 } })));
    const sure = fuse(evenly(latticeOf(['LO08XIV'])));
    expect(read?.probability).toBeCloseTo(sure?.probability ?? 0, 3);
    expect(read?.matchKey).toBe('L008X1V');
  });

  it('are spelled as a UK mark has them', () => {
    const read = fuse(evenly(latticeOf(['L0O8XKV'])));
    expect(read?.vrm).toBe('LO08XKV');
    expect(read?.ukClass).toBe('current');
    expect(read?.lines).toEqual(['LO08XKV']);
    expect(read?.characters.map(({ character }) => character).join('')).toBe('LO08XKV');
  });

  it("keep the reader's own spelling where a mark has no UK form", () => {
    const read = fuse(evenly(latticeOf(['BA0O1I22X'])));
    expect(read?.vrm).toBe('BA0O1I22X');
    expect(read?.ukClass).toBeUndefined();
  });

  it('are not alternatives of each other', () => {
    const read = fuse(evenly(latticeOf(['LO08XKV'], { 1: { O: 0.5, 0: 0.5 } })));
    expect(read?.characters[1]?.alternatives.map(({ character }) => character)).not.toContain('0');
    expect(read?.characters[1]?.probability).toBeGreaterThan(0.95);
  });
});

describe('the forms of UK marks', () => {
  it('tip the scales where the reader is in doubt', () => {
    const frames = evenly(latticeOf(['DYS6YFE'], { 2: { S: 0.6, 5: 0.4 } }));
    expect(fuse(frames, { ukFavour: 1 })?.vrm).toBe('DYS6YFE');
    expect(fuse(frames)?.vrm).toBe('DY56YFE');
  });

  it('favour no mark whose time has not come', () => {
    const doubtful = evenly(latticeOf(['AB76CDE'], { 2: { 7: 0.55, 2: 0.45 } }));
    const summer2026 = Date.UTC(2026, 6, 1);
    expect(fuse(doubtful, { seenAtMs: summer2026 })?.vrm).toBe('AB26CDE');
    expect(fuse(doubtful, { seenAtMs: Date.UTC(2026, 9, 1) })?.vrm).toBe('AB76CDE');
    // Plainly read, it stays: the plate may be false, and that is worth knowing.
    expect(fuse(evenly(latticeOf(['AB76CDE'])), { seenAtMs: summer2026 })?.vrm).toBe('AB76CDE');
  });

  it('do not bend a foreign plate that is plainly read', () => {
    const frames = evenly(latticeOf(['WA5S666'], { 3: { S: 0.98, 5: 0.02 } }));
    expect(fuse(frames)?.vrm).toBe('WA5S666');
    expect(fuse(frames)?.probability).toBeGreaterThan(0.6);
  });

  it('do not make what is hardly legible look sure', () => {
    const doubt = { S: 0.2, 5: 0.2, B: 0.2, 8: 0.2, 6: 0.2 };
    const read = fuse(
      evenly(latticeOf(['AB55SSS'], { 0: doubt, 2: doubt, 3: doubt, 4: doubt, 5: doubt, 6: doubt })),
    );
    expect(read?.probability ?? 0).toBeLessThan(0.2);
  });
});

describe('no read', () => {
  it.each([
    ['an empty plate', ['']],
    ['one character', ['A']],
    ['more characters than any mark has', ['ABCDEFGHIJKLM']],
  ])('comes of %s', (_, rows) => {
    expect(fuse(evenly(latticeOf(rows)))).toBeUndefined();
  });

  it('comes of no frames', () => {
    expect(fuse([])).toBeUndefined();
    expect(fuse([{ lattice: latticeOf(['AB62CDE']), weight: 0 }])).toBeUndefined();
  });
});
