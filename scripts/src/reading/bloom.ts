import type { GreyPixels } from '../../../src/native/kernels.js';

/** Share of the light that a lens and its cover scatter, near the edge and far about. */
const NEAR_SHARE = 0.12;
const FAR_SHARE = 0.05;
/** How far it is scattered, in character heights: standard deviations. */
const NEAR_HEIGHTS = 0.12;
const FAR_HEIGHTS = 1.2;

/** Greys that only what throws the lamp's light back has: paper, lamps. It is `PAPER` at the lamp's own strength. */
const THROWN_BACK = 100;
const PAPER = 225;

/**
 * A retroreflective plate lit by the camera's own lamp, brighter than the exposure was made for:
 * the paper outshines the sensor, and its light spills over the characters, which stay dark of
 * themselves. For infrared scenes: by day, lit bodies are as bright as paper.
 * @param stops over-exposure of the paper as photographers count it: 1 is twice the light
 * @param characterHeightPx scattering is in proportion to it, so that a curve does not depend on the size
 */
export function bloom(picture: GreyPixels, stops: number, characterHeightPx: number): GreyPixels {
  const { widthPx, heightPx } = picture;
  const more = ((2 ** stops - 1) * PAPER) / (PAPER - THROWN_BACK);
  const light = new Float32Array(widthPx * heightPx);
  picture.pixels.forEach((value, index) => {
    light[index] = value + more * Math.max(0, value - THROWN_BACK);
  });
  const near = scattered(light, widthPx, heightPx, NEAR_HEIGHTS * characterHeightPx);
  const far = scattered(light, widthPx, heightPx, FAR_HEIGHTS * characterHeightPx);
  const pixels = new Uint8Array(light.length);
  light.forEach((value, index) => {
    const direct = (1 - NEAR_SHARE - FAR_SHARE) * value;
    const stray = NEAR_SHARE * (near[index] as number) + FAR_SHARE * (far[index] as number);
    pixels[index] = Math.min(255, direct + stray + 0.5);
  });
  return { pixels, widthPx, heightPx };
}

/** Three running means in each direction come close to a Gaussian of that standard deviation. */
function scattered(light: Float32Array, widthPx: number, heightPx: number, sigmaPx: number): Float32Array {
  const half = Math.max(1, Math.round((Math.sqrt(4 * sigmaPx * sigmaPx + 1) - 1) / 2));
  let result = light;
  for (let pass = 0; pass < 3; pass++) {
    result = runningMean(result, heightPx, widthPx, widthPx, 1, half);
    result = runningMean(result, widthPx, heightPx, 1, widthPx, half);
  }
  return result;
}

/** Means over 2 half + 1 neighbours along lines; beyond an end the line goes on as at its end. */
function runningMean(
  from: Float32Array,
  lines: number,
  length: number,
  lineStep: number,
  step: number,
  half: number,
): Float32Array {
  const to = new Float32Array(from.length);
  for (let line = 0; line < lines; line++) {
    const start = line * lineStep;
    const at = (index: number) => from[start + Math.min(length - 1, Math.max(0, index)) * step] as number;
    let sum = 0;
    for (let index = -half; index <= half; index++) sum += at(index);
    for (let index = 0; index < length; index++) {
      to[start + index * step] = sum / (2 * half + 1);
      sum += at(index + half + 1) - at(index - half);
    }
  }
  return to;
}
