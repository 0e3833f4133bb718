import { isUtf8 } from 'node:buffer';
import type { MatchKey } from '../../domain/vrm.js';
import type { MarkGroup } from '../mark-group.js';
import { packageInvalid } from './failures.js';
import { MOST_LINE_LENGTH, MOST_ROW_LENGTH, MOST_ROWS_PER_MARK } from './limits.js';

/**
 * The only record of a package: a line `["<match key>",row,...]`, each row an array of 18 texts in
 * the order of VOI_COLUMNS.
 *
 * Invariant: what `parseGroups` gives has been checked whole, so that nobody after it need look
 * again: the key is the folded mark of every row, dates are dates, and a row's text is JSON.
 */
class ParsedGroup implements MarkGroup {
  #rows: readonly (readonly string[])[] | undefined;

  constructor(
    readonly matchKey: MatchKey,
    readonly rowCount: number,
    readonly rowsText: string,
  ) {}

  /** A list of two million is taken over without parsing a row: that would take longer than all else. */
  get rows(): readonly (readonly string[])[] {
    this.#rows ??= this.rowsText === '' ? [] : (JSON.parse(this.rowsText) as string[][]);
    return this.#rows;
  }
}

/** @param rowTexts each a row's JSON text, as JSON.stringify writes it. */
export function groupOf(matchKey: MatchKey, rowTexts: readonly string[]): MarkGroup {
  const rowsText = rowTexts.length === 0 ? '' : `[${rowTexts.join(',')}]`;
  return new ParsedGroup(matchKey, rowTexts.length, rowsText);
}

/** The group's line, without its line end. */
export function lineOf({ matchKey, rowsText }: MarkGroup): string {
  return rowsText === '' ? `["${matchKey}"]` : `["${matchKey}",${rowsText.slice(1)}`;
}

const TEXT = String.raw`"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*"`;
const texts = (count: number) => `(?:${TEXT},){${count}}`;
/** One expression checks and splits a row several times faster than JSON.parse makes strings of it. */
const ROW = new RegExp(
  String.raw`,\["([A-Z0-9]{1,12})",${texts(9)}"([0-9-]*)",${texts(5)}"([0-9TZ:-]*)","([0-9TZ:-]*)"\]`,
  'y',
);
const HEAD = /\["([A-HJ-NP-Z0-9]{1,12})"/y;

/**
 * Reads the lines of a blob, one at a time: in memory, a million short lines would take many times
 * what the blob takes.
 * @param name of the blob, for errors, which give the line's number and never its contents.
 * @throws DeviceError hotlist.package-invalid, when the line at fault is reached
 */
export function* parseGroups(lines: Uint8Array, name: string): Generator<MarkGroup> {
  if (!isUtf8(lines)) throw packageInvalid(`${name} is no UTF-8`);
  const bytes = Buffer.from(lines.buffer, lines.byteOffset, lines.length);
  const known = { dates: new Set(['']), instants: new Set(['']) };
  let number = 1;
  for (let at = 0; at < bytes.length; number++) {
    const end = bytes.indexOf(LINE_FEED, at);
    if (end === -1) throw packageInvalid(`${name}, line ${number}: it is cut off`);
    const found = parseLine(bytes.toString('utf8', at, end), known);
    if (typeof found === 'string') throw packageInvalid(`${name}, line ${number}: ${found}`);
    yield found;
    at = end + 1;
  }
}

const LINE_FEED = 0x0a;

/** Texts found to be in the calendar: lists have few different ones. */
interface KnownTexts {
  readonly dates: Set<string>;
  readonly instants: Set<string>;
}

/** @returns the group, or what is wrong, without its contents. */
function parseLine(line: string, { dates, instants }: KnownTexts): MarkGroup | string {
  if (line.length > MOST_LINE_LENGTH) return `longer than ${MOST_LINE_LENGTH} characters`;
  HEAD.lastIndex = 0;
  const matchKey = HEAD.exec(line)?.[1];
  if (matchKey === undefined) return 'it does not begin with a match key';
  const rowsAt = matchKey.length + 3;
  let rowCount = 0;
  let next = rowsAt;
  for (; line[next] === ','; rowCount++) {
    ROW.lastIndex = next;
    const row = ROW.exec(line);
    if (row === null) return `row ${rowCount + 1} is no array of 18 texts with a mark and dates`;
    if (rowCount === MOST_ROWS_PER_MARK) return `more than ${MOST_ROWS_PER_MARK} rows`;
    if (ROW.lastIndex - next - 1 > MOST_ROW_LENGTH) return `row ${rowCount + 1} is too long`;
    const [, vrm, weedDate, validFrom, validTo] = row as unknown as string[];
    if (vrm !== matchKey && folded(vrm as string) !== matchKey) {
      return `the mark of row ${rowCount + 1} does not fold to the match key`;
    }
    if (!isDate(weedDate as string, dates)) return `row ${rowCount + 1} has no valid weed date`;
    if (!isInstant(validFrom as string, instants) || !isInstant(validTo as string, instants)) {
      return `row ${rowCount + 1} has no valid time of validity`;
    }
    next = ROW.lastIndex;
  }
  if (line[next] !== ']' || next + 1 !== line.length) return 'its array does not end where it should';
  const rowsText = rowCount === 0 ? '' : `[${line.slice(rowsAt + 1)}`;
  return new ParsedGroup(matchKey as MatchKey, rowCount, rowsText);
}

function folded(vrm: string): string {
  return vrm.replaceAll('O', '0').replaceAll('I', '1');
}

function isDate(text: string, known: Set<string>): boolean {
  if (known.has(text)) return true;
  const valid = /^\d{4}-\d{2}-\d{2}$/.test(text) && isInCalendar(`${text}T00:00:00Z`);
  if (valid) known.add(text);
  return valid;
}

function isInstant(text: string, known: Set<string>): boolean {
  if (known.has(text)) return true;
  const valid = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/.test(text) && isInCalendar(text);
  if (valid) known.add(text);
  return valid;
}

/** Date.parse takes the 30th of February for the 2nd of March. */
function isInCalendar(instant: string): boolean {
  const atMs = Date.parse(instant);
  return !Number.isNaN(atMs) && new Date(atMs).toISOString() === `${instant.slice(0, -1)}.000Z`;
}
