import { type MarkClass, randomMark } from '../../scripts/src/clip/marks.js';
import type { PlacedCharacter, PlateForm } from '../../scripts/src/clip/plate-layout.js';
import type { Tampering } from '../../scripts/src/clip/plate-texture.js';
import { type Random, seededRandom } from '../../scripts/src/clip/random.js';
import { fillPolygons, type Polygon } from '../../scripts/src/clip/raster.js';
import { platesSchema } from '../../src/config/schema.js';
import type { PlateHint } from '../../src/domain/hint.js';
import { fuse } from '../../src/passages/fuse.js';
import { stillHints } from '../../src/passages/hints/hints.js';
import { Recogniser } from '../../src/plates/recogniser.js';
import { frameOf, type OddPlate } from './odd-plates.js';

/** Plates that deserve a hint, plates that do not, and the whole way from the picture to the hint. */

const ONE_LINE_CLASSES: readonly MarkClass[] = [
  'current',
  'prefix',
  'suffix',
  'northern-ireland',
  'dateless',
];

/** Character heights that are asked for, in pixels. */
export const HEIGHTS_PX = { least: 15, most: 40 } as const;

/** How other countries set marks that are as long as UK ones; some have the form of a UK mark. */
const FOREIGN = [
  'B 123 WXC',
  'CJ 12 KLM',
  'AB 123 CD',
  'DW 4821 K',
  '4821 BCD',
  'M AB 123',
  'KST 8132',
  'WX 48213',
];

/** A plate as it should be: any UK class and form, or a foreign one. */
export function ordinaryPlate(index: number): OddPlate {
  const random = seededRandom(`ordinary ${index}`);
  const form: PlateForm = index % 4 === 3 ? (index % 8 === 3 ? 'square' : 'motorcycle') : 'one-line';
  const isForeign = form === 'one-line' && index % 6 === 5;
  const groups = isForeign
    ? random.pick(FOREIGN)
    : randomMark(random, ONE_LINE_CLASSES[index % ONE_LINE_CLASSES.length]).groups.join(' ');
  return { groups, form, characterHeightPx: heightOf(random), seed: `ordinary ${index}` };
}

/** A mark of the current form that is set as no law allows. */
export function misSpacedPlate(index: number): OddPlate {
  const random = seededRandom(`mis-spaced ${index}`);
  const { vrm } = randomMark(random, 'current');
  const cut = (...at: readonly number[]) =>
    [0, ...at].map((from, i) => vrm.slice(from, at[i] ?? vrm.length)).join(' ');
  const groups = [cut(), cut(2, 5), cut(1, 4), cut(5), cut(3, 5)][index % 5] as string;
  return { groups, characterHeightPx: heightOf(random), seed: `mis-spaced ${index}` };
}

/** A towing bracket, the bar of a rack, or mud, over a current mark. */
export function coveredPlate(index: number): OddPlate {
  const random = seededRandom(`covered ${index}`);
  const cover = [
    { outline: rectangle(random.between(130, 330), random.between(25, 45), 65, 150), grey: 28 },
    { outline: rectangle(-25, random.between(30, 50), 570, 30), grey: 32 },
    { outline: rectangle(random.between(110, 260), 4, random.between(100, 140), 104), grey: 75 },
  ][index % 3] as { outline: Polygon; grey: number };
  const groups = randomMark(random, 'current').groups.join(' ');
  return { groups, covers: [cover], characterHeightPx: heightOf(random), seed: `covered ${index}` };
}

/** A current mark of which one, two or all characters are missing, or nearly so, in infrared. */
export function ghostPlate(index: number): OddPlate {
  const random = seededRandom(`ghost ${index}`);
  const groups = randomMark(random, 'current').groups.join(' ');
  const first = random.whole(0, 5);
  const tamper = [
    fading(({ place }) => place === first, 1),
    fading(({ place }) => place === first || place === first + 1, 0.8),
    fading(() => true, 0.93),
    fading(() => true, 1),
  ][index % 4] as Tampering;
  return { groups, tamper, characterHeightPx: heightOf(random), seed: `ghost ${index}` };
}

/** Paints some characters over with paper, so far. */
function fading(
  isFaded: (character: PlacedCharacter & { readonly place: number }) => boolean,
  opacity: number,
): Tampering {
  return (canvas, characters, { paper }) => {
    characters.forEach((character, place) => {
      if (!isFaded({ ...character, place })) return;
      const { xMm, yMm, widthMm, heightMm } = character;
      fillPolygons(canvas, [rectangle(xMm - 2, yMm - 2, widthMm + 4, heightMm + 4)], paper, opacity);
    });
  };
}

function heightOf(random: Random): number {
  return random.between(HEIGHTS_PX.least, HEIGHTS_PX.most);
}

function rectangle(x: number, y: number, width: number, height: number): Polygon {
  return [
    [x, y],
    [x + width, y],
    [x + width, y + height],
    [x, y + height],
  ];
}

export interface Seen {
  readonly vrm: string | undefined;
  readonly detectionScore: number;
  readonly hints: readonly PlateHint[];
}

/** The best plate that the shipped models find in a drawn picture, with its hints. */
export class HintFinder {
  readonly #recogniser = new Recogniser({ config: platesSchema.parse({}) });

  start(): Promise<void> {
    return this.#recogniser.start();
  }

  stop(): Promise<void> {
    return this.#recogniser.stop();
  }

  /** @returns undefined where no plate was found. */
  async see(plate: OddPlate): Promise<Seen | undefined> {
    const frame = frameOf(plate);
    const [best] = await this.#recogniser.read(frame, await this.#recogniser.detect(frame));
    if (best === undefined) return undefined;
    const read =
      best.lattice && fuse([{ lattice: best.lattice, weight: 1 }], { seenAtMs: frame.capturedAtMs });
    return { vrm: read?.vrm, detectionScore: best.detectionScore, hints: stillHints(best, read) };
  }
}
