import {
  type Calibration,
  calibrateCharacter,
  calibrateRead,
  UNCALIBRATED,
} from '../../../src/domain/calibration.js';
import {
  adaptiveBins,
  brierScore,
  calibrationError,
  type Forecast,
  reliabilityBins,
} from '../../../src/lib/reliability.js';
import { fitCalibration } from './fit.js';
import type { ReadSample, SampleGroup } from './sample.js';

/** Stated probabilities of some reads under a calibration. */
export function forecastsOf(samples: readonly ReadSample[], calibration: Calibration): Forecast[] {
  return samples.map(({ probability, text, right }) => ({
    probability: calibrateRead(probability, text, calibration),
    right,
  }));
}

/** Stated probabilities of the characters of those reads whose places are known. */
export function characterForecastsOf(samples: readonly ReadSample[], calibration: Calibration): Forecast[] {
  return samples.flatMap(({ characters }) =>
    characters.map(({ shares, truth }) => ({
      probability: calibrateCharacter(Float64Array.from(shares), calibration)[0] as number,
      right: truth === 0,
    })),
  );
}

/** One line: reads, share right, calibration error in even and in equally filled bins, Brier score. */
export function summaryOf(name: string, forecasts: readonly Forecast[]): string {
  const right = forecasts.filter((forecast) => forecast.right).length;
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`.padStart(7);
  const count = `${right} of ${forecasts.length} right`.padEnd(18);
  const errors = [reliabilityBins(forecasts), adaptiveBins(forecasts)].map((bins) =>
    percent(calibrationError(bins)),
  );
  return `${name.padEnd(34)} ${count} error ${errors[0]}, adaptive ${errors[1]}, Brier ${brierScore(forecasts).toFixed(4)}`;
}

/** How well the fit carries over: each group under the calibration that all others give. */
export function crossSummary(groups: readonly SampleGroup[]): string[] {
  return groups.map((left) => {
    const calibration = fitCalibration(groups.filter((group) => group !== left));
    return summaryOf(`${left.name}, fitted without it`, forecastsOf(left.samples, calibration));
  });
}

export function rawSummary(groups: readonly SampleGroup[]): string[] {
  return groups.map(({ name, samples }) =>
    summaryOf(`${name}, scores as they are`, forecastsOf(samples, UNCALIBRATED)),
  );
}

const THRESHOLDS = [0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

/** What each least probability lets through, right and not, by group: to choose plates.readThreshold by. */
export function thresholdTable(groups: readonly SampleGroup[], calibration: Calibration): string[] {
  const forecasts = groups.map(({ name, samples }) => ({ name, of: forecastsOf(samples, calibration) }));
  return THRESHOLDS.map((threshold) => {
    const counts = forecasts.map(({ name, of }) => {
      const through = of.filter(({ probability }) => probability >= threshold);
      const right = through.filter((forecast) => forecast.right).length;
      return `${name} ${right} + ${through.length - right}`;
    });
    return `from ${threshold} on, right + not: ${counts.join(', ')}`;
  });
}
