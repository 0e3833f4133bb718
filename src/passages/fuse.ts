import { type Calibration, calibrateCharacter, calibrateRead, UNCALIBRATED } from '../domain/calibration.js';
import { isIssuedBy } from '../domain/grammar/age-identifier.js';
import { restorePrintedForm, type UkClass } from '../domain/grammar/forms.js';
import { CHARSET, type Lattice } from '../domain/lattice.js';
import type { PlateRead, ReadCharacter } from '../domain/read.js';
import { foldVrm, MAX_VRM_LENGTH, parseVrm } from '../domain/vrm.js';
import { evidenceOf, type FrameEvidence } from './frame-evidence.js';

/**
 * One read from every frame in which a plate was read.
 *
 * Each frame proposes its most probable texts; every proposal is then scored by its likelihood in
 * *all* frames, so a frame in which a character was swapped is outvoted by those that saw it, and a
 * text that no single frame puts first can still win. A frame in which characters were lost still
 * speaks for what it did see: where glare hid three characters, the others are evidence.
 *
 * Frames of one plate are not independent witnesses: dirt, a screw, a worn letter or the reader's
 * own habit are in all of them. Their log-likelihoods are therefore averaged by weight and
 * multiplied by an *effective* number of frames, n / (1 + (n - 1) * correlation), the design
 * effect of survey statistics: one frame counts as itself, and thousands never count as more than
 * 1 / correlation. The probability of a read thus grows with agreement, and never saturates
 * because a vehicle stood in view.
 *
 * Texts are compared folded (O = 0, I = 1), and the spelling is restored at the end.
 */
export interface WeightedLattice {
  readonly lattice: Lattice;
  /** Relative trust in this frame, above 0 (for example by sharpness); only ratios matter. */
  readonly weight: number;
}

export interface FuseOptions {
  /** 0 (independent frames) to 1 (a second frame says nothing new). */
  readonly correlation?: number;
  /** How many times likelier a mark of a usual UK form is to pass by than any other; 1: no matter. */
  readonly ukFavour?: number;
  /** UTC, milliseconds: when the plate was seen; a mark that was not issued by then is not favoured. */
  readonly seenAtMs?: number;
  /** Of the models that the lattices come from; without it, the scores are taken at their word. */
  readonly calibration?: Calibration;
}

/**
 * At this correlation no number of frames counts as more than four. Rendered passages, whose frames
 * differ in glare and smear and share dirt and screws, are read with the most honest probabilities
 * at 0.15 to 0.3; real frames follow each other more closely than those.
 */
const FRAME_CORRELATION = 0.25;
/**
 * On a UK road hardly one vehicle in ten has a mark of no usual UK form, while the reader is
 * trained on marks of all countries: S for 5 in a place where UK marks have digits is then more
 * likely to be a 5. A foreign plate that is plainly read stays as it is.
 */
const UK_FAVOUR = 10;
/** Forms narrow enough to tell something: a dateless mark is whatever is left of another one. */
const USUAL_UK_CLASSES: readonly UkClass[] = ['current', 'prefix', 'suffix', 'q', 'northern-ireland'];
/**
 * The least a frame can say of a text: a frame that shows something else, or in which half of the
 * plate is hidden, has no veto. Fitted on rendered passages; with a thousandth of it, a few spoilt
 * frames made right reads look improbable.
 */
const FRAME_FLOOR = 3e-3;
/** A frame alone has nobody to be outvoted by: it says what it says. */
const LONE_FRAME_FLOOR = 1e-9;
/** The same for one character given the others, and the least that is reported as an alternative. */
const CHARACTER_FLOOR = 1e-4;
const ALTERNATIVE_FLOOR = 1e-3;
const MOST_ALTERNATIVES = 4;
const SHORTEST_VRM_LENGTH = 2;

interface Frame {
  readonly evidence: FrameEvidence;
  /** Share of the weight of all frames, times the effective number of frames. */
  readonly exponent: number;
  /** The least it can say of a text. */
  readonly floor: number;
}

interface Text {
  /** Folded, by row. */
  readonly rows: readonly string[];
  /** Of the frames alone: the logarithm of a probability, before normalising. */
  readonly score: number;
  /** How likely such a mark is to pass by, compared with any other. */
  readonly favour: number;
}

/**
 * @param frames lattices of one plate. Frames of weight 0 or less are left out.
 * @returns undefined where the most probable text is empty, or too short or long for a mark.
 *   `probability` counts all texts: for a single frame it is the text's own probability, but for
 *   what the forms of UK marks and the calibration make of it.
 *   Alternatives are folded characters (a 0 stands for O as well).
 */
