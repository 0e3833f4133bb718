import type { Camera, Place } from './camera.js';
import type { Face } from './face.js';
import { disc } from './plate-texture.js';
import type { Random } from './random.js';
import { type Canvas, fillPolygons, type Polygon } from './raster.js';

/** Metres from the middle of the road to its edge. */
const ROAD_HALF_M = 3.2;
const KERB_M = 0.15;

/**
 * The empty road at night under an infrared illuminator: everything that stays the same in every
 * frame, with two signs that are no plates.
 */
export function drawScene(camera: Camera, face: Face, random: Random): Canvas {
  const { widthPx, heightPx } = camera;
  const canvas: Canvas = { pixels: new Uint8Array(widthPx * heightPx), widthPx, heightPx };
  drawGround(canvas, camera, random);
  drawSpeedSign(canvas, camera, face);
  drawTextSign(canvas, camera, face);
  return canvas;
}

function drawGround({ pixels, widthPx, heightPx }: Canvas, camera: Camera, random: Random): void {
  const rough = noiseField(random);
  for (let row = 0; row < heightPx; row++) {
    for (let column = 0; column < widthPx; column++) {
      const place = camera.onRoad({ x: column + 0.5, y: row + 0.5 });
      const far = place === undefined || place.y > 120;
      // Beyond the lamp's reach: hedges and sky.
      const value = far ? 7 + 5 * rough(column / 60, row / 30) : groundGrey(place, rough);
      pixels[row * widthPx + column] = Math.min(255, Math.max(0, value));
    }
  }
}

function groundGrey(place: Place, rough: (x: number, y: number) => number): number {
  const distance = Math.hypot(place.x + 3.4, place.y);
  const light = Math.min(1, (13 / Math.max(6, distance)) ** 1.3);
  const texture = rough(place.x * 9, place.y * 5) * 0.6 + rough(place.x * 1.3, place.y * 0.5) * 0.4;
  const aside = Math.abs(place.x);
  if (aside > ROAD_HALF_M + KERB_M) return (20 + 22 * texture) * light;
  if (aside > ROAD_HALF_M) return (58 + 16 * texture) * light;
  const dash = aside < 0.06 && place.y % 6 < 3.2;
  const edgeLine = Math.abs(aside - (ROAD_HALF_M - 0.3)) < 0.05;
  if (dash || edgeLine) return (95 + 25 * texture) * light;
  return (24 + 14 * texture) * light;
}

/** Smooth noise in 0 to 1 over a plane: random values on a grid, blended between. */
function noiseField(random: Random): (x: number, y: number) => number {
  const size = 256;
  const grid = Float32Array.from({ length: size * size }, () => random.next());
  const at = (x: number, y: number) => grid[(y & (size - 1)) * size + (x & (size - 1))] as number;
  return (x, y) => {
    const left = Math.floor(x);
    const top = Math.floor(y);
    const across = x - left;
    const down = y - top;
    const above = at(left, top) * (1 - across) + at(left + 1, top) * across;
    const below = at(left, top + 1) * (1 - across) + at(left + 1, top + 1) * across;
    return above * (1 - down) + below * down;
  };
}

/** Turns a flat board that stands across the road's direction, metres, into picture polygons. */
function onBoard(camera: Camera, middle: Place, polygon: Polygon): Polygon {
  return polygon.flatMap(([x, down]) => {
    const point = camera.project({ x: middle.x + x, y: middle.y, z: middle.z - down });
    return point === undefined ? [] : [[point.x, point.y] as const];
  });
}

function rectangle(halfWidth: number, halfHeight: number): Polygon {
  return [
    [-halfWidth, -halfHeight],
    [halfWidth, -halfHeight],
    [halfWidth, halfHeight],
    [-halfWidth, halfHeight],
  ];
}

function drawPole(canvas: Canvas, camera: Camera, { x, y, z }: Place): void {
  const pole: Polygon = [
    [-0.04, 0],
    [0.04, 0],
    [0.04, z],
    [-0.04, z],
  ];
  fillPolygons(canvas, [onBoard(camera, { x, y, z }, pole)], 30);
}

function drawSpeedSign(canvas: Canvas, camera: Camera, face: Face): void {
  const middle: Place = { x: 5.2, y: 33, z: 2.1 };
  drawPole(canvas, camera, middle);
  fillPolygons(canvas, [onBoard(camera, middle, disc(0, 0, 0.37))], 105);
  fillPolygons(canvas, [onBoard(camera, middle, disc(0, 0, 0.3))], 205);
  drawWord(canvas, camera, face, '30', middle, 0.3, 40);
}

function drawTextSign(canvas: Canvas, camera: Camera, face: Face): void {
  const middle: Place = { x: 4.6, y: 21, z: 0.9 };
  drawPole(canvas, camera, middle);
  fillPolygons(canvas, [onBoard(camera, middle, rectangle(0.45, 0.3))], 190);
  drawWord(canvas, camera, face, 'BUS', { ...middle, z: middle.z + 0.13 }, 0.17, 45);
  drawWord(canvas, camera, face, 'LANE', { ...middle, z: middle.z - 0.13 }, 0.17, 45);
}

function drawWord(
  canvas: Canvas,
  camera: Camera,
  face: Face,
  word: string,
  middle: Place,
  heightM: number,
  value: number,
): void {
  const scale = heightM / face.heightMm;
  const widths = [...word].map((character) => face.glyph(character).widthMm);
  const gap = 11;
  const total = widths.reduce((sum, width) => sum + width + gap, -gap);
  let left = -total / 2;
  for (const [index, character] of [...word].entries()) {
    const polygons = face.glyph(character).polygons.map((polygon) =>
      onBoard(
        camera,
        middle,
        polygon.map(([x, y]): [number, number] => [(left + x) * scale, (y - face.heightMm / 2) * scale]),
      ),
    );
    fillPolygons(canvas, polygons, value);
    left += (widths[index] as number) + gap;
  }
}

/** The camera's name and clock, burnt into every picture as such cameras do. */
export function drawOverlay(canvas: Canvas, face: Face, atS: number): void {
  const clock = new Date(Date.UTC(2026, 0, 1, 2, 13, 44) + 1000 * Math.floor(atS)).toISOString();
  drawCaption(canvas, face, `CAM03 ${clock.slice(0, 10)} ${clock.slice(11, 19)}`);
}

function drawCaption(canvas: Canvas, face: Face, text: string): void {
  const heightPx = 20;
  const scale = heightPx / face.heightMm;
  let x = 24;
  const y = canvas.heightPx - 44;
  for (const character of text) {
    if (character === ' ') x += 14;
    else if (character === '-') {
      fillPolygons(
        canvas,
        [
          [
            [x, y + 9],
            [x + 7, y + 9],
            [x + 7, y + 11.5],
            [x, y + 11.5],
          ],
        ],
        225,
      );
      x += 11;
    } else if (character === ':') {
      for (const dot of [y + 6, y + 15]) fillPolygons(canvas, [disc(x + 2, dot, 1.7)], 225);
      x += 7.5;
    } else {
      const glyph = face.glyph(character);
      const left = x;
      fillPolygons(
        canvas,
        glyph.polygons.map((polygon) =>
          polygon.map(([gx, gy]): [number, number] => [left + gx * scale, y + gy * scale]),
        ),
        225,
      );
      x += glyph.widthMm * scale + 4;
    }
  }
}
