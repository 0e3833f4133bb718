import type { LineChart } from '../chart/line-chart.js';
import type { DevicePath } from './device-path.js';
import { measurePlates } from './measure.js';
import type { Carrier, PlateSet } from './plate-sets.js';
import { type Rate, rateOf } from './rate.js';

export const ONE_LINE: readonly Carrier[] = ['one line'];
export const TWO_LINES: readonly Carrier[] = ['square', 'lorry', 'motorcycle'];
const EVERY_FORM: readonly Carrier[] = ['one line', 'square', 'lorry', 'motorcycle'];
/** Where another condition is varied. */
const CHARACTER_HEIGHT_PX = 20;

/** What is read right while one thing gets harder; everything else stays as it was. */
export interface Curve {
  /** Name of the picture, and of the figures. */
  readonly name: string;
  readonly title: string;
  readonly xTitle: string;
  readonly xs: readonly number[];
  readonly bars?: LineChart['bars'];
  readonly series: readonly {
    readonly name: string;
    readonly set: (x: number) => Omit<PlateSet, 'seed' | 'count'>;
  }[];
}

const byForm = (vary: (x: number) => Omit<PlateSet, 'seed' | 'count' | 'carriers' | 'characterHeightPx'>) =>
  [
    { name: 'one line', carriers: ONE_LINE },
    { name: 'two lines', carriers: TWO_LINES },
  ].map(({ name, carriers }) => ({
    name,
    set: (x: number) => ({ carriers, characterHeightPx: CHARACTER_HEIGHT_PX, ...vary(x) }),
  }));

export const CURVES: readonly Curve[] = [
  {
    name: 'resolution',
    title: 'Read right by character height',
    xTitle: 'character height, px of a 1280 x 720 frame',
    xs: [8, 10, 12, 15, 20, 30, 40],
    bars: [{ y: 95, label: 'asked for from 15 px: 95 %' }],
    series: [
      { name: 'one line', set: (x) => ({ carriers: ONE_LINE, characterHeightPx: x }) },
      { name: 'two lines', set: (x) => ({ carriers: TWO_LINES, characterHeightPx: x }) },
    ],
  },
  {
    name: 'blur',
    title: 'Read right by blur',
    xTitle: 'diameter or length of the blur, strokes (3.5 px here)',
    xs: [0, 0.5, 1, 1.5, 2, 2.5, 3],
    series: [
      {
        name: 'out of focus',
        set: (x) => ({
          carriers: EVERY_FORM,
          characterHeightPx: CHARACTER_HEIGHT_PX,
          conditions: { defocusStrokes: x },
        }),
      },
      {
        name: 'moving',
        set: (x) => ({
          carriers: EVERY_FORM,
          characterHeightPx: CHARACTER_HEIGHT_PX,
          conditions: { motionStrokes: x },
        }),
      },
    ],
  },
  {
    name: 'yaw',
    title: 'Read right by angle to the side',
    xTitle: 'yaw, degrees',
    xs: [0, 10, 20, 30, 40, 45],
    series: byForm((x) => ({ yawDegrees: x })),
  },
  {
    name: 'bloom',
    title: 'Read right by over-exposure with the camera’s own lamp',
    xTitle: 'over-exposure of the paper, stops',
    xs: [0, 1, 2, 3, 4, 5],
    series: byForm((x) => ({ conditions: { bloomStops: x } })),
  },
  {
    name: 'dirt',
    title: 'Read right by dirt',
    xTitle: 'share of the plate under mud, %',
    xs: [0, 5, 10, 20, 30, 40],
    series: byForm((x) => ({ conditions: { dirtShare: x / 100 } })),
  },
];

export interface MeasuredCurve {
  readonly name: string;
  readonly series: readonly {
    readonly name: string;
    readonly points: readonly { readonly x: number; readonly rate: Rate }[];
  }[];
}

/** @param count plates a point; every point of a curve has the same ones */
export async function measureCurve(
  path: DevicePath,
  curve: Curve,
  count: number,
  seed: string,
  say: (line: string) => void,
): Promise<MeasuredCurve> {
  const series = [];
  for (const { name, set } of curve.series) {
    const points = [];
    for (const x of curve.xs) {
      say(`${curve.name}: ${name}, ${x}`);
      const outcomes = await measurePlates(path, { seed: `${seed}/${name}`, count, ...set(x) });
      points.push({ x, rate: rateOf(outcomes, ({ right }) => right) });
    }
    series.push({ name, points });
  }
  return { name: curve.name, series };
}

/** The curve as a chart, in per cent. */
export function chartOf(curve: Curve, measured: MeasuredCurve, count: number): LineChart {
  return {
    title: curve.title,
    subtitle: `drawn plates, ${count} a point, with 95 % intervals; found and read in single frames`,
    x: {
      title: curve.xTitle,
      domain: [Math.min(...curve.xs), Math.max(...curve.xs)],
      ticks: curve.xs,
    },
    y: { title: 'read right, %', domain: [0, 100] },
    series: measured.series.map(({ name, points }) => ({
      name,
      points: points.map(({ x, rate }) => ({
        x,
        y: 100 * rate.share,
        low: 100 * rate.low,
        high: 100 * rate.high,
      })),
    })),
    ...(curve.bars === undefined ? {} : { bars: curve.bars }),
  };
}