export function fuse(frames: readonly WeightedLattice[], options: FuseOptions = {}): PlateRead | undefined {
  const trusted = prepare(frames, options.correlation ?? FRAME_CORRELATION);
  const best = elect(trusted, options);
  if (best === undefined) return undefined;

  const folded = best.rows.join('');
  if (folded.length < SHORTEST_VRM_LENGTH || folded.length > MAX_VRM_LENGTH) return undefined;
  const spelled = parseVrm(spell(trusted, best.rows).join(''));
  if (spelled === undefined) throw new Error('a lattice spelled what is not a mark');
  const { vrm, ukClass } = restorePrintedForm(spelled);

  const calibration = options.calibration ?? UNCALIBRATED;
  const distributions = best.rows
    .flatMap((text, row) => distributionsOf(trusted, row, text))
    .map((distribution) => calibrateCharacter(distribution, calibration));
  return {
    vrm,
    matchKey: foldVrm(vrm),
    probability: calibrateRead(best.probability, folded, calibration),
    characters: distributions.map((distribution, place) => describe(distribution, folded, vrm, place)),
    lines: cut(vrm, best.rows),
    ...(ukClass === undefined ? {} : { ukClass }),
  };
}

function prepare(frames: readonly WeightedLattice[], correlation: number): Frame[] {
  const trusted = frames.filter(({ weight }) => weight > 0 && Number.isFinite(weight));
  const sum = trusted.reduce((total, { weight }) => total + weight, 0);
  const sumOfSquares = trusted.reduce((total, { weight }) => total + weight * weight, 0);
  // Kish: ten frames of which one has all the weight count as one.
  const distinct = (sum * sum) / sumOfSquares;
  const effective = distinct / (1 + (distinct - 1) * correlation);
  return trusted.map(({ lattice, weight }) => ({
    evidence: evidenceOf(lattice),
    exponent: (weight / sum) * effective,
    floor: trusted.length > 1 ? FRAME_FLOOR : LONE_FRAME_FLOOR,
  }));
}

function propose(frames: readonly Frame[]): (readonly string[])[] {
  const proposals = new Map<string, readonly string[]>();
  for (const { evidence } of frames) {
    for (const rows of evidence.proposals.texts) proposals.set(rows.join('\n'), rows);
  }
  return [...proposals.values()];
}

/** The text with the highest score over all frames, and its probability among all texts. */
function elect(
  frames: readonly Frame[],
  { ukFavour = UK_FAVOUR, seenAtMs }: FuseOptions,
): { rows: readonly string[]; probability: number } | undefined {
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
  if (texts.length === 0) return undefined;
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
  const [winner] = [...marks.values()].sort((a, b) => b.mass - a.mass);
  return winner && { rows: winner.best.rows, probability: winner.mass / everything };
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
function mostUnproposed(frames: readonly Frame[], left: readonly number[]): number {
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

/** The reader's own spelling of a folded text, one ambiguous character after the other. */
function spell(frames: readonly Frame[], rows: readonly string[]): string[] {
  const spelled = [...rows];
  rows.forEach((text, row) => {
    for (let place = 0; place < text.length; place++) {
      const letter = { '0': 'O', '1': 'I' }[text[place] as string];
      if (letter === undefined) continue;
      const asDigit = spelled.slice();
      const asLetter = spelled.slice();
      asLetter[row] = `${asDigit[row]?.slice(0, place)}${letter}${asDigit[row]?.slice(place + 1)}`;
      if (support(frames, asLetter) > support(frames, asDigit)) spelled[row] = asLetter[row];
    }
  });
  return spelled;
}

function support(frames: readonly Frame[], rows: readonly string[]): number {
  return frames.reduce(
    (sum, { evidence, exponent, floor }) =>
      sum + exponent * Math.log(evidence.probabilityAsSpelled(rows) + floor),
    0,
  );
}

/** For each place of a row's text: how probable each character is there, given the others. */
function distributionsOf(frames: readonly Frame[], row: number, text: string): Float64Array[] {
  const scores = Array.from(text, () => new Float64Array(CHARSET.length));
  for (const { evidence, exponent } of frames) {
    evidence.sharesByPlace(row, text).forEach((shares, place) => {
      const sums = scores[place] as Float64Array;
      shares.forEach((share, character) => {
        sums[character] = (sums[character] as number) + exponent * Math.log(share + CHARACTER_FLOOR);
      });
    });
  }
  return scores.map((logs) => {
    // Folded texts have no letter that a digit stands for.
    for (const letter of 'OI') logs[CHARSET.indexOf(letter)] = -Infinity;
    const most = Math.max(...logs);
    const masses = logs.map((log) => Math.exp(log - most));
    const total = masses.reduce((a, b) => a + b, 0);
    return masses.map((mass) => mass / total);
  });
}

function describe(distribution: Float64Array, folded: string, vrm: string, place: number): ReadCharacter {
  const own = CHARSET.indexOf(folded[place] as string);
  const alternatives = [...distribution]
    .map((probability, index) => ({ character: CHARSET[index] as string, probability, index }))
    .filter(({ probability, index }) => index !== own && probability >= ALTERNATIVE_FLOOR)
    .sort((a, b) => b.probability - a.probability)
    .slice(0, MOST_ALTERNATIVES)
    .map(({ character, probability }) => ({ character, probability }));
  return { character: vrm[place] as string, probability: distribution[own] as number, alternatives };
}

/** The printed text in the lines it was found in. */
function cut(vrm: string, rows: readonly string[]): string[] {
  let at = 0;
  return rows
    .map((text) => {
      at += text.length;
      return vrm.slice(at - text.length, at);
    })
    .filter((line) => line !== '');
}
