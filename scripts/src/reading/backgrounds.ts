import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { loadGreyPicture } from '../../../src/capture/picture.js';
import { loadLabels } from '../../../src/cli/labels.js';
import type { Box, Quad } from '../../../src/domain/geometry.js';
import { packageRoot } from '../../../src/lib/package-root.js';
import type { GreyPixels } from '../../../src/native/kernels.js';
import { type Random, seededRandom } from '../clip/random.js';
import type { NegativeScene } from './negative-scene.js';

const FOLDERS = ['train-scenes-ro', 'train-scenes-mixed'] as const;
/**
 * The pictures whose backgrounds taught the reader nothing: the rule of anprd_training's
 * detector_crops (runs of 25 files, by hash). Nine in ten of them were seen by the detector.
 */
const BLOCK = 25;
const VALIDATION_SHARE = 0.12;
const TRIES = 60;
/** How far beyond its label a plate may reach. */
const MARGIN = 0.1;

/** Where the pictures are looked for. */
export function backgroundFolders(): string[] {
  const data = process.env.ANPRD_DATA ?? resolve(packageRoot(import.meta.dirname), '../shared/data');
  return FOLDERS.map((folder) => join(data, folder)).filter((folder) =>
    existsSync(join(folder, 'labels.jsonl')),
  );
}

/**
 * Pieces of real pictures that show no plate anybody knows of: of many places in each picture the
 * one with the most edges, where something is that could be taken for a plate.
 * @returns none where the pictures are not there
 */
export async function cutBackgrounds(
  size: { readonly widthPx: number; readonly heightPx: number },
  most: number,
  seed: string,
): Promise<NegativeScene[]> {
  const unlabelled = await unlabelledPlates();
  const pictures = (
    await Promise.all(
      backgroundFolders().map(async (folder) =>
        (await loadLabels(folder)).map(({ file, plates }) => ({ folder, file, plates })),
      ),
    )
  )
    .flat()
    .filter(({ folder, file }) => isValidation(basename(folder), file));
  const cuts: NegativeScene[] = [];
  for (const { folder, file, plates } of pictures) {
    if (cuts.length === most) break;
    const boxes = plates.map(({ box }) => box);
    if (boxes.includes(undefined)) continue;
    const known = [...(boxes as Box[]), ...(unlabelled.get(`${basename(folder)}/${file}`) ?? [])];
    const picture = await loadGreyPicture(join(folder, file));
    const cut = cutOne(picture, size, known, seededRandom(`${seed}/${folder}/${file}`));
    if (cut !== undefined) cuts.push(cut);
  }
  return cuts;
}

function isValidation(folder: string, file: string): boolean {
  const number = Number(basename(file).replace(/\D/g, '') || '0');
  const digest = createHash('sha256')
    .update(`${folder}/${Math.floor(number / BLOCK)}`)
    .digest();
  return digest.readUInt32BE(0) < VALIDATION_SHARE * 2 ** 32;
}

async function unlabelledPlates(): Promise<Map<string, Box[]>> {
  const path = join(packageRoot(import.meta.dirname), 'models', 'training', 'unlabelled_plates.json');
  const boxes = z.array(z.tuple([z.number(), z.number(), z.number(), z.number()]));
  const listed = z.record(z.string(), boxes).parse(JSON.parse(await readFile(path, 'utf8')));
  return new Map(
    Object.entries(listed).map(([file, rows]) => [
      file,
      rows.map(([x, y, width, height]): Box => ({ x, y, width, height })),
    ]),
  );
}

function cutOne(
  picture: GreyPixels,
  size: { readonly widthPx: number; readonly heightPx: number },
  known: readonly Box[],
  random: Random,
): NegativeScene | undefined {
  const windows = placesIn(picture, size.widthPx, size.heightPx, random).filter(
    (window) => !known.some((plate) => touches(window, plate)),
  );
  const window = busiest(picture, windows);
  if (window === undefined) return undefined;
  const cut = crop(picture, window);
  // The shape of a plate of one line, small enough that a whole sign can be in it.
  const wide = Math.round(size.widthPx * random.between(0.2, 0.5));
  const plate = busiest(cut, placesIn(cut, wide, Math.round(wide / 4.3), random)) as Box;
  const [left, top, right, bottom] = [plate.x, plate.y, plate.x + plate.width, plate.y + plate.height];
  const quad: Quad = [
    { x: left, y: top },
    { x: right, y: top },
    { x: right, y: bottom },
    { x: left, y: bottom },
  ];
  return { picture: cut, quad, kind: 'background', text: '', isMarkLike: false };
}

function placesIn(picture: GreyPixels, width: number, height: number, random: Random): Box[] {
  if (picture.widthPx < width || picture.heightPx < height) return [];
  return Array.from({ length: TRIES }, () => ({
    x: random.whole(0, picture.widthPx - width),
    y: random.whole(0, picture.heightPx - height),
    width,
    height,
  }));
}

function touches(window: Box, plate: Box): boolean {
  const [across, down] = [MARGIN * plate.width, MARGIN * plate.height];
  return (
    window.x < plate.x + plate.width + across &&
    window.x + window.width > plate.x - across &&
    window.y < plate.y + plate.height + down &&
    window.y + window.height > plate.y - down
  );
}

/** The window whose greys change most from left to right, as in writing. */
function busiest(picture: GreyPixels, windows: readonly Box[]): Box | undefined {
  let best: { readonly window: Box; readonly changes: number } | undefined;
  for (const window of windows) {
    let changes = 0;
    for (let y = window.y; y < window.y + window.height; y += 2) {
      const start = y * picture.widthPx + window.x;
      for (let at = start + 1; at < start + window.width; at += 2)
        changes += Math.abs((picture.pixels[at] as number) - (picture.pixels[at - 1] as number));
    }
    if (changes > (best?.changes ?? -1)) best = { window, changes };
  }
  return best?.window;
}

function crop({ pixels, widthPx }: GreyPixels, { x, y, width, height }: Box): GreyPixels {
  const cut = new Uint8Array(width * height);
  for (let row = 0; row < height; row++) {
    const from = (y + row) * widthPx + x;
    cut.set(pixels.subarray(from, from + width), row * width);
  }
  return { pixels: cut, widthPx: width, heightPx: height };
}
