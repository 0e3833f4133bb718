import { uuidv7 } from 'uuidv7';
import type { Passage } from '../../src/domain/passage.js';
import type { Match, VoiEntry, VoiList } from '../../src/domain/voi.js';
import { foldVrm, parseVrm, type Vrm } from '../../src/domain/vrm.js';
import { entryFromValues } from '../../src/matching/voi-entry.js';

/** Passages, lists and matches as the stages before hand them over. */

export function vrmOf(text: string): Vrm {
  const vrm = parseVrm(text);
  if (vrm === undefined) throw new Error(`not a VRM: ${text}`);
  return vrm;
}

/** Bytes that look like a JPEG to whoever only carries them. */
export function pictureOf(content: string, bytes = 300): Uint8Array {
  const jpeg = Buffer.alloc(bytes, content);
  jpeg.set([0xff, 0xd8, 0xff]);
  return jpeg;
}

export function passageOf(
  vrm: string | undefined,
  options: Partial<Passage> & { readonly pictures?: string | false } = {},
): Passage {
  const { pictures = 'first', ...rest } = options;
  const atMs = 1_790_000_000_000;
  return {
    id: uuidv7(),
    cameraId: 'cam-1',
    phase: 'closed',
    outcome:
      vrm === undefined
        ? { kind: 'unreadable', reason: 'blurred' }
        : {
            kind: 'read',
            read: {
              vrm: vrmOf(vrm),
              matchKey: foldVrm(vrmOf(vrm)),
              probability: 0.987,
              characters: [...vrmOf(vrm)].map((character) => ({
                character,
                probability: 0.99,
                alternatives: [{ character: 'X', probability: 0.01 }],
              })),
              lines: [vrmOf(vrm)],
              ukClass: 'current',
            },
          },
    firstSeenAtMs: atMs,
    lastSeenAtMs: atMs + 900,
    decidedAtMs: atMs + 400,
    pictureAtMs: atMs + 360,
    firstFrameIndex: 10,
    lastFrameIndex: 32,
    frameCount: 20,
    readCount: 18,
    direction: 'towards',
    frameSize: { widthPx: 1280, heightPx: 720 },
    quad: [
      { x: 100, y: 100 },
      { x: 200, y: 100 },
      { x: 200, y: 122 },
      { x: 100, y: 122 },
    ],
    ...(pictures !== false && {
      platePatch: { jpeg: pictureOf(`patch ${pictures}`), widthPx: 120, heightPx: 60 },
      overviewImage: { jpeg: pictureOf(`overview ${pictures}`, 2_000), widthPx: 800, heightPx: 450 },
    }),
    ...rest,
  };
}

export function entryOf(vrm: string, columns: Partial<VoiEntry> = {}): VoiEntry {
  const said = { make: 'FORD', model: 'FOCUS', colour: 'BLUE', action: 'STOP', reason: 'test' };
  return { ...entryFromValues([]), vrm: vrmOf(vrm), ...said, ...columns };
}

export function listOf(id: string, options: Partial<VoiList> = {}): VoiList {
  return {
    id,
    level: 'force',
    owner: 'test owner',
    revision: 1,
    issuedAtMs: 1_789_999_000_000,
    defaultAction: '',
    takenOverAtMs: 1_789_999_001_000,
    markCount: 1,
    entryCount: 1,
    origin: 'signed',
    ...options,
  };
}

export function matchOf(vrm: string, ...listIds: string[]): Match {
  return {
    kind: 'exact',
    matchKey: foldVrm(vrmOf(vrm)),
    probability: 0.987,
    alerts: true,
    entries: listIds.map((id) => ({ list: listOf(id), entry: entryOf(vrm), action: 'STOP' })),
    alternatives: [],
    lists: listIds.map((id) => ({ id, revision: 1, ageMs: 1_000_000, isOverAge: false })),
  };
}

/** The listed mark is another than the read one, and too unlikely to alert anybody. */
export function possibleOf(listedVrm: string, ...listIds: string[]): Match {
  return { ...matchOf(listedVrm, ...listIds), kind: 'possible', probability: 0.31, alerts: false };
}
