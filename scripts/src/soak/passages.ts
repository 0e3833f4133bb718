import type { EncodedImage, Passage } from '../../../src/domain/passage.js';
import type { PlateRead } from '../../../src/domain/read.js';
import { foldVrm, parseVrm, type Vrm } from '../../../src/domain/vrm.js';

/** Passages as a vision process would report them, without a camera. */
const FRAME_MS = 40;

export interface MadePictures {
  /** Bytes to cut pictures from: no compression makes them smaller, as those of a JPEG. */
  readonly pool: Buffer;
  readonly overviewBytes: number;
  readonly patchBytes: number;
}

/** @param of.nowMs UTC, milliseconds: it has just been decided. @param of.frame the number of the frame. */
export function passageOf(of: {
  readonly id: string;
  readonly cameraId: string;
  readonly mark: string;
  readonly nowMs: number;
  readonly frame: number;
  readonly pictures: MadePictures;
}): Passage {
  const { nowMs, frame, pictures } = of;
  return {
    id: of.id,
    cameraId: of.cameraId,
    phase: 'settled',
    outcome: { kind: 'read', read: readOf(of.mark) },
    firstSeenAtMs: nowMs - 10 * FRAME_MS,
    lastSeenAtMs: nowMs,
    decidedAtMs: nowMs,
    pictureAtMs: nowMs - FRAME_MS,
    // Never in view from a process's first frames on: those may be the rest of a vehicle before it.
    firstFrameIndex: frame + 10,
    lastFrameIndex: frame + 20,
    frameCount: 10,
    readCount: 8,
    direction: 'towards',
    quad: [
      { x: 600, y: 400 },
      { x: 740, y: 402 },
      { x: 740, y: 434 },
      { x: 600, y: 432 },
    ],
    frameSize: { widthPx: 1_280, heightPx: 720 },
    platePatch: pictureOf(pictures.pool, pictures.patchBytes, 120, 27),
    overviewImage: pictureOf(pictures.pool, pictures.overviewBytes, 800, 450),
  };
}

/** A read of which hardly anything is in doubt, with the alternatives that a reader names all the same. */
function readOf(mark: string): PlateRead {
  const vrm = parseVrm(mark) as Vrm;
  const characters = [...vrm].map((character) => ({
    character,
    probability: 0.9993,
    alternatives: [
      { character: character === 'B' ? '8' : 'B', probability: 0.0004 },
      { character: character === 'S' ? '5' : 'S', probability: 0.0002 },
    ],
  }));
  return { vrm, matchKey: foldVrm(vrm), probability: 0.995, characters, lines: [vrm], ukClass: 'current' };
}

function pictureOf(pool: Buffer, bytes: number, widthPx: number, heightPx: number): EncodedImage {
  const from = Math.floor(Math.random() * (pool.length - bytes));
  const jpeg = Uint8Array.from(pool.subarray(from, from + bytes));
  jpeg.set([0xff, 0xd8, 0xff]);
  return { jpeg, widthPx, heightPx };
}
