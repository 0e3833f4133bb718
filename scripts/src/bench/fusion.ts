import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { platesSchema } from '../../../src/config/schema.js';
import { packageRoot } from '../../../src/lib/package-root.js';
import { wilson } from '../../../src/lib/wilson.js';
import { lineChart } from '../chart/line-chart.js';
import { type CurvePoint, FRAME_COUNTS, type FusionCurve, measureFusion } from '../fusion/curve.js';
import { type AreaReport, describeMachine, type Figure } from './report.js';

/**
 * What fusing frames gives: rendered passages with motion blur, wandering glare, noise, dirt and
 * screws, through the device's own detector, reader and fusion. Writes the curve to models/figures.
 */
const SEED = 'bench fusion';
/** What the reads of all frames of a passage have to keep. */
const RIGHT_AT_LEAST = 97;
const PROGRESS_STEP = 25;

export async function benchFusion(say: (line: string) => void, passages: number): Promise<AreaReport> {
  const curve = await measureFusion({
    seed: SEED,
    passages,
    onPassage: (done) => {
      if (done % PROGRESS_STEP === 0) say(`${done} of ${passages} passages`);
    },
  });
  const folder = join(packageRoot(import.meta.dirname), 'models/figures');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'fusion.svg'), await chartOf(curve));
  const all = curve.points[curve.points.length - 1] as CurvePoint;
  const { wholeWay, single } = curve;
  return {
    area: 'fusion',
    machine: describeMachine(),
    figures: {
      'single frames found': percent(single.found, single.frames),
      'single frames read right': percent(single.right, single.frames),
      'all frames fused, right': percent(all.right, all.passages, { is: 'at least', value: RIGHT_AT_LEAST }),
      'all frames fused, reported wrong': percent(all.reportedWrong, all.passages),
      'calibration error of that': { value: 100 * all.calibrationError, unit: 'points' },
      'whole way: one record, right': percent(wholeWay.right, wholeWay.passages),
      'whole way: wrong': percent(wholeWay.wrong, wholeWay.passages),
      'whole way: unread': percent(wholeWay.unread, wholeWay.passages),
      'whole way: not one record': percent(wholeWay.notOne, wholeWay.passages),
    },
    appendix: renderCurve(curve),
  };
}

function percent(count: number, of: number, bar?: Figure['bar']): Figure {
  const value = (100 * count) / of;
  return bar === undefined ? { value, unit: '%' } : { value, unit: '%', bar };
}

/** As Markdown, for the model card; in per cent, with 95 % intervals. */
export function renderCurve({ points }: FusionCurve): string {
  const rows = points.map((point) =>
    [
      String(point.frames),
      withInterval(point.right, point.passages),
      withInterval(point.reportedRight, point.passages),
      withInterval(point.reportedWrong, point.passages),
      (100 * point.calibrationError).toFixed(1),
    ].join(' | '),
  );
  return [
    '| frames fused | text right | reported, right | reported, wrong | calibration error |',
    '|---|---|---|---|---|',
    ...rows.map((row) => `| ${row} |`),
  ].join('\n');
}

function withInterval(count: number, of: number): string {
  const { low, high } = wilson(count, of);
  const [share, from, to] = [count / of, low, high].map((value) => (100 * value).toFixed(1));
  return `${share} (${from} to ${to})`;
}

function chartOf({ points, single }: FusionCurve): Promise<string> {
  const passages = points[0]?.passages ?? 0;
  const series = (name: string, countOf: (point: CurvePoint) => number) => ({
    name,
    points: points.map((point) => {
      const { low, high } = wilson(countOf(point), point.passages);
      return {
        x: point.frames,
        y: (100 * countOf(point)) / point.passages,
        low: 100 * low,
        high: 100 * high,
      };
    }),
  });
  const alone = ((100 * single.right) / single.frames).toFixed(0);
  const readFrom = platesSchema.parse({}).readThreshold;
  return lineChart({
    title: 'Reads by the number of frames fused',
    subtitle: `${passages} rendered passages with blur, glare and dirt; ${alone} % of single frames are read right; reported: probability ${readFrom} or more`,
    x: { title: 'frames fused', ticks: FRAME_COUNTS },
    y: { title: 'passages, %', domain: [0, 100] },
    series: [
      series('text right', ({ right }) => right),
      series('reported and right', ({ reportedRight }) => reportedRight),
      series('reported and wrong', ({ reportedWrong }) => reportedWrong),
    ],
    bars: [{ y: RIGHT_AT_LEAST, label: `${RIGHT_AT_LEAST} %` }],
  });
}
