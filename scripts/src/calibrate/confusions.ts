import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { countConfusions, type ReadPair } from '../doubt/confusion-count.js';
import { drawnReads } from '../doubt/drawn-reads.js';

/** Vehicles of its own: the simulation and the gates must not be counted on. */
const SEED = 'doubt tune';
const HELP = `Usage: node dist/scripts/src/calibrate/confusions.js [--models DIR] [--vehicles COUNT] [--out FILE]

Counts how the reader errs on drawn vehicles as they come by (characters taken for others, left
out, put in, run together), in reads that are sure enough to leave the device.

  --models     folder of the models and their manifest (models)
  --vehicles   how many are drawn (16000: some ten minutes)
  --out        manifest that "confusions" is written into; without it, nothing is written

Exits with 3 where the models read nothing.
`;
const VEHICLES = 16_000;
const PROGRESS_STEP = 1000;
const NOTHING_READ = 3;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      models: { type: 'string', default: 'models' },
      vehicles: { type: 'string', default: String(VEHICLES) },
      out: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const vehicles = Number(values.vehicles);
  if (!Number.isInteger(vehicles) || vehicles < 1) {
    process.stderr.write(`--vehicles: expected a whole number from 1, found ${values.vehicles}\n\n${HELP}`);
    return 2;
  }
  const pairs: ReadPair[] = [];
  for await (const { truth, read, isReported } of drawnReads(SEED, vehicles, resolve(values.models))) {
    if (!isReported) continue;
    pairs.push({ truth, read: read.matchKey });
    if (pairs.length % PROGRESS_STEP === 0) process.stderr.write(`${pairs.length} reads\n`);
  }
  if (pairs.length === 0) {
    process.stderr.write(
      'confusions: these models read nothing at all: there is nothing to count, and nothing was written\n',
    );
    return NOTHING_READ;
  }
  const confusions = countConfusions(pairs);
  const wrong = pairs.filter(({ truth, read }) => truth !== read).length;
  process.stdout.write(`${wrong} of ${pairs.length} reads wrong\n${JSON.stringify(confusions)}\n`);
  if (values.out !== undefined) {
    const manifest = JSON.parse(await readFile(values.out, 'utf8')) as object;
    await writeFile(values.out, `${JSON.stringify({ ...manifest, confusions }, null, 2)}\n`);
  }
  return 0;
}

process.exitCode = await main().catch((error: unknown) => {
  process.stderr.write(`confusions: ${error instanceof Error ? error.message : String(error)}\n`);
  return 1;
});
