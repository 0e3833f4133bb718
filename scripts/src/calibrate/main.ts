import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { UNCALIBRATED } from '../../../src/domain/calibration.js';
import { evaluate } from './evaluation.js';
import { fitCalibration } from './fit.js';
import { gatherGroups } from './groups.js';
import {
  characterForecastsOf,
  crossSummary,
  forecastsOf,
  rawSummary,
  summaryOf,
  thresholdTable,
} from './report.js';

const HELP = `Usage: node dist/scripts/src/calibrate/main.js --pictures DIR... [--models DIR] [--out FILE]
                                                 [--eval DIR... [--figure FILE]]

Fits what the reader's scores are worth: on labelled pictures that trained nothing, on drawn UK
plates and on drawn signs, and says how well it carries over to what it was not fitted on.

  --pictures   folder with labels.jsonl; may be given several times
  --models     folder of the models and their manifest (models)
  --out        manifest that "calibration" is written into; without it, nothing is written
  --eval       folder to measure on, once all is chosen; never fitted on; may be given several times
  --figure     reliability diagram of those (figures/reliability.svg in the models folder)

Exits with 3 where the models read nothing.
`;
const NOTHING_READ = 3;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      pictures: { type: 'string', multiple: true },
      models: { type: 'string', default: 'models' },
      out: { type: 'string' },
      eval: { type: 'string', multiple: true },
      figure: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    say(HELP.trimEnd());
    return 0;
  }
  if (values.pictures === undefined) {
    process.stderr.write(`expected --pictures\n\n${HELP}`);
    return 2;
  }
  const groups = await gatherGroups(values.pictures, values.models);
  if (groups.every(({ samples }) => samples.length === 0)) {
    process.stderr.write(
      'calibrate: these models read nothing at all: there is nothing to fit, and nothing was written\n',
    );
    return NOTHING_READ;
  }
  for (const line of [...rawSummary(groups), ...crossSummary(groups)]) say(line);
  const calibration = fitCalibration(groups);
  for (const { name, samples } of groups)
    say(summaryOf(`${name}, fitted`, forecastsOf(samples, calibration)));
  const samples = groups.flatMap((group) => group.samples);
  say(summaryOf('characters, as they are', characterForecastsOf(samples, UNCALIBRATED)));
  say(summaryOf('characters, fitted', characterForecastsOf(samples, calibration)));
  for (const line of thresholdTable(groups, calibration)) say(line);
  say(JSON.stringify(calibration));

  if (values.out !== undefined) {
    const manifest = JSON.parse(await readFile(values.out, 'utf8')) as object;
    await writeFile(values.out, `${JSON.stringify({ ...manifest, calibration }, null, 2)}\n`);
  }
  if (values.eval !== undefined) {
    const figure = values.figure ?? join(values.models, 'figures', 'reliability.svg');
    for (const line of await evaluate({ folders: values.eval, models: values.models, calibration, figure }))
      say(line);
  }
  return 0;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

process.exitCode = await main().catch((error: unknown) => {
  process.stderr.write(`calibrate: ${error instanceof Error ? error.message : String(error)}\n`);
  return 1;
});
