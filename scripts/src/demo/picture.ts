import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  drawMarks,
  type GreyPicture,
  loadGreyPicture,
  type Mark,
  resizeGrey,
} from '../../../src/capture/picture.js';
import type { Point, Quad } from '../../../src/domain/geometry.js';
import type { ReceivedImage } from './receiver.js';

/** One vehicle on the sheet. */
export interface Cell {
  readonly label: string;
  /** The plate is in the overview's left half, so its patch goes to the right. */
  readonly isPlateLeft: boolean;
  readonly tone: 'good' | 'doubtful';
  readonly images: readonly ReceivedImage[];
}

const CELL_WIDTH_PX = 400;
const OVERVIEW_HEIGHT_PX = 225;
const LABEL_HEIGHT_PX = 40;
const CELL_HEIGHT_PX = OVERVIEW_HEIGHT_PX + LABEL_HEIGHT_PX;
const PATCH_WIDTH_PX = 190;
const COLUMNS = 4;
const MARGIN_PX = 8;

/**
 * Puts what a back office has of every vehicle on one sheet: the overview with the plate patch
 * enlarged in its corner, and what was read above it.
 * @param folder gets the single pictures as they came, and the sheet as demo.png
 * @returns the sheet's path
 */
export async function drawSheet(folder: string, cells: readonly Cell[]): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const rows = Math.max(1, Math.ceil(cells.length / COLUMNS));
  const sheet: GreyPicture = {
    widthPx: COLUMNS * (CELL_WIDTH_PX + MARGIN_PX) + MARGIN_PX,
    heightPx: rows * (CELL_HEIGHT_PX + MARGIN_PX) + MARGIN_PX,
    pixels: new Uint8Array(
      (COLUMNS * (CELL_WIDTH_PX + MARGIN_PX) + MARGIN_PX) * (rows * (CELL_HEIGHT_PX + MARGIN_PX) + MARGIN_PX),
    ),
  };
  const marks: Mark[] = [];
  for (const [index, cell] of cells.entries()) {
    const left = MARGIN_PX + (index % COLUMNS) * (CELL_WIDTH_PX + MARGIN_PX);
    const top = MARGIN_PX + Math.floor(index / COLUMNS) * (CELL_HEIGHT_PX + MARGIN_PX) + LABEL_HEIGHT_PX;
    const overview = await pictureOf(folder, index, 'overview', cell.images);
    if (overview !== undefined)
      paste(sheet, scaledInto(overview, CELL_WIDTH_PX, OVERVIEW_HEIGHT_PX), left, top);
    const patch = await pictureOf(folder, index, 'plate-patch', cell.images);
    if (patch !== undefined) {
      const enlarged = scaledInto(patch, PATCH_WIDTH_PX, OVERVIEW_HEIGHT_PX / 2);
      const aside = cell.isPlateLeft ? CELL_WIDTH_PX - enlarged.widthPx : 0;
      paste(sheet, enlarged, left + aside, top + OVERVIEW_HEIGHT_PX - enlarged.heightPx);
    }
    marks.push({
      quad: frame(left, top, CELL_WIDTH_PX, OVERVIEW_HEIGHT_PX),
      label: cell.label,
      tone: cell.tone,
    });
  }
  const plain = join(folder, 'sheet.pgm');
  writeFileSync(
    plain,
    Buffer.concat([Buffer.from(`P5 ${sheet.widthPx} ${sheet.heightPx} 255\n`), sheet.pixels]),
  );
  const path = join(folder, 'demo.png');
  await drawMarks(plain, path, marks);
  rmSync(plain);
  return path;
}

async function pictureOf(
  folder: string,
  index: number,
  kind: string,
  images: readonly ReceivedImage[],
): Promise<GreyPicture | undefined> {
  // The last one: a record's picture may have been replaced by a better one.
  const image = images.findLast((candidate) => candidate.kind === kind);
  if (image === undefined) return undefined;
  const path = join(folder, `${String(index + 1).padStart(2, '0')}-${kind}.jpg`);
  writeFileSync(path, image.jpeg);
  return loadGreyPicture(path);
}

/** As large as it can be in the given space. */
function scaledInto(picture: GreyPicture, widthPx: number, heightPx: number): GreyPicture {
  const scale = Math.min(widthPx / picture.widthPx, heightPx / picture.heightPx);
  return resizeGrey(
    picture,
    Math.max(1, Math.floor(picture.widthPx * scale)),
    Math.max(1, Math.floor(picture.heightPx * scale)),
  );
}

function paste(sheet: GreyPicture, picture: GreyPicture, left: number, top: number): void {
  for (let row = 0; row < picture.heightPx; row++) {
    sheet.pixels.set(
      picture.pixels.subarray(row * picture.widthPx, (row + 1) * picture.widthPx),
      (top + row) * sheet.widthPx + left,
    );
  }
}

function frame(x: number, y: number, width: number, height: number): Quad {
  const corner = (cornerX: number, cornerY: number): Point => ({ x: cornerX, y: cornerY });
  return [corner(x, y), corner(x + width, y), corner(x + width, y + height), corner(x, y + height)];
}
