import { uuidv7 } from 'uuidv7';
import type { EncodedImage, Passage } from '../../../src/domain/passage.js';
import type { Match } from '../../../src/domain/voi.js';
import { foldVrm, parseVrm, type Vrm } from '../../../src/domain/vrm.js';
import type { Random } from '../clip/random.js';
import type { Pictures } from './orders.js';

const LETTERS = 'ABCDEFGHJKLMNOPRSTUVWXYZ';
const DIGITS = '0123456789';
/** One picture in another's place costs the same: only its size and that it does not compress matter. */
const POOL_BYTES = 1 << 20;

/** Closed passages as a camera reports them, with marks of the current form. */
export class PassageSource {
  readonly #random: Random;
  readonly #pool: Uint8Array;

  constructor(random: Random) {
    this.#random = random;
    this.#pool = Uint8Array.from({ length: POOL_BYTES }, () => random.whole(0, 255));
  }

  next(pictures?: Pictures): Passage {
    const nowMs = Date.now();
    const vrm = this.#mark();
    const left = this.#random.between(200, 1_500);
    const top = this.#random.between(200, 900);
    return {
      id: uuidv7(),
      cameraId: 'cam-1',
      phase: 'closed',
      outcome: {
        kind: 'read',
        read: {
          vrm,
          matchKey: foldVrm(vrm),
          probability: this.#random.between(0.9, 0.999),
          characters: [...vrm].map((character) => ({
            character,
            probability: this.#random.between(0.95, 0.9999),
            // Most places are sure; one in four has a look-alike that is worth telling.
            alternatives: this.#random.chance(0.25)
              ? [
                  {
                    character: this.#random.pick([...LETTERS]),
                    probability: this.#random.between(0.01, 0.04),
                  },
                ]
              : [],
          })),
          lines: [vrm],
          ukClass: 'current',
        },
      },
      firstSeenAtMs: nowMs - 1_400,
      lastSeenAtMs: nowMs - 100,
      decidedAtMs: nowMs - 700,
      pictureAtMs: nowMs - 760,
      firstFrameIndex: this.#random.whole(1, 9_000_000),
      lastFrameIndex: this.#random.whole(9_000_000, 9_000_030),
      frameCount: 24,
      readCount: 21,
      direction: 'towards',
      quad: [
        { x: left, y: top },
        { x: left + 130, y: top },
        { x: left + 130, y: top + 28 },
        { x: left, y: top + 28 },
      ],
      frameSize: { widthPx: 1_920, heightPx: 1_080 },
      ...(pictures && {
        platePatch: this.#picture(pictures.patchBytes, 160, 60),
        overviewImage: this.#picture(pictures.overviewBytes, 960, 540),
      }),
    };
  }

  #picture(bytes: number, widthPx: number, heightPx: number): EncodedImage {
    const from = this.#random.whole(0, POOL_BYTES - bytes);
    return { jpeg: this.#pool.subarray(from, from + bytes), widthPx, heightPx };
  }

  #mark(): Vrm {
    const letter = () => this.#random.pick([...LETTERS]);
    const digit = () => this.#random.pick([...DIGITS]);
    return parseVrm([letter(), letter(), digit(), digit(), letter(), letter(), letter()].join('')) as Vrm;
  }
}

/** The mark of a passage stands on a force's list. */
export function hitOn(passage: Passage, nowMs: number): Match | undefined {
  if (passage.outcome.kind !== 'read') return undefined;
  const { vrm, matchKey, probability } = passage.outcome.read;
  const none = '';
  const list = {
    id: 'bench',
    level: 'force',
    owner: 'bench',
    revision: 1,
    issuedAtMs: nowMs - 3_600_000,
    defaultAction: 'STOP',
    takenOverAtMs: nowMs - 3_500_000,
    markCount: 1,
    entryCount: 1,
    origin: 'signed',
  } as const;
  const entry = {
    vrm,
    make: 'FORD',
    model: 'FOCUS',
    colour: 'BLUE',
    action: 'STOP',
    warningMarkers: none,
    reason: 'measured',
    intelligenceGrading: none,
    informationAction: none,
    forceAndArea: none,
    weedDate: none,
    pncId: none,
    protectiveMarking: none,
    cadInformation: none,
    spare1: none,
    spare2: none,
    validFrom: none,
    validTo: none,
  };
  return {
    kind: 'exact',
    matchKey,
    probability,
    alerts: true,
    entries: [{ list, entry, action: 'STOP' }],
    alternatives: [],
    lists: [{ id: 'bench', revision: 1, ageMs: 3_600_000, isOverAge: false }],
  };
}
