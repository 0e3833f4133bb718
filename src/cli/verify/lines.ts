import { isUtf8 } from 'node:buffer';
import { createReadStream, statSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { DeviceError, messageOf } from '../../lib/errors.js';

/** Longer than any message that a broker takes from a device; more would fill the memory. */
const MOST_LINE_BYTES = 16 * 1024 * 1024;

export interface Line {
  /** From 1. */
  readonly number: number;
  /** Undefined where it is too long or no UTF-8: the reason says which. */
  readonly text: string | undefined;
  readonly reason: string;
}

/**
 * The lines of a file, or of standard input for `-`, one at a time. Empty ones are left out.
 * @throws DeviceError evidence.stream-unreadable
 */
export async function* linesOf(file: string): AsyncGenerator<Line> {
  try {
    yield* split(file === '-' ? process.stdin : opened(file));
  } catch (cause) {
    throw new DeviceError('evidence.stream-unreadable', {
      message: `cannot read ${file === '-' ? 'standard input' : file}: ${messageOf(cause)}`,
      hint: 'Name a file of one JSON object a line, or - for standard input.',
      cause,
    });
  }
}

function opened(file: string): Readable {
  if (statSync(file).isDirectory()) throw new Error('it is a folder');
  return createReadStream(file, { highWaterMark: 1 << 18 });
}

async function* split(stream: Readable): AsyncGenerator<Line> {
  let number = 0;
  let parts: Buffer[] = [];
  let bytes = 0;
  const take = (part: Buffer) => {
    bytes += part.length;
    if (bytes <= MOST_LINE_BYTES) parts.push(part);
    else parts = [];
  };
  const end = (): Line => {
    const line = lineOf(++number, parts, bytes);
    parts = [];
    bytes = 0;
    return line;
  };
  for await (const chunk of stream) {
    const data = chunk as Buffer;
    let from = 0;
    for (;;) {
      const to = data.indexOf(0x0a, from);
      if (to < 0) break;
      take(data.subarray(from, to));
      const line = end();
      if (line.text !== '') yield line;
      from = to + 1;
    }
    // A copy of what is left: the whole chunk would be held for it.
    if (from < data.length) take(Buffer.from(data.subarray(from)));
  }
  const last = end();
  if (last.text !== '') yield last;
}

function lineOf(number: number, parts: readonly Buffer[], bytes: number): Line {
  if (bytes > MOST_LINE_BYTES) return { number, text: undefined, reason: 'longer than any message' };
  const data = Buffer.concat(parts);
  if (!isUtf8(data)) return { number, text: undefined, reason: 'no UTF-8' };
  return { number, text: data.toString('utf8').trim(), reason: '' };
}
