import { uuidv7 } from 'uuidv7';
import type { EncodedImage, Passage } from '../../../src/domain/passage.js';
import type { Match, VoiEntry } from '../../../src/domain/voi.js';
import { foldVrm, parseVrm, type Vrm } from '../../../src/domain/vrm.js';
import { entryFromValues } from '../../../src/matching/voi-entry.js';
import { type Random, seededRandom } from '../clip/random.js';

/** Vehicles as a road brings them, and what a camera says of each; marks and pictures are invented. */

export interface TrafficOptions {
  readonly vehiclesPerHour: number;
  readonly random: Random;
}

/** Vehicles come in bunches: behind a lorry, out of a traffic light. */
const BUNCH_MEAN = 4;
const HEADWAY_LEAST_MS = 1_200;
const HEADWAY_MOST_MS = 3_500;
/** Between the frame that decided a read and its commit. */
const DECIDE_MS = 120;
const UNREADABLE_SHARE = 0.03;
const HIT_LEAST_SHARE = 0.005;
const HIT_MOST_SHARE = 0.01;
/** JPEG does not compress: a slice of these bytes has the size of a picture, and what it costs. */
const NOISE = Buffer.from(Array.from({ length: 65_536 }, byteOf(seededRandom('pictures'))));

export class Traffic {
  readonly #random: Random;
  readonly #betweenBunchesMs: number;
  readonly #hitShare: number;
  #leftInBunch = 0;

  constructor({ vehiclesPerHour, random }: TrafficOptions) {
    this.#random = random;
    const inBunchMs = (BUNCH_MEAN - 1) * ((HEADWAY_LEAST_MS + HEADWAY_MOST_MS) / 2);
    this.#betweenBunchesMs = Math.max(
      HEADWAY_MOST_MS,
      (BUNCH_MEAN * 3_600_000) / vehiclesPerHour - inBunchMs,
    );
    this.#hitShare = random.between(HIT_LEAST_SHARE, HIT_MOST_SHARE);
  }

  /** Until the next vehicle, milliseconds. */
  nextMs(): number {
    if (this.#leftInBunch > 0) {
      this.#leftInBunch--;
      return this.#random.between(HEADWAY_LEAST_MS, HEADWAY_MOST_MS);
    }
    // Geometric, with that mean.
    this.#leftInBunch = Math.floor(Math.log(1 - this.#random.next()) / Math.log(1 - 1 / BUNCH_MEAN));
    return -this.#betweenBunchesMs * Math.log(1 - this.#random.next());
  }

  vehicle(nowMs: number): { readonly passage: Passage; readonly match?: Match } {
    const vrm = this.#mark();
    const isRead = this.#random.next() >= UNREADABLE_SHARE;
    const passage = this.#passage(isRead ? vrm : undefined, nowMs - DECIDE_MS);
    const isHit = isRead && this.#random.next() < this.#hitShare;
    return { passage, ...(isHit && { match: matchOf(vrm, nowMs) }) };
  }

  #passage(vrm: Vrm | undefined, atMs: number): Passage {
    const left = Math.round(this.#random.between(100, 900));
    const top = Math.round(this.#random.between(100, 500));
    const frames = Math.round(this.#random.between(8, 30));
    const firstFrameIndex = Math.round(this.#random.between(0, 1_000_000));
    return {
      id: uuidv7(),
      cameraId: 'cam-1',
      phase: 'closed',
      outcome:
        vrm === undefined
          ? { kind: 'unreadable', reason: 'blurred' }
          : { kind: 'read', read: this.#read(vrm) },
      firstSeenAtMs: atMs - 300,
      lastSeenAtMs: atMs + 80,
      decidedAtMs: atMs,
      pictureAtMs: atMs - 40,
      firstFrameIndex,
      lastFrameIndex: firstFrameIndex + frames,
      frameCount: frames,
      readCount: frames - 2,
      direction: 'towards',
      frameSize: { widthPx: 1280, heightPx: 720 },
      quad: [
        { x: left, y: top },
        { x: left + 120, y: top + 2 },
        { x: left + 120, y: top + 30 },
        { x: left, y: top + 28 },
      ],
      // The caps of passages.platePatchMostBytes and overviewMostBytes, and somewhat below.
      platePatch: this.#picture(1_800, 3_072, 120, 40),
      overviewImage: this.#picture(15_000, 25_600, 800, 450),
    };
  }

  #read(vrm: Vrm) {
    const probability = this.#random.between(0.9, 0.999);
    const isDoubtful = this.#random.next() < 0.2;
    const characters = [...vrm].map((character, place) => {
      const doubt = isDoubtful && place === 4 ? [{ character: 'B', probability: 0.04 }] : [];
      return { character, probability: doubt.length > 0 ? 0.95 : 0.999, alternatives: doubt };
    });
    return {
      vrm,
      matchKey: foldVrm(vrm),
      probability,
      characters,
      lines: [vrm],
      ukClass: 'current' as const,
    };
  }

  #picture(leastBytes: number, mostBytes: number, widthPx: number, heightPx: number): EncodedImage {
    const bytes = Math.round(this.#random.between(leastBytes, mostBytes));
    const from = this.#random.whole(0, NOISE.length - bytes);
    const jpeg = Buffer.from(NOISE.subarray(from, from + bytes));
    jpeg.set([0xff, 0xd8, 0xff]);
    return { jpeg, widthPx, heightPx };
  }

  #mark(): Vrm {
    const letter = () => this.#random.pick([...'ABCDEFGHJKLMNOPRSTUVWXY']);
    const digit = () => this.#random.whole(0, 9);
    const text = `${letter()}${letter()}${digit()}${digit()}${letter()}${letter()}${letter()}`;
    const vrm = parseVrm(text);
    if (vrm === undefined) throw new Error('invented a text that is no mark');
    return vrm;
  }
}

function byteOf(random: Random): () => number {
  return () => random.whole(0, 255);
}

function matchOf(vrm: Vrm, nowMs: number): Match {
  const said = { make: 'FORD', model: 'FOCUS', colour: 'BLUE', action: 'STOP', reason: 'fleet' };
  const entry: VoiEntry = { ...entryFromValues([]), vrm, ...said };
  const list = {
    id: 'fleet',
    level: 'force' as const,
    owner: 'scripts/fleet',
    revision: 1,
    issuedAtMs: nowMs - 3_600_000,
    defaultAction: '',
    takenOverAtMs: nowMs - 3_000_000,
    markCount: 1,
    entryCount: 1,
    origin: 'signed' as const,
  };
  return {
    kind: 'exact',
    matchKey: foldVrm(vrm),
    probability: 0.98,
    alerts: true,
    entries: [{ list, entry, action: 'STOP' }],
    alternatives: [],
    lists: [{ id: 'fleet', revision: 1, ageMs: 3_600_000, isOverAge: false }],
  };
}
