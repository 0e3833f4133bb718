import { loadFace } from '../../scripts/src/clip/face.js';
import type { Mark } from '../../scripts/src/clip/marks.js';
import { PLATE_FORMS, type PlateForm } from '../../scripts/src/clip/plate-layout.js';
import { drawPlate, type Tampering } from '../../scripts/src/clip/plate-texture.js';
import { drawPlateView } from '../../scripts/src/clip/plate-view.js';
import { type Random, seededRandom } from '../../scripts/src/clip/random.js';
import { fillPolygons, type Polygon } from '../../scripts/src/clip/raster.js';
import type { Frame } from '../../src/domain/frame.js';
import type { Point, Quad } from '../../src/domain/geometry.js';
import { parseVrm, type Vrm } from '../../src/domain/vrm.js';
import { fromUnitSquare } from '../../src/plates/crop.js';

/** Something dark or muddy in front of a plate; millimetres from the plate's top left corner. */
export interface Cover {
  readonly outline: Polygon;
  readonly grey: number;
}

export interface OddPlate {
  /** Groups as they are set on the plate, whatever the law says: 'AB 12C DE'. A line each on two lines. */
  readonly groups: string;
  readonly form?: PlateForm;
  readonly characterHeightPx: number;
  readonly tamper?: Tampering;
  readonly covers?: readonly Cover[];
  /** Where the plate's middle is, as shares of the picture. */
  readonly at?: Point;
  /** Seeds the paper, the dirt, the camera's view and its noise. */
  readonly seed: string;
}

const PICTURE = { widthPx: 640, heightPx: 360 } as const;
/** Turned by so much at most, each way: a camera beside or above a lane. */
const MOST_YAW = 0.35;
const MOST_ROLL = 0.06;
const face = loadFace();

/** A frame with one plate in a dim scene, seen mildly at a slant, blurred and noisy. */
export function frameOf(plate: OddPlate): Frame {
  const random = seededRandom(plate.seed);
  const { widthPx, heightPx } = PICTURE;
  const tilt = random.between(20, 60);
  const level = random.between(35, 95);
  const pixels = Uint8Array.from(
    { length: widthPx * heightPx },
    (_, i) => level + tilt * ((i % widthPx) / widthPx),
  );
  const canvas = { pixels, widthPx, heightPx };
  const form = plate.form ?? 'one-line';
  const quad = viewOf(form, plate, random.fork('view'));
  const groups = plate.groups.split(' ') as unknown as Mark['groups'];
  const mark: Mark = { vrm: parseVrm(plate.groups) as Vrm, groups };
  const texture = drawPlate(mark, form, face, random.fork('plate'), plate.tamper);
  drawPlateView(canvas, texture, [quad, quad, quad, quad], random.between(0.75, 1.02));
  const { widthMm, heightMm } = PLATE_FORMS[form];
  const place = fromUnitSquare(quad);
  for (const { outline, grey } of plate.covers ?? []) {
    const placed = outline.map(([x, y]): [number, number] => {
      const point = place(x / widthMm, y / heightMm);
      return [point.x, point.y];
    });
    fillPolygons(canvas, [placed], grey);
  }
  blur(canvas.pixels, widthPx, random.between(0, 0.5));
  addNoise(pixels, random.fork('noise'), random.between(1, 5));
  return { pixels, widthPx, heightPx, index: 0, capturedAtMs: 1_790_000_000_000, capturedMonoMs: 0 };
}

/** Corners of a plate that is turned about its upright axis and rolled a little. */
function viewOf(form: PlateForm, { characterHeightPx, at }: OddPlate, random: Random): Quad {
  const { widthMm, heightMm, characterHeightMm } = PLATE_FORMS[form];
  const pxPerMm = characterHeightPx / characterHeightMm;
  const yaw = random.between(-MOST_YAW, MOST_YAW);
  const roll = random.between(-MOST_ROLL, MOST_ROLL);
  const distanceMm = 9_000;
  const middle = {
    x: (at?.x ?? random.between(0.4, 0.6)) * PICTURE.widthPx,
    y: (at?.y ?? random.between(0.4, 0.6)) * PICTURE.heightPx,
  };
  const corner = (right: number, down: number): Point => {
    const flat = (right * widthMm) / 2;
    const scale = pxPerMm * (distanceMm / (distanceMm + flat * Math.sin(yaw)));
    const x = flat * Math.cos(yaw) * scale;
    const y = ((down * heightMm) / 2) * scale;
    return {
      x: middle.x + x * Math.cos(roll) - y * Math.sin(roll),
      y: middle.y + x * Math.sin(roll) + y * Math.cos(roll),
    };
  };
  return [corner(-1, -1), corner(1, -1), corner(1, 1), corner(-1, 1)];
}

/** A soft lens: each pixel a part of its neighbours'. @param share 0 to 0.5 */
function blur(pixels: Uint8Array, widthPx: number, share: number): void {
  for (const step of [1, widthPx]) {
    const before = pixels.slice();
    for (let i = step; i < pixels.length - step; i++) {
      const beside = ((before[i - step] as number) + (before[i + step] as number)) / 2;
      pixels[i] = (1 - share) * (before[i] as number) + share * beside + 0.5;
    }
  }
}

function addNoise(pixels: Uint8Array, random: Random, deviation: number): void {
  for (let i = 0; i < pixels.length; i++) {
    const bell = 2 * (random.next() + random.next() + random.next() - 1.5);
    pixels[i] = Math.min(255, Math.max(0, (pixels[i] as number) + deviation * bell));
  }
}
