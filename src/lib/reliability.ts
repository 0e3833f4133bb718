import { wilson } from './wilson.js';

/** Something that was said with a probability, and whether it was so. */
export interface Forecast {
  /** 0 to 1. */
  readonly probability: number;
  readonly right: boolean;
}

/** Forecasts of about one probability, and how often they were right. */
export interface ReliabilityBin {
  readonly from: number;
  readonly to: number;
  readonly meanProbability: number;
  readonly count: number;
  readonly right: number;
  /** 95 % (Wilson) of the share that is right. */
  readonly low: number;
  readonly high: number;
}

const BINS = 10;

/** Ten bins of equal width; those without a forecast are left out. */
export function reliabilityBins(forecasts: readonly Forecast[]): ReliabilityBin[] {
  const inBin = (bin: number) =>
    forecasts.filter(({ probability }) => Math.min(BINS - 1, Math.floor(probability * BINS)) === bin);
  return Array.from({ length: BINS }, (_, bin) => binOf(inBin(bin), bin / BINS, (bin + 1) / BINS)).filter(
    ({ count }) => count > 0,
  );
}

/** Ten bins of equally many forecasts, from the least probable on. */
export function adaptiveBins(forecasts: readonly Forecast[]): ReliabilityBin[] {
  const sorted = [...forecasts].sort((a, b) => a.probability - b.probability);
  return Array.from({ length: BINS }, (_, bin) => {
    const part = sorted.slice(
      Math.round((bin * sorted.length) / BINS),
      Math.round(((bin + 1) * sorted.length) / BINS),
    );
    return binOf(part, part[0]?.probability ?? 0, part.at(-1)?.probability ?? 0);
  }).filter(({ count }) => count > 0);
}

/** Expected calibration error, 0 to 1: by how much a bin's probability misses what was right, on average. */
export function calibrationError(bins: readonly ReliabilityBin[]): number {
  const count = bins.reduce((sum, bin) => sum + bin.count, 0);
  if (count === 0) return 0;
  return bins.reduce((sum, bin) => sum + Math.abs(bin.count * bin.meanProbability - bin.right), 0) / count;
}

/** Mean of the squared misses, 0 to 1: small where forecasts are both sure and right. */
export function brierScore(forecasts: readonly Forecast[]): number {
  if (forecasts.length === 0) return 0;
  const misses = forecasts.map(({ probability, right }) => (probability - (right ? 1 : 0)) ** 2);
  return misses.reduce((a, b) => a + b, 0) / forecasts.length;
}

function binOf(forecasts: readonly Forecast[], from: number, to: number): ReliabilityBin {
  const count = forecasts.length;
  const right = forecasts.filter((forecast) => forecast.right).length;
  const sum = forecasts.reduce((total, { probability }) => total + probability, 0);
  return { from, to, meanProbability: count === 0 ? 0 : sum / count, count, right, ...wilson(right, count) };
}
