import type { PlateCrop } from '../../domain/plate-crop.js';
import { median, pixelAt, quantile } from './levels.js';
import { ROOM_FOR_CHARACTER, roomAt, usualWidth } from './spacing.js';
import type { CharacterSpan, TextLine } from './text-line.js';

/**
 * What is wrong with single characters of a plate whose other characters are plain: something lies
 * over them (their paper is dark as well), or they have faded into the paper. Both also where there is
 * room for a character that the reader did not see.
 */
export interface Blemishes {
  readonly covered: number;
  readonly faded: number;
}

/** A character of less than this share of the usual contrast is hardly there. */
const FAINT_CONTRAST = 0.4;
/** Light and dark that differ from the usual by more than this share of the contrast are another thing. */
const OTHER_LEVEL = 0.35;
/** No third of a character is as dark as that all over: there is paper in an 8 as well. */
const SOLID_CHARACTER = 0.97;
/** Where there should be a character and the reader saw none, less is enough. */
const SOLID_ROOM = 0.75;
/** But for those that are nearly all ink when they are small. */
const HEAVY: ReadonlySet<string> = new Set([...'1IMNW']);
/** A band or a seal shifts the text by less than this share of the pitch. */
const ROOM_AT_END = 0.85;
/** Where letters and digits meet, plates of other countries leave as much room as a character takes. */
const ROOM_BETWEEN_GROUPS = 1.35;
/** Grey levels between paper and ink below which noise and blur decide. */
const LEAST_CONTRAST = 40;
const MOST_UK_CHARACTERS = 7;
/** Beside each character, in pitches. */
const RIM = 0.08;
/** Of the way from paper to ink. */
const DARK = 0.5;

interface Area {
  readonly fromPx: number;
  readonly toPx: number;
  readonly topPx: number;
  readonly bottomPx: number;
}

interface Levels {
  readonly light: number;
  readonly dark: number;
}

/** @returns undefined where the plate is too flat for its single characters to be judged. */
export function blemishesOf(crop: PlateCrop, lines: readonly TextLine[]): Blemishes | undefined {
  const { light, dark } = usualLevels(crop, lines);
  const contrast = light - dark;
  if (contrast < LEAST_CONTRAST) return undefined;
  const judge = ({ line, area, character, mayBePaper }: Cell): keyof Blemishes | undefined => {
    const found = levelsOf(crop, line, area);
    const faint = found.light - found.dark < FAINT_CONTRAST * contrast;
    if (faint && found.light < light - OTHER_LEVEL * contrast) return 'covered';
    if (faint && found.dark > dark + (1 - OTHER_LEVEL) * contrast) return mayBePaper ? undefined : 'faded';
    if (character !== undefined && HEAVY.has(character)) return undefined;
    const solid = mostSolid(crop, line, area, light - DARK * contrast);
    const openRoom = character === undefined && !mayBePaper;
    return solid >= (openRoom ? SOLID_ROOM : SOLID_CHARACTER) ? 'covered' : undefined;
  };
  const found = [...characters(lines), ...rooms(lines), ...endRoom(crop, lines, light - DARK * contrast)].map(
    judge,
  );
  return {
    covered: found.filter((kind) => kind === 'covered').length,
    faded: found.filter((kind) => kind === 'faded').length,
  };
}

/** A character's cell, or room for one. */
interface Cell {
  readonly line: TextLine;
  readonly area: Area;
  readonly character?: string;
  /** That it may be a gap between groups: paper there says nothing, nor do a dash and a seal. */
  readonly mayBePaper?: boolean;
}

/** Paper and ink of the plate: of most of its characters. */
function usualLevels(crop: PlateCrop, lines: readonly TextLine[]): Levels {
  const found = characters(lines).map(({ line, area }) => levelsOf(crop, line, area));
  return {
    light: median(found.map(({ light }) => light)) as number,
    dark: median(found.map(({ dark }) => dark)) as number,
  };
}

/** The cells of the characters that were read. */
function characters(lines: readonly TextLine[]): Cell[] {
  return lines.flatMap((line) => {
    // Enough to show paper beside a 1, not so much that its ink is lost among the paper.
    const rimPx = RIM * line.pitchPx;
    return line.spans.map(({ character, leftPx, rightPx }) => {
      return { line, character, area: { ...line, fromPx: leftPx - rimPx, toPx: rightPx + rimPx } };
    });
  });
}

/** No character of a UK mark can be missing then. */
function isFull(lines: readonly TextLine[]): boolean {
  return lines.flatMap(({ spans }) => spans).length >= MOST_UK_CHARACTERS;
}

