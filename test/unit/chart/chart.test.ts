import { describe, expect, it } from 'vitest';
import { type LineChart, lineChart } from '../../../scripts/src/chart/line-chart.js';
import {
  type ReliabilityDiagram,
  reliabilityDiagram,
} from '../../../scripts/src/chart/reliability-diagram.js';

const CURVE: LineChart = {
  title: 'Read rate by character height',
  subtitle: '300 plates a point',
  x: { title: 'character height, px', domain: [8, 40], ticks: [8, 12, 16, 20, 30, 40] },
  y: { title: 'read right, %', domain: [0, 100] },
  series: [
    {
      name: 'one line',
      points: [
        { x: 8, y: 20, low: 16, high: 25 },
        { x: 15, y: 96, low: 93, high: 98 },
        { x: 40, y: 99.5, low: 98, high: 100 },
      ],
    },
    {
      name: 'two lines',
      points: [
        { x: 8, y: 5, low: 3, high: 8 },
        { x: 15, y: 80, low: 75, high: 84 },
        { x: 40, y: 97, low: 94, high: 99 },
      ],
    },
  ],
  bars: [{ y: 95, label: 'bar: 95 %' }],
};

const RELIABILITY: ReliabilityDiagram = {
  title: 'What a stated probability was worth',
  subtitle: 'expected calibration error 1.2 %, 200 reads',
  series: [
    {
      name: 'reads',
      bins: [
        { from: 0, to: 0.5, meanProbability: 0.3, count: 10, right: 4, low: 0.17, high: 0.69 },
        { from: 0.5, to: 0.9, meanProbability: 0.7, count: 0, right: 0, low: 0, high: 1 },
        { from: 0.9, to: 1, meanProbability: 0.98, count: 190, right: 186, low: 0.95, high: 0.99 },
      ],
    },
  ],
};

describe('a line chart', () => {
  it('names its axes, series and bars, on white', async () => {
    const svg = await lineChart(CURVE);
    expect(svg.startsWith('<svg')).toBe(true);
    expect(svg).toContain('fill="white"');
    for (const text of ['character height, px', 'read right, %', 'one line', 'two lines', 'bar: 95 %'])
      expect(svg).toContain(`>${text}<`);
  });

  it('is the same, byte for byte, each time', async () => {
    const [first, second] = [await lineChart(CURVE), await lineChart(CURVE)];
    expect(second).toBe(first);
    expect(await lineChart({ ...CURVE, intervals: 'bands' })).not.toBe(first);
  });

  it('refuses a series without points and coordinates that are no numbers', async () => {
    const withPoints = (points: { x: number; y: number }[]) => () =>
      lineChart({ ...CURVE, series: [{ name: 'one line', points }] });
    expect(withPoints([])).toThrow('expected points in the series "one line"');
    expect(withPoints([{ x: 1, y: 0 / 0 }])).toThrow('expected numbers in the series "one line"');
  });
});

describe('a reliability diagram', () => {
  it('shows every bin that has reads, and the diagonal', async () => {
    const svg = await reliabilityDiagram(RELIABILITY);
    for (const text of ['stated probability', 'share of reads right', 'reads'])
      expect(svg).toContain(`>${text}<`);
    expect(svg.match(/aria-roledescription="point"/g)).toHaveLength(2);
    expect(await reliabilityDiagram(RELIABILITY)).toBe(svg);
  });
});
