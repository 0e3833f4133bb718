import { classify } from '../../src/domain/grammar/forms.js';
import type { PlateRead } from '../../src/domain/read.js';
import { foldVrm } from '../../src/domain/vrm.js';
import { vrmOf } from './reports.js';

/**
 * A read as fuse makes it, with what it is in doubt about.
 * @param doubts by place from 0: what else may stand there, with its probability; the rest is the
 *   read's own character.
 */
export function readOf(
  text: string,
  options: {
    readonly probability?: number;
    readonly doubts?: Readonly<Record<number, Readonly<Record<string, number>>>>;
    readonly otherTexts?: Readonly<Record<string, number>>;
  } = {},
): PlateRead {
  const vrm = vrmOf(text);
  const { probability = 0.99, doubts = {}, otherTexts } = options;
  const ukClass = classify(vrm);
  return {
    vrm,
    matchKey: foldVrm(vrm),
    probability,
    characters: Array.from(vrm, (character, place) => {
      const alternatives = Object.entries(doubts[place] ?? {})
        .map(([other, share]) => ({ character: other, probability: share }))
        .sort((a, b) => b.probability - a.probability);
      const taken = alternatives.reduce((sum, alternative) => sum + alternative.probability, 0);
      return { character, probability: 1 - taken, alternatives };
    }),
    ...(otherTexts !== undefined && {
      otherTexts: Object.entries(otherTexts).map(([other, share]) => ({
        matchKey: foldVrm(vrmOf(other)),
        probability: share,
      })),
    }),
    lines: [vrm],
    ...(ukClass !== undefined && { ukClass }),
  };
}