/**
 * Where there is room for a character between two that were read. Several of them are a mark that is
 * set wide, and so is one where letters and digits meet, as long as it is no wider than that.
 */
function rooms(lines: readonly TextLine[]): Cell[] {
  const found = lines.flatMap((line) => line.gapsPx.flatMap((_, gap) => roomCell(line, gap) ?? []));
  return found.length === 1 && !isFull(lines) ? found : found.map((cell) => ({ ...cell, mayBePaper: true }));
}

function roomCell(line: TextLine, gap: number): Cell | undefined {
  const room = roomAt(line, gap);
  if (room < ROOM_FOR_CHARACTER) return undefined;
  const before = line.spans[gap] as CharacterSpan;
  const after = line.spans[gap + 1] as CharacterSpan;
  const meet = /\d/.test(before.character) !== /\d/.test(after.character);
  const fromPx = before.leftPx + usualWidth(line, before);
  const toPx = after.rightPx - usualWidth(line, after);
  const rimPx = (toPx - fromPx) / 6;
  return {
    line,
    area: { ...line, fromPx: fromPx + rimPx, toPx: toPx - rimPx },
    mayBePaper: meet && room < ROOM_BETWEEN_GROUPS,
  };
}

/**
 * Room for a character at one end of a line, and not at the other: what is left of the text does not
 * stand in the middle of its plate any more.
 */
function endRoom(crop: PlateCrop, lines: readonly TextLine[], edge: number): Cell[] {
  const [line] = lines;
  if (line === undefined || lines.length > 1 || isFull(lines)) return [];
  const first = line.spans[0] as CharacterSpan;
  const last = line.spans[line.spans.length - 1] as CharacterSpan;
  const before = paperBeyond(crop, line, first.leftPx, -1, edge);
  const after = paperBeyond(crop, line, last.rightPx, 1, edge);
  if (before === undefined || after === undefined) return [];
  const sparePx = Math.abs(after - before);
  if (sparePx < ROOM_AT_END * line.pitchPx) return [];
  const nearPx = Math.min(before, after);
  const widthPx = 0.7 * line.pitchPx;
  const fromPx = after > before ? last.rightPx + nearPx / 2 : first.leftPx - nearPx / 2 - widthPx;
  return [{ line, area: { ...line, fromPx, toPx: fromPx + widthPx } }];
}

/** How far the paper reaches beyond a text's end; undefined where the picture shows no end of it. */
function paperBeyond(
  crop: PlateCrop,
  line: TextLine,
  endPx: number,
  direction: 1 | -1,
  edge: number,
): number | undefined {
  const middle = Math.round((line.topPx + line.bottomPx) / 2);
  const reach = Math.round((line.bottomPx - line.topPx) / 4);
  let x = Math.floor(endPx) + direction * 2;
  for (; x >= 0 && x < crop.widthPx; x += direction) {
    let dark = 0;
    for (let y = middle - reach; y < middle + reach; y++) if (pixelAt(crop, x, y, line) < edge) dark++;
    if (dark > reach) return Math.abs(x - endPx);
  }
  return undefined;
}

function levelsOf(crop: PlateCrop, line: TextLine, { fromPx, toPx, topPx, bottomPx }: Area): Levels {
  const counts = new Uint32Array(256);
  let total = 0;
  for (let y = topPx; y < bottomPx; y++) {
    for (let x = Math.round(fromPx); x < Math.round(toPx); x++) {
      const value = pixelAt(crop, x, y, line);
      counts[value] = (counts[value] as number) + 1;
      total++;
    }
  }
  return { light: quantile(counts, total, 0.85), dark: quantile(counts, total, 0.1) };
}

/** The share of dark pixels in the darkest third of an area, of three from top to bottom. */
function mostSolid(crop: PlateCrop, line: TextLine, area: Area, darkBelow: number): number {
  const dark = [0, 0, 0];
  const total = [0, 0, 0];
  const rimPx = (area.toPx - area.fromPx) * 0.12;
  for (let y = area.topPx; y < area.bottomPx; y++) {
    const third = Math.floor((3 * (y - area.topPx)) / (area.bottomPx - area.topPx));
    for (let x = Math.round(area.fromPx + rimPx); x < Math.round(area.toPx - rimPx); x++) {
      total[third] = (total[third] as number) + 1;
      if (pixelAt(crop, x, y, line) < darkBelow) dark[third] = (dark[third] as number) + 1;
    }
  }
  return Math.max(...dark.map((count, third) => count / Math.max(1, total[third] as number)));
}
