import { cpus, totalmem } from 'node:os';

/** One measured figure; `bar` is what it has to keep, where something asks for it. */
export interface Figure {
  readonly value: number;
  readonly unit: string;
  readonly bar?: { readonly is: 'at most' | 'at least'; readonly value: number };
}

export interface AreaReport {
  readonly area: string;
  readonly machine: string;
  readonly figures: Readonly<Record<string, Figure>>;
  /** Markdown below the table: what the figures are made of. */
  readonly appendix?: string;
}

/** What the figures were measured on: they mean nothing without it. */
export function describeMachine(): string {
  const [cpu] = cpus();
  const gigabytes = (totalmem() / 2 ** 30).toFixed(0);
  return `${cpu?.model.trim() ?? 'unknown processor'}, ${cpus().length} cores, ${gigabytes} GiB, Node ${process.version}`;
}

export function isKept({ value, bar }: Figure): boolean {
  if (bar === undefined) return true;
  return bar.is === 'at most' ? value <= bar.value : value >= bar.value;
}

export function renderJson({ area, machine, figures }: AreaReport): string {
  const rendered = Object.entries(figures).map(([name, figure]) => [
    name,
    {
      value: round(figure.value),
      unit: figure.unit,
      bar: figure.bar === undefined ? null : `${figure.bar.is} ${figure.bar.value}`,
      ok: isKept(figure),
    },
  ]);
  return JSON.stringify({ area, machine, figures: Object.fromEntries(rendered) }, null, 2);
}

export function renderTable({ area, machine, figures, appendix }: AreaReport): string {
  const rows = Object.entries(figures).map(([name, figure]) => ({
    name,
    value: String(round(figure.value)),
    unit: figure.unit,
    bar:
      figure.bar === undefined
        ? ''
        : `${figure.bar.is} ${figure.bar.value}${isKept(figure) ? '' : '  MISSED'}`,
  }));
  const nameWidth = Math.max(...rows.map((row) => row.name.length));
  const valueWidth = Math.max(...rows.map((row) => row.value.length));
  const unitWidth = Math.max(...rows.map((row) => row.unit.length));
  const lines = rows.map((row) =>
    `${row.name.padEnd(nameWidth)}  ${row.value.padStart(valueWidth)} ${row.unit.padEnd(unitWidth)}  ${row.bar}`.trimEnd(),
  );
  return [`${area} on ${machine}`, ...lines, ...(appendix === undefined ? [] : ['', appendix])].join('\n');
}

/** Counts are exact; of what was measured three significant digits: the machine's noise hides the rest. */
function round(value: number): number {
  return Number.isInteger(value) ? value : Number(value.toPrecision(3));
}
