import type { GreyPixels } from '../../../src/native/kernels.js';
import type { Random } from '../clip/random.js';
import { addGlow, type Canvas, fillPolygons, type Polygon } from '../clip/raster.js';
import { valueNoise } from './dirt.js';
import type { PlateCamera } from './plate-camera.js';

export type Vehicle = 'car' | 'van' | 'lorry' | 'motorcycle';

/** How the light falls: bodies are dark under an infrared lamp, and of any grey by day. */
export type Light = 'infrared' | 'day';

/** A road, walls, whatever is behind: greys that change slowly, with some straight edges. */
export function drawGround(widthPx: number, heightPx: number, light: Light, random: Random): GreyPixels {
  const [top, bottom] =
    light === 'day'
      ? [random.between(70, 220), random.between(50, 160)]
      : [random.between(4, 30), random.between(10, 60)];
  const rough = valueNoise(widthPx, heightPx, random.between(14, 60), random);
  const depth = light === 'day' ? random.between(6, 36) : random.between(3, 14);
  const pixels = new Uint8Array(widthPx * heightPx);
  rough.forEach((height, index) => {
    const down = index / pixels.length;
    pixels[index] = Math.max(0, top + (bottom - top) * down + depth * (height - 0.5));
  });
  const canvas: Canvas = { pixels, widthPx, heightPx };
  for (let i = random.whole(2, 6); i > 0; i--) {
    const [x, y] = [random.between(0, widthPx), random.between(0, heightPx)];
    const [wide, high] = [random.between(0.05, 0.5) * widthPx, random.between(0.02, 0.3) * heightPx];
    const skew = random.between(-0.2, 0.2) * wide;
    fillPolygons(
      canvas,
      [
        [
          [x, y],
          [x + wide, y + skew],
          [x + wide, y + high + skew],
          [x, y + high],
        ],
      ],
      light === 'day' ? random.between(20, 230) : random.between(4, 80),
      random.between(0.4, 1),
    );
  }
  return canvas;
}

/** Draws what surrounds the plate on a vehicle: panels and edges in the plate's own plane. */
export function drawVehicleEnd(
  canvas: Canvas,
  camera: PlateCamera,
  plate: { readonly widthMm: number; readonly heightMm: number },
  vehicle: Vehicle,
  light: Light,
  random: Random,
): void {
  const panel = new Panel(canvas, camera);
  const body = light === 'day' ? random.between(20, 225) : random.between(14, 75);
  if (vehicle === 'motorcycle') {
    drawMotorcycle(panel, body, plate.heightMm, random);
    return;
  }
  const half = vehicle === 'lorry' ? 1200 : random.between(820, 950);
  const above = vehicle === 'car' ? random.between(180, 420) : random.between(400, 1200);
  const below = random.between(110, 260);
  panel.bands(-half, -above, half, below, body, random);
  if (vehicle === 'lorry') drawLorry(panel, half, body, plate.heightMm, random);
  else drawCar(panel, half, above, below, body, random);
  drawRecess(panel, plate.widthMm, plate.heightMm, body, random);
}

function drawCar(
  panel: Panel,
  half: number,
  above: number,
  below: number,
  body: number,
  random: Random,
): void {
  // The gap of the boot or bonnet, and the bumper's lower lip.
  const seam = random.between(-above * 0.9, -90);
  panel.box(-half * 0.9, seam, half * 0.9, seam + random.between(6, 14), body * 0.35);
  panel.box(-half * 0.9, seam + 14, half * 0.9, seam + 26, Math.min(255, body * 1.25), 0.6);
  panel.box(-half, below - random.between(30, 90), half, below, body * 0.3);
  if (random.chance(0.5)) {
    const top = random.between(-above * 0.8, -150);
    const slats = random.whole(3, 7);
    for (let i = 0; i < slats; i++)
      panel.box(-half * 0.55, top + i * 26, half * 0.55, top + i * 26 + 12, random.between(8, 40));
  }
  const lamp = random.between(0.4, 1) * 255;
  const at = random.between(-above * 0.8, -60);
  for (const side of [-1, 1]) {
    const middle = side * half * 0.78;
    panel.box(middle - 130, at - 60, middle + 130, at + 60, lamp * 0.6);
    panel.box(middle - 70, at - 40, middle + 70, at + 40, lamp);
  }
  if (random.chance(0.3)) {
    const { x, y } = panel.camera.at(half * 0.78, at);
    addGlow(panel.canvas, x, y, 260 * panel.camera.pxPerMm, random.between(20, 120));
  }
}

