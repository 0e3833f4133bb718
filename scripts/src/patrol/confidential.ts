import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { Place } from '../../../src/domain/position.js';
import type { DriveLog } from './drive-log.js';
import { type PlaceSearch, searchFor } from './place-search.js';

/**
 * Looks for the places of a drive in files of any length.
 *
 * The box around a long drive is large enough for two random numbers to fall into it in tens of megabytes of pictures.
 * What is found there is therefore looked for again in the small boxes around minutes of the drive, which
 * together hold every place of it.
 */
export class DriveSearch {
  readonly #whole: PlaceSearch;
  readonly #parts: readonly PlaceSearch[];

  constructor(log: DriveLog) {
    const places = Array.from({ length: log.seconds }, (_, second) => log.truthAt(second).place);
    this.#whole = searchFor(places.flatMap(around));
    this.#parts = Array.from({ length: Math.ceil(places.length / PART_SECONDS) }, (_, part) =>
      // One second of the next part, so that nothing lies between two.
      searchFor(places.slice(part * PART_SECONDS, (part + 1) * PART_SECONDS + 1).flatMap(around)),
    );
  }

  formsIn(bytes: Buffer): string[] {
    const suspected = this.#whole.formsIn(bytes);
    if (suspected.length === 0) return [];
    return [...new Set(this.#parts.flatMap((part) => part.formsIn(bytes)))];
  }

  formsInFile(path: string): string[] {
    const found = new Set<string>();
    for (const bytes of piecesOf(path)) for (const form of this.formsIn(bytes)) found.add(form);
    return [...found];
  }
}

const PART_SECONDS = 120;
/** What a receiver in streets is wrong by, degrees. */
const WRONG_DEG = { latitude: 0.0025, longitude: 0.005 };

function around({ latitudeDeg, longitudeDeg }: Place): Place[] {
  return [-1, 1].map((side) => ({
    latitudeDeg: latitudeDeg + side * WRONG_DEG.latitude,
    longitudeDeg: longitudeDeg + side * WRONG_DEG.longitude,
  }));
}

const PIECE_BYTES = 4_000_000;
/** Of the piece before, so that nothing is cut in two. */
const OVERLAP_BYTES = 1_000;

function* piecesOf(path: string): Generator<Buffer> {
  const file = openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(PIECE_BYTES);
    for (let at = 0; ; at += PIECE_BYTES - OVERLAP_BYTES) {
      const count = readSync(file, buffer, 0, PIECE_BYTES, at);
      yield buffer.subarray(0, count);
      if (count < PIECE_BYTES) return;
    }
  } finally {
    closeSync(file);
  }
}

export function filesBelow(path: string): string[] {
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
    const below = join(path, entry.name);
    if (entry.isDirectory()) return filesBelow(below);
    return entry.isFile() ? [below] : [];
  });
}
