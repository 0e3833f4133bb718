import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import type { WireMessage } from '../../../src/uplink/payloads.js';

/** Messages in a file, to be published again: each its header as JSON and its payload, with their lengths. */
const BUFFER_BYTES = 1 << 22;
const LENGTH_BYTES = 4;

export class MessageWriter {
  readonly #file: number;

  constructor(path: string) {
    this.#file = openSync(path, 'w');
  }

  write({ payload, ...header }: WireMessage): void {
    const text = Buffer.from(JSON.stringify(header));
    const lengths = Buffer.alloc(2 * LENGTH_BYTES);
    lengths.writeUInt32LE(text.length, 0);
    lengths.writeUInt32LE(payload.length, LENGTH_BYTES);
    writeSync(this.#file, Buffer.concat([lengths, text, payload]));
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** In order; a few megabytes are read at a time. */
export function* readMessages(path: string): Generator<WireMessage> {
  const file = openSync(path, 'r');
  let held: Buffer = Buffer.alloc(0);
  const fill = (bytes: number): boolean => {
    while (held.length < bytes) {
      const more = Buffer.allocUnsafe(Math.max(BUFFER_BYTES, bytes));
      const count = readSync(file, more);
      if (count === 0) return false;
      held = Buffer.concat([held, more.subarray(0, count)]);
    }
    return true;
  };
  const take = (bytes: number): Buffer => {
    const taken = held.subarray(0, bytes);
    held = held.subarray(bytes);
    return taken;
  };
  try {
    while (fill(2 * LENGTH_BYTES)) {
      const lengths = take(2 * LENGTH_BYTES);
      const [headerBytes, payloadBytes] = [lengths.readUInt32LE(0), lengths.readUInt32LE(LENGTH_BYTES)];
      if (!fill(headerBytes + payloadBytes))
        throw new Error('the file of messages ends in the middle of one');
      const header = JSON.parse(take(headerBytes).toString()) as Omit<WireMessage, 'payload'>;
      yield { ...header, payload: take(payloadBytes) };
    }
  } finally {
    closeSync(file);
  }
}
