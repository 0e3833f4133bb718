import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, normalize } from 'node:path';
import type { JudgedRead } from '../../../src/cli/rating.js';
import { type Calibration, UNCALIBRATED } from '../../../src/domain/calibration.js';
import { calibrationError, type Forecast, reliabilityBins } from '../../../src/lib/reliability.js';
import { reliabilityDiagram } from '../chart/reliability-diagram.js';
import { judgeFolder } from './photographs.js';
import { characterForecastsOf, summaryOf } from './report.js';
import { sampleOf } from './sample.js';

export interface EvaluationOptions {
  /** Labelled pictures that neither trained nor were fitted on. */
  readonly folders: readonly string[];
  readonly models: string;
  readonly calibration: Calibration;
  /** SVG file of the reliability diagram. */
  readonly figure: string;
}

/** Measures the calibration on new pictures, and draws its diagram. @returns lines of the report. */
export async function evaluate({
  folders,
  models,
  calibration,
  figure,
}: EvaluationOptions): Promise<string[]> {
  const judged: JudgedRead[] = [];
  const lines: string[] = [];
  for (const folder of folders) {
    const results = await judgeFolder(folder, models, { calibration });
    const reads = results.flatMap((result) => result.judged);
    judged.push(...reads);
    lines.push(...linesFor(basename(normalize(folder)), reads));
  }
  if (folders.length > 1) lines.push(...linesFor('together', judged));
  const onPlates = forecastsOn(judged, false);
  const bins = reliabilityBins(onPlates);
  const names = folders.map((folder) => basename(normalize(folder))).join(' and ');
  const svg = await reliabilityDiagram({
    title: 'Probability of a read against how often it is right',
    subtitle: `${onPlates.length} reads of labelled plates of ${names}; calibration error ${(100 * calibrationError(bins)).toFixed(1)} %`,
    series: [{ name: names, bins }],
  });
  await mkdir(dirname(figure), { recursive: true });
  await writeFile(figure, svg);
  return lines;
}

/** The reads are calibrated already; so are their characters. */
function linesFor(name: string, reads: readonly JudgedRead[]): string[] {
  return [
    summaryOf(`${name}: on labelled plates`, forecastsOn(reads, false)),
    summaryOf(`${name}: all, others as wrong`, forecastsOn(reads, true)),
    summaryOf(
      `${name}: characters`,
      characterForecastsOf(
        reads.flatMap((read) => sampleOf(read) ?? []),
        UNCALIBRATED,
      ),
    ),
  ];
}

/** @param elsewhere whether reads on nothing that is labelled count, as wrong ones (labels are not complete). */
function forecastsOn(reads: readonly JudgedRead[], elsewhere: boolean): Forecast[] {
  return reads
    .filter(
      ({ verdict }) => verdict === 'right' || verdict === 'wrong' || (elsewhere && verdict === 'elsewhere'),
    )
    .map(({ read, verdict }) => ({ probability: read.probability, right: verdict === 'right' }));
}
