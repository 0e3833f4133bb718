import type { GreyPixels } from '../../../src/native/kernels.js';

/** A point's spread over its neighbours: weights that add up to 1, `size` by `size`, `size` odd. */
interface Kernel {
  readonly size: number;
  readonly weights: Float32Array;
}

/** A lens out of focus: every point becomes an even disc. @param diameterPx 0: as it was */
export function defocus(picture: GreyPixels, diameterPx: number): GreyPixels {
  const radius = diameterPx / 2;
  return spread(
    picture,
    kernelOf(radius, (x, y) => (Math.hypot(x, y) <= radius ? 1 : 0)),
  );
}

/**
 * A movement during the exposure.
 * @param lengthPx how far; 0: as it was
 * @param degrees clockwise from rightwards
 */
export function motionBlur(picture: GreyPixels, lengthPx: number, degrees: number): GreyPixels {
  const [along, across] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  const half = lengthPx / 2;
  // As thin as a pixel: a line without a width would fall between the samples.
  return spread(
    picture,
    kernelOf(half, (x, y) =>
      Math.abs(x * along + y * across) <= half && Math.abs(y * along - x * across) <= 0.5 ? 1 : 0,
    ),
  );
}

/** What every lens and sensor does to an edge. @param sigmaPx standard deviation */
export function soften(picture: GreyPixels, sigmaPx: number): GreyPixels {
  return spread(
    picture,
    kernelOf(3 * sigmaPx, (x, y) => Math.exp(-(x * x + y * y) / (2 * sigmaPx * sigmaPx))),
  );
}

/** Points of a pixel each way at which a shape is asked, so that fractions of a pixel count. */
const SAMPLES = 8;

function kernelOf(reachPx: number, shape: (x: number, y: number) => number): Kernel {
  const reach = Math.max(0, Math.ceil(reachPx - 0.5));
  const size = 2 * reach + 1;
  const weights = new Float32Array(size * size);
  if (reach === 0) return { size, weights: weights.fill(1) };
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      let sum = 0;
      for (let j = 0; j < SAMPLES; j++)
        for (let i = 0; i < SAMPLES; i++)
          sum += shape(column - reach - 0.5 + (i + 0.5) / SAMPLES, row - reach - 0.5 + (j + 0.5) / SAMPLES);
      weights[row * size + column] = sum;
    }
  }
  const total = weights.reduce((a, b) => a + b, 0);
  return { size, weights: weights.map((weight) => weight / total) };
}

/** Beyond the border the picture goes on as at its edge. */
function spread(picture: GreyPixels, { size, weights }: Kernel): GreyPixels {
  if (size === 1) return picture;
  const { widthPx, heightPx } = picture;
  const reach = (size - 1) / 2;
  const padded = padEdges(picture, reach);
  const stride = widthPx + 2 * reach;
  const taps = [...weights.keys()]
    .filter((place) => weights[place] !== 0)
    .map((place) => ({
      weight: weights[place] as number,
      offset: Math.floor(place / size) * stride + (place % size),
    }));
  const pixels = new Uint8Array(widthPx * heightPx);
  const line = new Float32Array(widthPx);
  for (let y = 0; y < heightPx; y++) {
    line.fill(0.5);
    for (const { weight, offset } of taps) {
      const from = y * stride + offset;
      for (let x = 0; x < widthPx; x++) line[x] = (line[x] as number) + weight * (padded[from + x] as number);
    }
    pixels.set(line, y * widthPx);
  }
  return { pixels, widthPx, heightPx };
}

function padEdges({ pixels, widthPx, heightPx }: GreyPixels, reach: number): Uint8Array {
  const stride = widthPx + 2 * reach;
  const padded = new Uint8Array(stride * (heightPx + 2 * reach));
  for (let row = 0; row < heightPx + 2 * reach; row++) {
    const from = Math.min(heightPx - 1, Math.max(0, row - reach)) * widthPx;
    const to = row * stride;
    padded.fill(pixels[from] as number, to, to + reach);
    padded.set(pixels.subarray(from, from + widthPx), to + reach);
    padded.fill(pixels[from + widthPx - 1] as number, to + reach + widthPx, to + stride);
  }
  return padded;
}
