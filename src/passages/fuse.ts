import { type Calibration, calibrateRead, UNCALIBRATED } from '../domain/calibration.js';
import { restorePrintedForm } from '../domain/grammar/forms.js';
import type { PlateRead } from '../domain/read.js';
import { foldVrm, MAX_VRM_LENGTH, parseVrm } from '../domain/vrm.js';
import { describePlace, distributionsOf } from './characters.js';
import { type ElectionOptions, elect } from './election.js';
import { otherTextsOf } from './other-texts.js';
import { type TrustedFrame, type WeightedLattice, weighFrames } from './weighing.js';

/**
 * One read from every frame in which a plate was read.
 *
 * Each frame proposes its most probable texts; every proposal is then scored by its likelihood in
 * *all* frames, so a frame in which a character was swapped is outvoted by those that saw it, and a
 * text that no single frame puts first can still win. A frame in which characters were lost still
 * speaks for what it did see: where glare hid three characters, the others are evidence. What is
 * not elected is kept as other texts, for the vehicle may bear one of them.
 *
 * Texts are compared folded (O = 0, I = 1), and the spelling is restored at the end.
 */
export interface FuseOptions extends ElectionOptions {
  /** 0 (independent frames) to 1 (a second frame says nothing new). */
  readonly correlation?: number;
  /** Of the models that the lattices come from; without it, the scores are taken at their word. */
  readonly calibration?: Calibration;
}

/**
 * At this correlation no number of frames counts as more than four. Rendered passages, whose frames
 * differ in glare and smear and share dirt and screws, are read with the most honest probabilities
 * at 0.15 to 0.3; real frames follow each other more closely than those.
 */
const FRAME_CORRELATION = 0.25;
const SHORTEST_VRM_LENGTH = 2;

/**
 * @param frames lattices of one plate. Frames of weight 0 or less are left out.
 * @returns undefined where the most probable text is empty, or too short or long for a mark.
 *   `probability` counts all texts: for a single frame it is the text's own probability, but for
 *   what the forms of UK marks and the calibration make of it.
 *   Alternatives are folded characters (a 0 stands for O as well).
 */
export function fuse(frames: readonly WeightedLattice[], options: FuseOptions = {}): PlateRead | undefined {
  const trusted = weighFrames(frames, options.correlation ?? FRAME_CORRELATION);
  const [best, ...others] = elect(trusted, options);
  if (best === undefined) return undefined;

  const folded = best.rows.join('');
  if (folded.length < SHORTEST_VRM_LENGTH || folded.length > MAX_VRM_LENGTH) return undefined;
  const spelled = parseVrm(spell(trusted, best.rows).join(''));
  if (spelled === undefined) throw new Error('a lattice spelled what is not a mark');
  const { vrm, ukClass } = restorePrintedForm(spelled);

  const calibration = options.calibration ?? UNCALIBRATED;
  const distributions = best.rows.flatMap((text, row) => distributionsOf(trusted, row, text, calibration));
  const otherTexts = otherTextsOf(best, others, calibration);
  return {
    vrm,
    matchKey: foldVrm(vrm),
    probability: calibrateRead(best.probability, folded, calibration),
    characters: distributions.map((distribution, place) => describePlace(distribution, folded, vrm, place)),
    ...(otherTexts.length === 0 ? {} : { otherTexts }),
    lines: cut(vrm, best.rows),
    ...(ukClass === undefined ? {} : { ukClass }),
  };
}

/** The reader's own spelling of a folded text, one ambiguous character after the other. */
function spell(frames: readonly TrustedFrame[], rows: readonly string[]): string[] {
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

function support(frames: readonly TrustedFrame[], rows: readonly string[]): number {
  return frames.reduce(
    (sum, { evidence, exponent, floor }) =>
      sum + exponent * Math.log(evidence.probabilityAsSpelled(rows) + floor),
    0,
  );
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
