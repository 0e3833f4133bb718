import type { AreaReport, Figure } from '../bench/report.js';
import { quantile } from '../hotlist/quantile.js';

/** Shares and spreads as figures of a report; pure. */

export type Figures = AreaReport['figures'];

export const NONE = { is: 'at most', value: 0 } as const;

/** In percent. @param least 0 to 1 */
export function share(part: number, whole: number, least: number): Figure {
  return { value: (100 * part) / whole, unit: '%', bar: { is: 'at least', value: 100 * least } };
}

/** @param mostSeconds at p99 */
export function times(name: string, valuesMs: readonly number[], mostSeconds?: number): Figures {
  return spread(
    name,
    valuesMs.map((ms) => ms / 1_000),
    's',
    mostSeconds,
  );
}

/** @param most at p99 */
export function metres(name: string, values: readonly number[], most?: number): Figures {
  return spread(name, values, 'm', most);
}

function spread(name: string, values: readonly number[], unit: string, most?: number): Figures {
  if (values.length === 0) return {};
  return {
    [`${name}, median`]: { value: quantile(values, 0.5), unit },
    [`${name}, p99`]: {
      value: quantile(values, 0.99),
      unit,
      ...(most !== undefined && { bar: { is: 'at most', value: most } }),
    },
    [`${name}, worst`]: { value: quantile(values, 1), unit },
  };
}
