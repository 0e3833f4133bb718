import { parseArgs } from 'node:util';
import { DeviceError } from '../../src/lib/errors.js';
import { type AreaReport, isKept, renderJson, renderTable } from './bench/report.js';
import { soakPatrol } from './patrol/patrol.js';
import { soakDrive } from './soak/drive.js';
import { soakKills } from './soak/kills.js';
import { soakOutage } from './soak/outage.js';

/** `scripts/soak --help` explains it: the script says that before minutes of set-up. */

class UsageError extends Error {}

type Say = (line: string) => void;

/** A whole number from 1. */
type CountOf = (option: string) => number;

interface Soak {
  /** With what they are unless told. */
  readonly counts: Readonly<Record<string, number>>;
  readonly run: (countOf: CountOf, seed: string, say: Say) => Promise<AreaReport>;
}

const SOAKS: Readonly<Record<string, Soak>> = {
  kills: {
    counts: { kills: 300, 'reads-per-second': 50 },
    run: (countOf, seed, say) =>
      soakKills({ kills: countOf('kills'), readsPerSecond: countOf('reads-per-second'), seed }, say),
  },
  drive: {
    counts: { minutes: 60 },
    run: (countOf, seed, say) => soakDrive({ minutes: countOf('minutes'), seed }, say),
  },
  outage: {
    counts: { reads: 140_000 },
    run: (countOf, seed, say) => soakOutage({ reads: countOf('reads'), seed }, say),
  },
  patrol: {
    counts: { minutes: 60 },
    run: (countOf, seed, say) => soakPatrol({ minutes: countOf('minutes'), seed }, say),
  },
};

async function main([name = '', ...args]: readonly string[]): Promise<number> {
  const soak = SOAKS[name];
  if (soak === undefined) {
    throw new UsageError(
      `expected one of ${Object.keys(SOAKS).join(', ')} first, found ${JSON.stringify(name)}`,
    );
  }
  const options = Object.fromEntries(
    Object.keys(soak.counts).map((option) => [option, { type: 'string' } as const]),
  );
  const { values } = parseArgs({
    args: [...args],
    options: { ...options, seed: { type: 'string' }, json: { type: 'boolean' } },
  });
  const given: Readonly<Record<string, unknown>> = values;
  const countOf = (option: string) => {
    const value = Number(given[option] ?? soak.counts[option]);
    if (Number.isInteger(value) && value > 0) return value;
    throw new UsageError(`--${option}: expected a whole number from 1, found ${given[option]}`);
  };
  const began = Date.now();
  const report = await soak.run(countOf, String(values.seed ?? 'soak'), (line) => {
    const minutes = ((Date.now() - began) / 60_000).toFixed(1).padStart(5);
    process.stderr.write(`${minutes} min  ${line}\n`);
  });
  process.stdout.write(`${values.json ? renderJson(report) : renderTable(report)}\n`);
  return Object.values(report.figures).every(isKept) ? 0 : 1;
}

// What was started ends with the process: see children.ts.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof DeviceError) {
    process.stderr.write(`${error.message}\n${error.hint}\n`);
    process.exitCode = 1;
  } else if (error instanceof UsageError || (error instanceof TypeError && 'code' in error)) {
    process.stderr.write(`${error.message}; scripts/soak --help says what there is\n`);
    process.exitCode = 2;
  } else throw error;
}
