import { describe, expect, it } from 'vitest';
import { CHARSET } from '../../../src/domain/lattice.js';
import { logLikelihood } from '../../../src/domain/lattice-search.js';
import { evidenceOf, FrameEvidence } from '../../../src/passages/frame-evidence.js';
import { latticeOf } from '../../support/lattices.js';

const WAVERING = latticeOf(['LO68'], { 1: { O: 0.5, 0: 0.5 }, 3: { 8: 0.7, B: 0.3 } });

describe('the evidence of a frame', () => {
  it('proposes folded texts, the most probable first, and nothing far-fetched', () => {
    const proposals = new FrameEvidence(WAVERING).proposals(6);
    expect(proposals[0]).toEqual(['L068', '']);
    expect(proposals).toContainEqual(['L06B', '']);
    expect(new FrameEvidence(latticeOf(['L68'], {}, 0.99999)).proposals(6)).toEqual([['L68', '']]);
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
    expect(evidenceOf(WAVERING).proposals(3)).toBe(evidenceOf(WAVERING).proposals(3));
  });
});
