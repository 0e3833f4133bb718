import { parseArgs } from 'node:util';
import { DeviceError } from '../../src/lib/errors.js';
import { type AreaReport, isKept, renderJson, renderTable } from './bench/report.js';
import { soakDrive } from './soak/drive.js';
import { soakKills } from './soak/kills.js';
import { soakOutage } from './soak/outage.js';

const HELP = `Usage: scripts/soak kills   [--kills 300] [--reads-per-second 50]
       scripts/soak drive   [--minutes 60]
       scripts/soak outage  [--reads 140000]
       each with [--seed TEXT] [--json]

Proves at length what the tests show in short: the real daemon, with traffic in its vision process's
place, against a real Mosquitto on a free loopback port.

  kills    kill -9 of the main process, the vision process and the broker at random moments; then what
           was committed is held against what was received, by id, and the chain is verified
           (300 kills: some 25 minutes)
  drive    a seeded drive in real time between device and broker: links that are cut, that go dead
           half open, that carry 32 kbit/s, that take a second each way, resets in mid-packet, tunnels;
           how long hits take while the link is up
  outage   seven days without a broker at 20,000 vehicles a day, then start-up with that backlog, its
           drain against bare MQTT.js with the same messages, and how long fresh hits take on top of it

  --seed   another run of the same kind; the same seed gives the same kills, roads and vehicles
  --json   one JSON object {area, machine, figures: {name: {value, unit, bar, ok}}}

Progress goes to standard error. Exit codes: 0 every bar kept, 1 a bar was missed, 2 wrong usage.
`;

class UsageError extends Error {}

const { values, positionals } = readArguments();

function readArguments() {
  try {
    return parseArgs({
      options: {
        kills: { type: 'string' },
        'reads-per-second': { type: 'string' },
        minutes: { type: 'string' },
        reads: { type: 'string' },
        seed: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
      allowPositionals: true,
    });
  } catch (error) {
    if (!(error instanceof TypeError && 'code' in error)) throw error;
    process.stderr.write(`${error.message}\n\n${HELP}`);
    process.exit(2);
  }
}

type CountOption = 'kills' | 'reads-per-second' | 'minutes' | 'reads';

/** A whole number from 1, given to the subcommand that knows it. */
function countOf(name: CountOption, fallback: number): number {
  const value = Number(values[name] ?? fallback);
  if (Number.isInteger(value) && value > 0) return value;
  throw new UsageError(`--${name}: expected a whole number from 1, found ${values[name]}`);
}

const SOAKS: Readonly<
  Record<
    string,
    {
      readonly options: readonly CountOption[];
      readonly run: (seed: string, say: (line: string) => void) => Promise<AreaReport>;
    }
  >
> = {
  kills: {
    options: ['kills', 'reads-per-second'],
    run: (seed, say) =>
      soakKills({ kills: countOf('kills', 300), readsPerSecond: countOf('reads-per-second', 50), seed }, say),
  },
  drive: {
    options: ['minutes'],
    run: (seed, say) => soakDrive({ minutes: countOf('minutes', 60), seed }, say),
  },
  outage: {
    options: ['reads'],
    run: (seed, say) => soakOutage({ reads: countOf('reads', 140_000), seed }, say),
  },
};

async function main(): Promise<number> {
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const [name = '', ...rest] = positionals;
  const soak = SOAKS[name];
  if (soak === undefined || rest.length > 0) {
    const found = JSON.stringify(positionals.join(' '));
    throw new UsageError(`expected one of ${Object.keys(SOAKS).join(', ')}, found ${found}`);
  }
  const counts: readonly CountOption[] = ['kills', 'reads-per-second', 'minutes', 'reads'];
  const stray = counts.find((option) => values[option] !== undefined && !soak.options.includes(option));
  if (stray !== undefined) throw new UsageError(`--${stray}: not an option of ${name}`);
  const began = Date.now();
  const report = await soak.run(values.seed ?? 'soak', (line) => {
    const minutes = ((Date.now() - began) / 60_000).toFixed(1).padStart(5);
    process.stderr.write(`${minutes} min  ${line}\n`);
  });
  process.stdout.write(`${values.json ? renderJson(report) : renderTable(report)}\n`);
  return Object.values(report.figures).every(isKept) ? 0 : 1;
}

// What was started ends with the process: see children.ts.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

try {
  process.exitCode = await main();
} catch (error) {
  if (error instanceof DeviceError) {
    process.stderr.write(`${error.message}\n${error.hint}\n`);
    process.exitCode = 1;
  } else if (error instanceof UsageError) {
    process.stderr.write(`${error.message}\n\n${HELP}`);
    process.exitCode = 2;
  } else throw error;
}
