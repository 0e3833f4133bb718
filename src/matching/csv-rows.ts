import { parse } from 'csv-parse/sync';

/**
 * Cuts a stream of bytes into CSV records, so that no fault in one costs more than itself.
 *
 * Invariants
 * - A record is over at the first line end at which its quotes are even (RFC 4180).
 * - A quote that is opened and not closed within MAX_LINES lines or MAX_BYTES bytes costs only the
 *   line it stands in: the lines after it are read again as records of their own.
 * - The csv-parse library says what a record's fields are; this file only finds the records.
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

interface Line {
  readonly number: number;
  readonly bytes: Buffer;
  readonly quotes: number;
}

interface RawRecord {
  readonly line: number;
  readonly text: string;
  readonly latin1: boolean;
}

/** The rows of a CSV file, blank ones left out; `line` counts from 1 and is where the row begins. */
export async function* csvRows(source: AsyncIterable<Uint8Array>): AsyncGenerator<CsvRow> {
  let batch: RawRecord[] = [];
  for await (const record of records(lines(source))) {
    if ('problem' in record) {
      yield* parseBatch(batch);
      batch = [];
      yield record;
    } else if (batch.push(record) === BATCH) {
      yield* parseBatch(batch);
      batch = [];
    }
  }
  yield* parseBatch(batch);
}

async function* lines(source: AsyncIterable<Uint8Array>): AsyncGenerator<Line> {
  let rest = Buffer.alloc(0);
  let number = 1;
  for await (const chunk of source) {
    const bytes = Buffer.concat([rest, chunk]);
    let from = 0;
    for (let end = bytes.indexOf(LINE_FEED); end !== -1; end = bytes.indexOf(LINE_FEED, from)) {
      yield line(number++, bytes.subarray(from, end));
      from = end + 1;
    }
    // Copied: the chunk's memory is the reader's to use again. Cut: a line that is too long
    // already is a bad row, and is not gathered whole in memory.
    rest = Buffer.from(bytes.subarray(from, from + MAX_BYTES + 1));
  }
  if (rest.length > 0) yield line(number, rest);
}

function line(number: number, bytes: Buffer): Line {
  let quotes = 0;
  for (let at = bytes.indexOf(QUOTE); at !== -1; at = bytes.indexOf(QUOTE, at + 1)) quotes++;
  const end = bytes.at(-1) === 0x0d ? bytes.length - 1 : bytes.length;
  return { number, bytes: bytes.subarray(0, end), quotes };
}

async function* records(
  source: AsyncGenerator<Line>,
): AsyncGenerator<RawRecord | { line: number; problem: string }> {
  /** Lines of a record that is still open, and lines that are to be read again. */
  let open: Line[] = [];
  let again: Line[] = [];
  const take = async (): Promise<Line | undefined> => again.shift() ?? (await source.next()).value;
  for (;;) {
    const next = await take();
    if (next !== undefined) open.push(next);
    const first = open[0];
    if (first === undefined) return;
    const quotes = open.reduce((sum, part) => sum + part.quotes, 0);
    const bytes = open.reduce((sum, part) => sum + part.bytes.length, 0);
    if (quotes % 2 === 0) {
      if (bytes > MAX_BYTES) {
        yield { line: first.number, problem: `longer than ${MAX_BYTES} bytes` };
      } else if (open.some((part) => part.bytes.length > 0)) {
        yield { line: first.number, ...decode(Buffer.concat(joined(open))) };
      }
      open = [];
    } else if (next === undefined || open.length >= MAX_LINES || bytes > MAX_BYTES) {
      yield { line: first.number, problem: 'a quote (") is opened and not closed' };
      again = [...open.slice(1), ...again];
      open = [];
    }
  }
}

function joined(parts: readonly Line[]): Buffer[] {
  return parts.flatMap((part, index) => (index === 0 ? [part.bytes] : [Buffer.from('\n'), part.bytes]));
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });
const windows1252 = new TextDecoder('windows-1252');

/** UTF-8 where it is UTF-8; otherwise what Windows programs write, in which every byte is a character. */
function decode(bytes: Buffer): { text: string; latin1: boolean } {
  try {
    return { text: utf8.decode(bytes), latin1: false };
  } catch {
    return { text: windows1252.decode(bytes), latin1: true };
  }
}

/** A BOM is taken off by the decoder; blank lines never come here. */
const PARSE_OPTIONS = { relax_column_count: true, record_delimiter: '\n' };

function* parseBatch(batch: readonly RawRecord[]): Generator<CsvRow> {
  if (batch.length === 0) return;
  let parsed: string[][] = [];
  try {
    parsed = parse(batch.map((record) => record.text).join('\n'), PARSE_OPTIONS);
  } catch {
    // One of them is at fault; which one is found below.
  }
  if (parsed.length === batch.length) {
    for (const [index, { line, latin1 }] of batch.entries()) {
      yield { line, fields: parsed[index] as string[], latin1 };
    }
    return;
  }
  for (const { line, text, latin1 } of batch) {
    try {
      const [fields] = parse(text, PARSE_OPTIONS) as string[][];
      yield { line, fields: fields ?? [''], latin1 };
    } catch {
      yield {
        line,
        problem: 'a quote (") stands where none may; quote the whole field and double inner quotes',
      };
    }
  }
}
