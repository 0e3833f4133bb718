import type { ReliabilityBin } from '../../../src/lib/reliability.js';
import { renderSvg } from './svg.js';

export interface ReliabilityDiagram {
  readonly title: string;
  /** For example the expected calibration error and the number of reads. */
  readonly subtitle?: string;
  /** Several sets of reads in one diagram, for example before and after. Empty bins are left out. */
  readonly series: readonly { readonly name: string; readonly bins: readonly ReliabilityBin[] }[];
}

const SIDE_PX = 360;
const COUNTS_HEIGHT_PX = 80;

/**
 * Share right against stated probability, with the diagonal of a probability that means what it
 * says, and below it how many reads stand behind each point.
 * @returns SVG text
 */
export function reliabilityDiagram({ title, subtitle, series }: ReliabilityDiagram): Promise<string> {
  const values = series.flatMap(({ name, bins }) =>
    bins
      .filter(({ count }) => count > 0)
      .map((bin) => ({ series: name, ...bin, share: bin.right / bin.count })),
  );
  const unit = { scale: { domain: [0, 1], nice: false } };
  const x = {
    field: 'meanProbability',
    type: 'quantitative' as const,
    title: 'stated probability',
    ...unit,
  };
  const y = { field: 'share', type: 'quantitative' as const, title: 'share of reads right', ...unit };
  const color = {
    field: 'series',
    type: 'nominal' as const,
    sort: null,
    title: null,
    ...(series.length === 1 ? { legend: null } : { legend: { orient: 'bottom' as const, symbolOpacity: 1 } }),
  };
  return renderSvg({
    title: { text: title, ...(subtitle === undefined ? {} : { subtitle }) },
    data: { values },
    vconcat: [
      {
        width: SIDE_PX,
        height: SIDE_PX,
        layer: [
          {
            data: {
              values: [
                { at: 0, is: 0 },
                { at: 1, is: 1 },
              ],
            },
            mark: { type: 'line', strokeDash: [6, 4], color: '#888888' },
            encoding: { x: { ...x, field: 'at' }, y: { ...y, field: 'is' } },
          },
          {
            mark: { type: 'errorbar', ticks: { size: 7 }, opacity: 0.75 },
            encoding: { x, y: { ...y, field: 'low' }, y2: { field: 'high' }, color },
          },
          {
            mark: { type: 'line', point: { size: 40 }, strokeWidth: 1.5 },
            encoding: { x, y, color },
          },
        ],
      },
      {
        width: SIDE_PX,
        height: COUNTS_HEIGHT_PX,
        mark: { type: 'bar', opacity: 0.7, stroke: 'white', strokeWidth: 0.5 },
        encoding: {
          x: { ...x, field: 'from', title: 'stated probability' },
          x2: { field: 'to' },
          y2: { datum: 0 },
          y: {
            field: 'count',
            type: 'quantitative',
            title: 'reads',
            stack: null,
            // Most reads are sure: on a plain scale the few doubtful ones could not be seen.
            scale: { type: 'symlog' },
            axis: { values: [0, 1, 10, 100, 1000, 10000] },
          },
          color,
        },
      },
    ],
  });
}
