import { type Box, iou } from '../domain/geometry.js';
import type { PlateRead } from '../domain/read.js';
import { foldVrm, type MatchKey, type Vrm } from '../domain/vrm.js';
import type { LabelledPicture, LabelledPlate } from './labels.js';
import type { FoundPlate } from './recognition.js';

/**
 * How what was found compares with what is there. Pure.
 *
 * - captured: a plate was found with IoU >= 0.5, or its right text was read on it.
 * - read right: its text (O = 0, I = 1) was read on it, as sure as a read must be to be reported.
 * - wrong read: a read on a labelled plate that is not its text.
 * - false read: a read on no labelled plate.
 */

/** A plate that was not read right (`expected`), or a read of what is no plate (`expected` null). */
export interface Failure {
  readonly file: string;
  readonly expected: string | null;
  /** The reported read, or null. */
  readonly got: string | null;
  /** What was read there, but not surely enough to be reported; or null. */
  readonly unsure: string | null;
  /** The label's box, or the false read's; x, y, width, height. */
  readonly box: readonly [number, number, number, number] | null;
  /** Why, for a plate that was not read right. */
  readonly reason: 'not-captured' | 'not-read' | 'wrong-read' | 'false-read';
}

/** A read, sure or not, against what is known to be there. */
export interface JudgedRead {
  readonly read: PlateRead;
  /** `unknown`: on a plate whose text is not known; `elsewhere`: on no labelled plate. */
  readonly verdict: 'right' | 'wrong' | 'unknown' | 'elsewhere';
  /** The text of the plate that it is on, folded. */
  readonly truth?: MatchKey;
}

/** A plate whose text is known. */
export interface RatedPlate {
  /** Upright; absent where the label has none. */
  readonly box?: Box;
  readonly readRight: boolean;
}

export interface PictureRating {
  readonly plates: number;
  /** Plates whose text is known. */
  readonly platesWithText: number;
  readonly captured: number;
  readonly readRight: number;
  readonly wrongReads: number;
  readonly falseReads: number;
  readonly ratedPlates: readonly RatedPlate[];
  readonly judgedReads: readonly JudgedRead[];
  readonly failures: readonly Failure[];
}

const CAPTURED_IOU = 0.5;
/** Less overlap is a neighbour. */
const TOUCHING_IOU = 0.1;

export function ratePicture(picture: LabelledPicture, found: readonly FoundPlate[]): PictureRating {
  const { file } = picture;
  const reads = found.flatMap(({ read, accepted, box }) =>
    read && accepted ? [{ vrm: read.vrm, box }] : [],
  );
  const failures: Failure[] = [];
  const ratedPlates: RatedPlate[] = [];
  let captured = 0;
  let readRight = 0;
  for (const label of picture.plates) {
    const touching = reads.filter(({ box }) => touches(label, box));
    const isRight = touching.some(({ vrm }) => isTextOf(label, vrm));
    const isCaptured =
      isRight || found.some(({ box }) => label.box !== undefined && iou(label.box, box) >= CAPTURED_IOU);
    if (isRight) readRight++;
    if (label.text !== undefined)
      ratedPlates.push({ ...(label.box && { box: label.box }), readRight: isRight });
    if (isCaptured) captured++;
    if (isRight || label.text === undefined) continue;
    const got = touching[0]?.vrm ?? null;
    const reason = got !== null ? 'wrong-read' : isCaptured ? 'not-read' : 'not-captured';
    const unsure = got === null ? (guessOn(label, found) ?? null) : null;
    failures.push({ file, expected: label.text, got, unsure, box: corner(label.box), reason });
  }

  let wrongReads = 0;
  let falseReads = 0;
  for (const { vrm, box } of reads) {
    const labels = picture.plates.filter((label) => touches(label, box));
    if (labels.length === 0) {
      falseReads++;
      failures.push({ file, expected: null, got: vrm, unsure: null, box: corner(box), reason: 'false-read' });
    } else if (labels.every((label) => label.text !== undefined && !isTextOf(label, vrm))) {
      wrongReads++;
    }
  }
  return {
    plates: picture.plates.length,
    platesWithText: picture.plates.filter(({ text }) => text !== undefined).length,
    captured,
    readRight,
    wrongReads,
    falseReads,
    ratedPlates,
    judgedReads: found.flatMap(({ read, box }) => (read ? [judge(picture, read, box)] : [])),
    failures,
  };
}

function judge(picture: LabelledPicture, read: PlateRead, box: Box): JudgedRead {
  const labels = picture.plates.filter((label) => touches(label, box));
  if (labels.length === 0) return { read, verdict: 'elsewhere' };
  const own = labels.find((label) => isTextOf(label, read.vrm)) ?? labels.find(({ text }) => text);
  if (own?.text === undefined) return { read, verdict: 'unknown' };
  return { read, verdict: isTextOf(own, read.vrm) ? 'right' : 'wrong', truth: foldVrm(own.text) };
}

/** A label without a box may be anywhere in its picture. */
function touches(label: LabelledPlate, box: Box): boolean {
  if (label.box === undefined) return true;
  const x = box.x + box.width / 2 - label.box.x;
  const y = box.y + box.height / 2 - label.box.y;
  const isCentreInside = x >= 0 && y >= 0 && x <= label.box.width && y <= label.box.height;
  return isCentreInside || iou(label.box, box) >= TOUCHING_IOU;
}

/** The most probable text of the plates found there. */
function guessOn(label: LabelledPlate, found: readonly FoundPlate[]): Vrm | undefined {
  const reads = found.flatMap(({ read, box }) => (read && touches(label, box) ? [read] : []));
  return reads.sort((a, b) => b.probability - a.probability)[0]?.vrm;
}

function isTextOf(label: LabelledPlate, vrm: Vrm): boolean {
  return label.text !== undefined && foldVrm(label.text) === foldVrm(vrm);
}

function corner(box: Box | undefined): readonly [number, number, number, number] | null {
  return box === undefined ? null : [box.x, box.y, box.width, box.height];
}
