import { isUtf8 } from 'node:buffer';
import { parse } from 'csv-parse/sync';

/**
 * Cuts a stream of bytes into CSV records, so that no fault in one costs more than itself.
 *
 * Invariants
 * - A record is over at the first line end at which its quotes are even (RFC 4180).
 * - A quote that is opened and not closed within MAX_LINES lines or MAX_BYTES bytes costs only the
 *   line it stands in: the lines after it are read again as records of their own.
 * - Where there are quotes, the csv-parse library says what a record's fields are; this file only
 *   finds the records. Where there are none, fields are what stands between commas.
 */
export type CsvRow =
  | { readonly line: number; readonly fields: readonly string[]; readonly latin1: boolean }
  | { readonly line: number; readonly problem: string };

const MAX_LINES = 50;
const MAX_BYTES = 64 * 1024;
/** csv-parse costs about 50 us a call whatever it is given: records are handed over in batches. */
const BATCH = 256;

const QUOTE = 0x22;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

interface Line {
  readonly number: number;
  readonly bytes: Buffer;
  readonly quotes: number;
}

interface RawRecord {
  readonly line: number;
  readonly text: string;
  readonly latin1: boolean;
  readonly isQuoted: boolean;
}

type Cut = RawRecord | { readonly line: number; readonly problem: string };

/**
 * The rows of a CSV file, blank ones left out, some hundred at a time; `line` counts from 1 and is
 * where the row begins.
 */
export async function* csvRows(source: AsyncIterable<Uint8Array>): AsyncGenerator<CsvRow[]> {
  const records = new RecordCutter();
  let rest = Buffer.alloc(0);
  let number = 1;
  let batch: Cut[] = [];
  for await (const chunk of source) {
    const bytes = Buffer.concat([rest, chunk]);
    let from = 0;
    for (let end = bytes.indexOf(LINE_FEED); end !== -1; end = bytes.indexOf(LINE_FEED, from)) {
      records.take(lineOf(number++, bytes.subarray(from, end)), batch);
      from = end + 1;
      if (batch.length < BATCH) continue;
      yield parseBatch(batch);
      batch = [];
    }
    // Copied: the chunk's memory is the reader's to use again. Cut: a line that is too long
    // already is a bad row, and is not gathered whole in memory.
    rest = Buffer.from(bytes.subarray(from, from + MAX_BYTES + 1));
  }
  if (rest.length > 0) records.take(lineOf(number, rest), batch);
  records.end(batch);
  yield parseBatch(batch);
}

function lineOf(number: number, bytes: Buffer): Line {
  let quotes = 0;
  for (let at = bytes.indexOf(QUOTE); at !== -1; at = bytes.indexOf(QUOTE, at + 1)) quotes++;
  const end = bytes.at(-1) === CARRIAGE_RETURN ? bytes.length - 1 : bytes.length;
  return { number, bytes: bytes.subarray(0, end), quotes };
}

/** Puts lines together to records. */
class RecordCutter {
  /** Lines of a record that is still open. */
  #open: Line[] = [];
  #quotes = 0;
  #bytes = 0;

  /** @param into gets the records, and what was none. */
  take(line: Line, into: Cut[]): void {
    let again: Line[] = [line];
    for (let next = again.shift(); next !== undefined; next = again.shift()) {
      this.#add(next);
      if (this.#quotes % 2 === 0) this.#close(into);
      else if (this.#open.length >= MAX_LINES || this.#bytes > MAX_BYTES) {
        again = [...this.#giveUp(into), ...again];
      }
    }
  }

  /** There are no more lines. */
  end(into: Cut[]): void {
    while (this.#open.length > 0) {
      for (const line of this.#giveUp(into)) this.take(line, into);
    }
  }

  #add(line: Line): void {
    this.#open.push(line);
    this.#quotes += line.quotes;
    this.#bytes += line.bytes.length;
  }

  #close(into: Cut[]): void {
    const [first] = this.#open as [Line];
    if (this.#bytes > MAX_BYTES) {
      into.push({ line: first.number, problem: `longer than ${MAX_BYTES} bytes` });
    } else if (this.#bytes > 0) {
      const bytes = this.#open.length === 1 ? first.bytes : Buffer.concat(joined(this.#open));
      into.push({ line: first.number, isQuoted: this.#quotes > 0, ...decode(bytes) });
    }
    this.#clear();
  }

  /** The first line's quote is never closed. @returns the lines after it. */
  #giveUp(into: Cut[]): Line[] {
    const [first, ...others] = this.#open as [Line, ...Line[]];
    into.push({ line: first.number, problem: 'a quote (") is opened and not closed' });
    this.#clear();
    return others;
  }

  #clear(): void {
    this.#open = [];
    this.#quotes = 0;
    this.#bytes = 0;
  }
}

function joined(parts: readonly Line[]): Buffer[] {
  return parts.flatMap((part, index) => (index === 0 ? [part.bytes] : [Buffer.from('\n'), part.bytes]));
}

const BYTE_ORDER_MARK = '\ufeff';
const windows1252 = new TextDecoder('windows-1252');

/** UTF-8 where it is UTF-8; otherwise what Windows programs write, in which every byte is a character. */
function decode(bytes: Buffer): { text: string; latin1: boolean } {
  if (!isUtf8(bytes)) return { text: windows1252.decode(bytes), latin1: true };
  const text = bytes.toString('utf8');
  return { text: text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text, latin1: false };
}

/** Blank lines never come here. */
const PARSE_OPTIONS = { relax_column_count: true, record_delimiter: '\n' };

function parseBatch(batch: readonly Cut[]): CsvRow[] {
  const quoted = batch.filter((cut): cut is RawRecord => 'text' in cut && cut.isQuoted);
  const parsed = parseQuoted(quoted);
  let next = 0;
  return batch.map((cut) => {
    if (!('text' in cut)) return cut;
    const { line, text, latin1 } = cut;
    const fields = cut.isQuoted ? parsed[next++] : text.split(',');
    if (fields !== undefined) return { line, fields, latin1 };
    return {
      line,
      problem: 'a quote (") stands where none may; quote the whole field and double inner quotes',
    };
  });
}

/** The fields of each record; undefined where they cannot be told. */
function parseQuoted(records: readonly RawRecord[]): (string[] | undefined)[] {
  if (records.length === 0) return [];
  try {
    const parsed = parse(records.map(({ text }) => text).join('\n'), PARSE_OPTIONS) as string[][];
    if (parsed.length === records.length) return parsed;
  } catch {
    // One of them is at fault; which one is found below.
  }
  return records.map(({ text }) => {
    try {
      return (parse(text, PARSE_OPTIONS) as string[][])[0] ?? [''];
    } catch {
      return undefined;
    }
  });
}
