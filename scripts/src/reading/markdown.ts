import type { Curve, MeasuredCurve } from './curves.js';
import { type NegativeOutcome, ratesOf } from './hard-negatives.js';
import { type Rate, renderRate } from './rate.js';
import { SIDE_BY_SIDE, type TwinRates } from './side-by-side.js';

/** The figures as Markdown, for the model card. Rates are in per cent with their 95 % intervals. */

export function renderForms(rows: readonly { readonly name: string; readonly rate: Rate }[]): string {
  return table(
    ['Plates', 'n', 'read right'],
    rows.map(({ name, rate }) => [name, String(rate.of), renderRate(rate)]),
  );
}

export function renderCurve(curve: Curve, measured: MeasuredCurve): string {
  return table(
    [curve.xTitle, ...curve.xs.map(String)],
    measured.series.map(({ name, points }) => [
      name,
      ...points.map(({ rate }) => (100 * rate.share).toFixed(1)),
    ]),
  );
}

export function renderTwins(rates: readonly TwinRates[]): string {
  return table(
    ['Side by side', 'pairs', 'with them', 'their twins without'],
    SIDE_BY_SIDE.flatMap((kind) => {
      const twins = rates.find((rate) => rate.kind === kind);
      return twins === undefined
        ? []
        : [[kind, String(twins.alike.of), renderRate(twins.alike), renderRate(twins.plain)]];
    }),
  );
}

export function renderNegatives(groups: readonly (readonly [string, readonly NegativeOutcome[]])[]): string {
  return table(
    ['No plates', 'n', 'reported', 'reported when the reader is pointed to it', 'mean probability then'],
    groups
      .filter(([, outcomes]) => outcomes.length > 0)
      .map(([name, outcomes]) => {
        const { count, reported, pointed, meanPointedProbability } = ratesOf(outcomes);
        return [
          name,
          String(count),
          renderRate(reported),
          renderRate(pointed),
          meanPointedProbability.toFixed(2),
        ];
      }),
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
