import { isIssuedBy } from '../domain/grammar/age-identifier.js';
import { restorePrintedForm, type UkClass } from '../domain/grammar/forms.js';
import { parseVrm } from '../domain/vrm.js';
import type { TrustedFrame } from './weighing.js';

/**
 * On a UK road hardly one vehicle in ten has a mark of no usual UK form, while the reader is
 * trained on marks of all countries: S for 5 in a place where UK marks have digits is then more
 * likely to be a 5. A foreign plate that is plainly read stays as it is.
 */
const UK_FAVOUR = 10;
/** Forms narrow enough to tell something: a dateless mark is whatever is left of another one. */
const USUAL_UK_CLASSES: readonly UkClass[] = ['current', 'prefix', 'suffix', 'q', 'northern-ireland'];

export interface ElectionOptions {
  /** How many times likelier a mark of a usual UK form is to pass by than any other; 1: no matter. */
  readonly ukFavour?: number;
  /** UTC, milliseconds: when the plate was seen; a mark that was not issued by then is not favoured. */
  readonly seenAtMs?: number;
}

interface Text {
  /** Folded, by row. */
  readonly rows: readonly string[];
  /** Of the frames alone: the logarithm of a probability, before normalising. */
  readonly score: number;
  /** How likely such a mark is to pass by, compared with any other. */
  readonly favour: number;
}

/** A mark that frames proposed. */
export interface ElectedMark {
  /** Folded, in the lines that the frames like best. */
  readonly rows: readonly string[];
  /** Among all texts, those that nobody proposed included. */
  readonly probability: number;
}

/** Every mark that some frame proposes, scored in all of them; most probable first. */
export function elect(
  frames: readonly TrustedFrame[],
  { ukFavour = UK_FAVOUR, seenAtMs }: ElectionOptions,
): ElectedMark[] {
  const left = frames.map(() => 1);
  // What one frame lost only another one can know of.
  const several = frames.length > 1;
  const texts: Text[] = propose(frames).map((rows) => {
    let score = 0;
    frames.forEach(({ evidence, exponent, floor }, index) => {
      const probability = evidence.probability(rows);
      left[index] = (left[index] as number) - probability;
      score += exponent * Math.log((several ? evidence.tolerance(rows) : probability) + floor);
    });
    return { rows, score, favour: isUsualUkMark(rows.join(''), seenAtMs) ? ukFavour : 1 };
  });
  if (texts.length === 0) return [];
  const unproposedScore = mostUnproposed(frames, left);

  const most = Math.max(unproposedScore, ...texts.map(({ score }) => score));
  // The same mark cut into lines differently is the same mark.
  const marks = new Map<string, { best: Text; mass: number }>();
  let evidence = 0;
  let total = 0;
  for (const text of texts) {
    const share = Math.exp(text.score - most);
    const mass = share * text.favour;
    evidence += share;
    total += mass;
    const key = text.rows.join('');
    const mark = marks.get(key);
    if (mark === undefined) marks.set(key, { best: text, mass });
    else marks.set(key, { best: text.score > mark.best.score ? text : mark.best, mass: mark.mass + mass });
  }
  // What nobody proposed is taken to be of a usual form as often as what was proposed.
  const meanFavour = evidence === 0 ? 1 : total / evidence;
  const everything = total + Math.exp(unproposedScore - most) * meanFavour;
  return [...marks.values()]
    .sort((a, b) => b.mass - a.mass)
    .map(({ best, mass }) => ({ rows: best.rows, probability: mass / everything }));
}

function propose(frames: readonly TrustedFrame[]): (readonly string[])[] {
  const proposals = new Map<string, readonly string[]>();
  for (const { evidence } of frames) {
    for (const rows of evidence.proposals.texts) proposals.set(rows.join('\n'), rows);
  }
  return [...proposals.values()];
}

/**
 * The most that all texts which nobody proposed can score together, as a logarithm.
 *
 * A frame leaves some probability for them, but the frames mean different ones by it: a text that
 * glare makes of one frame is not what smear makes of another. Treated as one text, what is left of
 * many doubtful frames would outweigh the text that all of them propose. A text that a frame did
 * not propose has at most the probability of its last proposal there, so with a sum E of exponents
 * of at least 1
 *
 *     sum of score(t) <= (greatest score(t)) ^ (1 - 1/E) * product of left(frame) ^ (exponent / E)
 *
 * by Hölder's inequality. For a single frame that is what is left of it, exactly.
 */
function mostUnproposed(frames: readonly TrustedFrame[], left: readonly number[]): number {
  let exponents = 0;
  let greatest = 0;
  let together = 0;
  frames.forEach(({ evidence, exponent, floor }, index) => {
    const leftHere = Math.max(left[index] as number, 0);
    const one = Math.min(evidence.proposals.mostOfOthers, leftHere);
    exponents += exponent;
    greatest += exponent * Math.log(one + floor);
    together += exponent * Math.log(leftHere + floor);
  });
  return greatest * (1 - 1 / exponents) + together / exponents;
}

function isUsualUkMark(text: string, seenAtMs: number | undefined): boolean {
  const vrm = parseVrm(text);
  const printed = vrm && restorePrintedForm(vrm);
  if (printed?.ukClass === undefined || !USUAL_UK_CLASSES.includes(printed.ukClass)) return false;
  return seenAtMs === undefined || isIssuedBy(printed.vrm, seenAtMs);
}
