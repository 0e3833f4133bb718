import { prescribedGroups } from '../../domain/grammar/grouping.js';
import type { PlateRead } from '../../domain/read.js';
import { median } from './levels.js';
import { type CharacterSpan, NARROW, type TextLine } from './text-line.js';

/**
 * Whether the groups of a UK mark are set apart as its form prescribes: 33 mm between groups
 * against 11 mm between characters, or the next line.
 *
 * Gaps are compared with the other gaps of the same plate and in units of its own pitch (61 mm), so
 * that neither the plate's size nor blur, which narrows all gaps by the same, matters.
 */

/** The prescribed gap is 22 mm, 0.36 of a pitch, wider than the others; less than half of that is none. */
const LEAST_GROUP_EXCESS = 0.15;
/** From here on a gap elsewhere is one between groups. */
const OTHER_GROUP_EXCESS = 0.25;
/** Where there is room for a character, one is missing, or was not read. */
export const ROOM_FOR_CHARACTER = 0.85;
/** A dash, a seal or a screw fills a gap with ink; the room between the characters is then still there. */
const LEAST_GROUP_ROOM = 0.2;
/** Of a usual width: no 1 is wider, but with a dash beside it. */
const NARROW_SHARE = 0.35;
/** The gap between characters: neither the narrowest (touching letters) nor one between groups. */
const BASE_QUANTILE = 0.4;
/** Where characters touch each other, the picture is too coarse to say. */
const LEAST_BASE = 0.05;

/**
 * @param lines of a plate whose characters are the read's.
 * @returns undefined where the read's form prescribes no grouping, or the gaps do not show.
 */
export function isMisSpaced(lines: readonly TextLine[], read: PlateRead): boolean | undefined {
  const groups = prescribedGroups(read.vrm, read.ukClass);
  const gaps = gapsOf(lines);
  const base = quantileOf(
    gaps.flatMap(({ share }) => share ?? []),
    BASE_QUANTILE,
  );
  if (groups === undefined || base === undefined || base < LEAST_BASE) return undefined;
  const boundary = (groups[0] as string).length;
  const isWide = ({ share }: Gap) =>
    share === undefined || (share - base > OTHER_GROUP_EXCESS && share < ROOM_FOR_CHARACTER);
  const elsewhere = gaps.filter((gap) => gap.place !== boundary && isWide(gap));
  if (elsewhere.some(({ place }) => !meetsDigit(read.vrm, place))) return true;
  // Letters and digits apart: B 123 ABC and CJ 12 ABC are set so in Romania.
  if (elsewhere.length > 0) return undefined;
  return lacks(gaps, boundary, base);
}

/** What sets a character apart from the one before it. */
interface Gap {
  /** Characters before it. */
  readonly place: number;
  /** In pitches; undefined where a new line begins. */
  readonly share?: number;
  /** The same whatever ink there is in it. */
  readonly room?: number;
}

function gapsOf(lines: readonly TextLine[]): Gap[] {
  let place = 0;
  return lines.flatMap((line, index) => {
    const gaps: Gap[] = index === 0 ? [] : [{ place }];
    line.gapsPx.forEach((gapPx, gap) => {
      gaps.push({ place: place + gap + 1, share: gapPx / line.pitchPx, room: roomAt(line, gap) });
    });
    place += line.spans.length;
    return gaps;
  });
}

/** That the two groups are not set apart. */
function lacks(gaps: readonly Gap[], boundary: number, base: number): boolean {
  const gap = gaps.find(({ place }) => place === boundary);
  if (gap?.share === undefined || gap.room === undefined) return false;
  return gap.share - base < LEAST_GROUP_EXCESS && gap.room - base < LEAST_GROUP_ROOM;
}

/** Whether a letter and a digit meet after so many characters. */
function meetsDigit(vrm: string, place: number): boolean {
  const isDigit = (at: number) => /\d/.test(vrm[at] as string);
  return isDigit(place - 1) !== isDigit(place);
}

/** Between two characters as wide as all are, whatever ink there is between them; in pitches. */
export function roomAt(line: TextLine, gap: number): number {
  const before = line.spans[gap] as CharacterSpan;
  const after = line.spans[gap + 1] as CharacterSpan;
  const roomPx = after.rightPx - before.leftPx - usualWidth(line, before) - usualWidth(line, after);
  return roomPx / line.pitchPx;
}

/** A character's own width where that is less than usual; a dash beside it makes it no wider. */
export function usualWidth({ spans }: TextLine, { character, leftPx, rightPx }: CharacterSpan): number {
  const usual = median(spans.map((span) => span.rightPx - span.leftPx)) as number;
  return Math.min(NARROW.has(character) ? NARROW_SHARE * usual : usual, rightPx - leftPx);
}

function quantileOf(values: readonly number[], share: number): number | undefined {
  return [...values].sort((a, b) => a - b)[Math.floor(share * (values.length - 1))];
}