function drawLorry(panel: Panel, half: number, body: number, plateHeightMm: number, random: Random): void {
  for (let rib = -half + 100; rib < half; rib += random.between(160, 320))
    panel.box(rib, -1200, rib + 14, -plateHeightMm, body * random.between(0.5, 1.5));
  // The under-run bar with its slanted stripes.
  const [top, bottom] = [plateHeightMm / 2 + 40, plateHeightMm / 2 + 160];
  for (let x = -half; x < half; x += 140) {
    panel.polygon(
      [
        [x, top],
        [x + 70, top],
        [x + 130, bottom],
        [x + 60, bottom],
      ],
      random.between(130, 220),
      0.8,
    );
  }
  for (const side of [-1, 1])
    panel.box(side * half * 0.8 - 120, -70, side * half * 0.8 + 120, 70, random.between(60, 220));
}

function drawMotorcycle(panel: Panel, body: number, plateHeightMm: number, random: Random): void {
  const half = random.between(130, 210);
  panel.bands(
    -half,
    -plateHeightMm / 2 - random.between(120, 300),
    half,
    plateHeightMm / 2 + 30,
    body,
    random,
  );
  const lampTop = -plateHeightMm / 2 - random.between(90, 130);
  panel.box(-80, lampTop, 80, lampTop + 60, random.between(60, 230));
  // The tyre below.
  panel.box(-75, plateHeightMm / 2 + 20, 75, plateHeightMm / 2 + 420, random.between(8, 40));
}

/** Where the plate is mounted: flush, in a recess, or in a dealer's frame. */
function drawRecess(panel: Panel, widthMm: number, heightMm: number, body: number, random: Random): void {
  const kind = random.next();
  const room = kind < 0.4 ? random.between(15, 70) : kind < 0.7 ? random.between(6, 12) : 0;
  if (room === 0) return;
  const grey = kind < 0.4 ? body * random.between(0.35, 0.9) : random.between(10, 60);
  panel.box(-widthMm / 2 - room, -heightMm / 2 - room, widthMm / 2 + room, heightMm / 2 + room, grey);
}

/** Fills shapes given in millimetres of the plate's plane. */
class Panel {
  constructor(
    readonly canvas: Canvas,
    readonly camera: PlateCamera,
  ) {}

  polygon(corners: Polygon, grey: number, opacity = 1): void {
    const placed = corners.map(([right, down]): [number, number] => {
      const { x, y } = this.camera.at(right, down);
      return [x, y];
    });
    fillPolygons(this.canvas, [placed], Math.min(255, grey), opacity);
  }

  box(left: number, top: number, right: number, bottom: number, grey: number, opacity = 1): void {
    this.polygon(
      [
        [left, top],
        [right, top],
        [right, bottom],
        [left, bottom],
      ],
      grey,
      opacity,
    );
  }

  /** A curved sheet: greys that change from its head to its foot. */
  bands(left: number, top: number, right: number, bottom: number, grey: number, random: Random): void {
    const count = 12;
    const [head, foot] = [random.between(0.75, 1.3), random.between(0.6, 1.15)];
    for (let i = 0; i < count; i++) {
      const share = head + ((foot - head) * i) / (count - 1);
      const at = top + ((bottom - top) * i) / count;
      // A pixel's overlap hides the ground between bands.
      this.box(left, at, right, top + ((bottom - top) * (i + 1)) / count + 2, grey * share);
    }
  }
}
