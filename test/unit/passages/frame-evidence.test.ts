import { describe, expect, it } from 'vitest';
import { CHARSET } from '../../../src/domain/lattice.js';
import { logLikelihood } from '../../../src/domain/lattice-search.js';
import { evidenceOf, FrameEvidence } from '../../../src/passages/frame-evidence.js';
import { latticeOf } from '../../support/lattices.js';

const WAVERING = latticeOf(['LO68'], { 1: { O: 0.5, 0: 0.5 }, 3: { 8: 0.7, B: 0.3 } });

describe('the evidence of a frame', () => {
  it('proposes folded texts, the most probable first, and nothing far-fetched', () => {
    const { texts } = new FrameEvidence(WAVERING).proposals;
    expect(texts[0]).toEqual(['L068', '']);
    expect(texts).toContainEqual(['L06B', '']);
    expect(new FrameEvidence(latticeOf(['L68'], {}, 0.99999)).proposals.texts).toEqual([['L68', '']]);
  });

  it('knows the most that any text can be which it did not propose', () => {
    const doubts = { 0: { L: 0.6, C: 0.4 }, 2: { 6: 0.7, G: 0.3 }, 3: { 8: 0.8, B: 0.2 } };
    const evidence = new FrameEvidence(latticeOf(['LK68'], doubts, 0.9999));
    const { texts, mostOfOthers } = evidence.proposals;
    const proposed = texts.map(([text]) => text);
    for (const text of ['LK68', 'CK68', 'LKG8', 'LK6B', 'CKG8', 'CK6B', 'LKGB', 'CKGB']) {
      if (!proposed.includes(text)) expect(evidence.probability([text])).toBeLessThanOrEqual(mostOfOthers);
    }
    // With nothing left to propose it is the share below which a text is far-fetched.
    expect(new FrameEvidence(latticeOf(['L68'], {}, 0.99999)).proposals.mostOfOthers).toBeCloseTo(1e-3, 4);
  });

  it('counts all spellings of a folded text together, and each by itself', () => {
    const evidence = new FrameEvidence(WAVERING);
    const digit = evidence.probabilityAsSpelled(['L068']);
    const letter = evidence.probabilityAsSpelled(['LO68']);
    expect(digit).toBeCloseTo(Math.exp(logLikelihood(WAVERING, ['L068'])), 6);
    // The reader wavers from column to column too, which makes the folded text more than the sum.
    expect(evidence.probability(['L068', ''])).toBeGreaterThan(digit + letter);
    expect(evidence.probability(['LO68', ''])).toBe(0);
  });

  it('goes together with a text of which it lost characters, and less the more it lost', () => {
    const evidence = new FrameEvidence(latticeOf(['L68X']));
    const [whole, one, two] = ['L68X', 'LM68X', 'LM6K8X'].map((text) => evidence.tolerance([text]));
    expect(evidence.probability(['LM68X'])).toBeLessThan(1e-3);
    expect(one).toBeGreaterThan(0.015);
    expect(one).toBeLessThan((whole as number) / 3);
    expect(two).toBeLessThan((one as number) / 3);
    // What it saw stands: another character there is not excused by this.
    expect(evidence.tolerance(['L69X'])).toBeLessThan((two as number) / 10);
  });

  it('has not lost a second line where it saw one line', () => {
    const evidence = new FrameEvidence(latticeOf(['L68X'], {}, 0.9999));
    expect(evidence.tolerance(['L68X', 'K'])).toBeLessThan(evidence.tolerance(['L68XK', '']) / 10);
  });

  it('gives the shares of all characters in each place', () => {
    const places = new FrameEvidence(WAVERING).sharesByPlace(0, 'L068');
    expect(places).toHaveLength(4);
    for (const shares of places) expect(shares.reduce((a, b) => a + b)).toBeCloseTo(1);
    const share = (place: number, character: string) => places[place]?.[CHARSET.indexOf(character)];
    expect(share(3, '8')).toBeGreaterThan(share(3, 'B') as number);
    expect(share(1, 'O')).toBe(0);
  });

  it('has no shares for a text that it cannot show', () => {
    const evidence = new FrameEvidence(latticeOf(['L68']));
    expect(evidence.sharesByPlace(0, 'A'.repeat(30))).toEqual([]);
    expect(evidence.sharesByPlace(2, 'L68')).toEqual([]);
  });

  it('is worked out once a lattice', () => {
    expect(evidenceOf(WAVERING)).toBe(evidenceOf(WAVERING));
    expect(evidenceOf({ ...WAVERING })).not.toBe(evidenceOf(WAVERING));
    expect(evidenceOf(WAVERING).proposals).toBe(evidenceOf(WAVERING).proposals);
  });
});
