import { renderSvg } from './svg.js';

export interface ChartPoint {
  readonly x: number;
  readonly y: number;
  /** Ends of the interval around y, in its unit; both or neither. */
  readonly low?: number;
  readonly high?: number;
}

export interface ChartSeries {
  readonly name: string;
  readonly points: readonly ChartPoint[];
}

export interface ChartAxis {
  /** With its unit, for example 'character height, px'. */
  readonly title: string;
  /** Both ends; without it, what the points span. */
  readonly domain?: readonly [number, number];
  /** Where labels stand; without it, round numbers. */
  readonly ticks?: readonly number[];
  /** Equal steps are equal factors; all points above 0. */
  readonly isLogarithmic?: boolean;
}

export interface LineChart {
  readonly title: string;
  readonly subtitle?: string;
  readonly x: ChartAxis;
  readonly y: ChartAxis;
  /** Named in the legend and coloured in this order. */
  readonly series: readonly ChartSeries[];
  /** Intervals as bars with ends (readable with a few points) or as bands (with many). */
  readonly intervals?: 'bars' | 'bands';
  /** Level lines that something has to keep, for example 95 %. */
  readonly bars?: readonly { readonly y: number; readonly label: string }[];
}

const WIDTH_PX = 560;
const HEIGHT_PX = 320;

/** @returns SVG text. @throws RangeError where a series has no points, or a coordinate is no number */
export function lineChart(chart: LineChart): Promise<string> {
  const values = chart.series.flatMap(({ name, points }) =>
    points.map(({ x, y, low, high }) => ({ series: name, x, y, low: low ?? y, high: high ?? y })),
  );
  for (const { name, points } of chart.series)
    if (points.length === 0) throw new RangeError(`expected points in the series ${JSON.stringify(name)}`);
  for (const { series, x, y, low, high } of values) {
    if (![x, y, low, high].every(Number.isFinite))
      throw new RangeError(`expected numbers in the series ${JSON.stringify(series)}, got x ${x}, y ${y}`);
  }
  const x = { field: 'x', type: 'quantitative' as const, ...axis(chart.x) };
  const y = { field: 'y', type: 'quantitative' as const, ...axis(chart.y) };
  const color = {
    field: 'series',
    type: 'nominal' as const,
    sort: null,
    title: null,
    // One series needs no legend: the title says what it is.
    ...(chart.series.length === 1
      ? { legend: null }
      : { legend: { orient: 'bottom' as const, columns: 2, symbolOpacity: 1 } }),
  };
  const low = { ...y, field: 'low' };
  const interval =
    chart.intervals === 'bands'
      ? {
          mark: { type: 'area' as const, opacity: 0.18 },
          encoding: { x, y: low, y2: { field: 'high' }, color },
        }
      : {
          mark: { type: 'errorbar' as const, ticks: { size: 7 }, opacity: 0.75 },
          encoding: { x, y: low, y2: { field: 'high' }, color },
        };
  const bars = (chart.bars ?? []).flatMap((bar) => [
    {
      data: { values: [bar] },
      mark: { type: 'rule' as const, strokeDash: [6, 4], color: '#b00020' },
      encoding: { y: { ...y, field: 'y' } },
    },
    {
      data: { values: [bar] },
      mark: {
        type: 'text' as const,
        align: 'right' as const,
        // Under the line: there is room on the right whether the curves rise or fall.
        baseline: 'top' as const,
        dx: -6,
        dy: 4,
        fontSize: 11,
        color: '#b00020',
      },
      encoding: { y: { ...y, field: 'y' }, x: { value: WIDTH_PX }, text: { field: 'label' } },
    },
  ]);
  return renderSvg({
    title: { text: chart.title, ...(chart.subtitle === undefined ? {} : { subtitle: chart.subtitle }) },
    width: WIDTH_PX,
    height: HEIGHT_PX,
    data: { values },
    layer: [
      ...bars,
      interval,
      { mark: { type: 'line', point: { size: 36 }, strokeWidth: 2 }, encoding: { x, y, color } },
    ],
  });
}

function axis({ title, domain, ticks, isLogarithmic }: ChartAxis) {
  return {
    title,
    scale: {
      ...(isLogarithmic ? { type: 'log' as const } : { zero: false }),
      nice: false,
      ...(domain === undefined ? {} : { domain: [...domain] }),
    },
    axis: { labelFlush: false, ...(ticks === undefined ? {} : { values: [...ticks] }) },
  };
}
