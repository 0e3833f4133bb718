import type { Frame } from '../domain/frame.js';
import { boundingBox, centre, iou, type Point, type Quad } from '../domain/geometry.js';
import type { Lattice } from '../domain/lattice.js';
import { glanceAt } from '../domain/lattice-glance.js';
import { rectify } from '../native/kernels.js';
import type { Detection } from './decode.js';
import type { Detector } from './detector.js';
import type { PlateReading, Reader } from './reader.js';

/**
 * A closer look at a plate whose first reading is doubtful.
 *
 * Most doubtful readings of plates that are plain enough to the eye come from corners that are a
 * few degrees off: the reader then sees its characters slanted or cut. So the detector looks at the
 * plate once more, enlarged, where it places corners better; then the reader tries the better of
 * both with its edges turned a little each way, and the likeliest reading stands. What the
 * detector does not take for a plate from near by is not tried any further.
 *
 * It costs a detection in CLOSE_UP pixels and at most six crops a plate. Trying several makes a
 * text of nothing likelier too; the calibration of reads knows which were tried.
 */
export interface SecondLookOptions {
  /** Made for frames CLOSE_UP.widthPx wide, with the threshold CLOSE_UP_THRESHOLD. */
  readonly detector: Pick<Detector, 'detect'>;
  /** Reads at least as many crops at once as there are TURNS. */
  readonly reader: Pick<Reader, 'read'>;
}

/** What the detector sees of a plate from near by; both sides multiples of its size multiple. */
export const CLOSE_UP = { widthPx: 256, heightPx: 128 };
/** A plate's width in it: about where the detector's corners are most precise. */
const PLATE_WIDTH_PX = 100;
/** Below this, what looked like a plate from afar does not from near by. */
export const CLOSE_UP_THRESHOLD = 0.2;
/** An answer that overlaps less is another plate. */
const SAME_PLATE_IOU = 0.25;
const MOST_SUBSAMPLES = 8;

/** From here on more looks change nothing. */
const SURE = 0.9;
/** Fewer characters are no mark, from however near. */
const SHORTEST_TEXT = 2;

interface Turn {
  /** Degrees by which the long edges turn, and by which the short ones do. */
  readonly slope?: number;
  readonly lean?: number;
  /** Factors of width and height. */
  readonly width?: number;
  readonly height?: number;
}

export const TURNS: readonly Turn[] = [
  { slope: -3 },
  { slope: 3 },
  { lean: -8 },
  { lean: 8 },
  { width: 1.1, height: 1.2 },
];

/** Whether a reading leaves room for a better one: a text that is neither sure nor nothing. */
export function isDoubtful(lattice: Lattice): boolean {
  const { text, probability } = glanceAt(lattice);
  return text.length >= SHORTEST_TEXT && probability < SURE;
}

/** @returns the likeliest reading of the plate, `first` included. */
export async function lookAgain(
  { detector, reader }: SecondLookOptions,
  frame: Frame,
  quad: Quad,
  first: PlateReading,
): Promise<PlateReading> {
  const closer = await detectCloser(detector, frame, quad);
  if (closer === undefined) return first;
  const [read] = await reader.read(frame, [closer]);
  let best = likelier({ quad, reading: first }, { quad: closer, reading: read as PlateReading });
  if (glanceAt(best.reading.lattice).probability >= SURE) return best.reading;
  const quads = TURNS.map((turn) => turned(best.quad, turn));
  const readings = await reader.read(frame, quads);
  readings.forEach((reading, index) => {
    best = likelier(best, { quad: quads[index] as Quad, reading });
  });
  return best.reading;
}

interface Look {
  readonly quad: Quad;
  readonly reading: PlateReading;
}

function likelier(a: Look, b: Look): Look {
  return glanceAt(b.reading.lattice).probability > glanceAt(a.reading.lattice).probability ? b : a;
}

/** The plate's corners as the detector finds them near by; undefined where it finds none there. */
async function detectCloser(
  detector: Pick<Detector, 'detect'>,
  frame: Frame,
  quad: Quad,
): Promise<Quad | undefined> {
  const { widthPx, heightPx } = CLOSE_UP;
  const box = boundingBox(quad);
  const scale = PLATE_WIDTH_PX / box.width;
  const { x, y } = centre(quad);
  const left = x - widthPx / scale / 2;
  const top = y - heightPx / scale / 2;
  const right = x + widthPx / scale / 2;
  const bottom = y + heightPx / scale / 2;
  const view = { ...frame, pixels: new Uint8Array(widthPx * heightPx), widthPx, heightPx };
  rectify(frame, view, {
    corners: [left, top, right, top, right, bottom, left, bottom],
    subsamples: Math.min(Math.max(Math.ceil(1 / scale), 1), MOST_SUBSAMPLES),
  });
  const found = (await detector.detect(view)).map((detection) => ({
    score: detection.score,
    quad: inFrame(detection, { x: left, y: top }, scale),
  }));
  const overlap = (detection: Detection) => iou(boundingBox(detection.quad), box);
  const [best] = found
    .filter((detection) => overlap(detection) >= SAME_PLATE_IOU)
    .sort((a, b) => b.score * overlap(b) - a.score * overlap(a));
  return best?.quad;
}

function inFrame({ quad: [tl, tr, br, bl] }: Detection, origin: Point, scale: number): Quad {
  const back = ({ x, y }: Point): Point => ({ x: origin.x + x / scale, y: origin.y + y / scale });
  return [back(tl), back(tr), back(br), back(bl)];
}

/** The quad with its edges turned about its centre; its taper stays. */
export function turned(quad: Quad, { slope = 0, lean = 0, width = 1, height = 1 }: Turn): Quad {
  const [tl, tr, br, bl] = quad;
  const middle = centre(quad);
  const along = rotated({ x: (tr.x + br.x - tl.x - bl.x) / 4, y: (tr.y + br.y - tl.y - bl.y) / 4 }, slope);
  const down = rotated({ x: (bl.x + br.x - tl.x - tr.x) / 4, y: (bl.y + br.y - tl.y - tr.y) / 4 }, lean);
  const taper = { x: (tl.x + br.x - tr.x - bl.x) / 4, y: (tl.y + br.y - tr.y - bl.y) / 4 };
  const corner = (u: number, v: number): Point => ({
    x: middle.x + u * width * along.x + v * height * down.x + u * v * taper.x,
    y: middle.y + u * width * along.y + v * height * down.y + u * v * taper.y,
  });
  return [corner(-1, -1), corner(1, -1), corner(1, 1), corner(-1, 1)];
}

function rotated({ x, y }: Point, degrees: number): Point {
  const angle = (degrees * Math.PI) / 180;
  return { x: x * Math.cos(angle) - y * Math.sin(angle), y: x * Math.sin(angle) + y * Math.cos(angle) };
}
