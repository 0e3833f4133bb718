import { parseArgs } from 'node:util';
import { DeviceError } from '../../src/lib/errors.js';
import { benchDoubt, FEWEST_VEHICLES, VEHICLES } from './bench/doubt.js';
import { benchFusion } from './bench/fusion.js';
import { benchHotlist } from './bench/hotlist.js';
import { benchModels } from './bench/models.js';
import { benchPipeline } from './bench/pipeline.js';
import { benchReading } from './bench/reading.js';
import { type AreaReport, isKept, renderJson, renderTable } from './bench/report.js';
import { benchUplink, FEWEST_MESSAGES, GLANCE_MESSAGES, MESSAGES } from './bench/uplink.js';
import { benchWear, FEWEST_READS, GLANCE_READS, READS } from './bench/wear.js';

const AREAS: Readonly<Record<string, (say: (line: string) => void, count: number) => Promise<AreaReport>>> = {
  pipeline: benchPipeline,
  models: benchModels,
  reading: benchReading,
  fusion: benchFusion,
  hotlist: benchHotlist,
  doubt: benchDoubt,
  uplink: benchUplink,
  wear: benchWear,
};

/** An interval of some two points to either side at 95 %. */
const PLATES_A_POINT = 300;
const PLATES_AT_A_GLANCE = 50;
/** Misread ones are few: it takes many vehicles to see some hundred of them. */
const COUNT_OF: Readonly<Record<string, number>> = { doubt: VEHICLES, uplink: MESSAGES, wear: READS };
const LEAST_OF: Readonly<Record<string, number>> = {
  doubt: FEWEST_VEHICLES,
  uplink: FEWEST_MESSAGES,
  wear: FEWEST_READS,
};
const GLANCE_OF: Readonly<Record<string, number>> = {
  doubt: FEWEST_VEHICLES,
  uplink: GLANCE_MESSAGES,
  wear: GLANCE_READS,
};

/** How the count is asked for. */
const OPTION_OF: Readonly<Record<string, 'messages' | 'reads'>> = { uplink: 'messages', wear: 'reads' };

const HELP = `Usage: scripts/bench AREA [--json] [--plates COUNT]

Measures, on this machine and in one run, and prints a table; compare the ratios, since single
times change with whatever else the machine does.

Areas:
  pipeline   time a frame by stage against bare inference of the same models, frames a second, memory
  models     CPU time and marks read right against PP-OCRv4, which is installed into a temporary folder
  reading    drawn plates read right by form, size, blur, angle, bloom and dirt, characters side by side,
             and what is read from signs that are no plates; draws the curves into models/figures
  fusion     rendered passages with motion blur and glare: reads right by the number of frames fused;
             draws the curve into models/figures
  doubt      listed vehicles found although they are misread, and false hits a day, with a million marks
             on the list: exact matching, edit distance 1, ours; draws the curve into models/figures
  uplink     what a commit costs, a backlog's drain and a hit on top of it against bare MQTT.js on a Mosquitto
             of its own, bytes on the wire, memory over very many messages
  wear       bytes that the store writes to the disk for a read, against what the read says, while the store fills
             and when it is full

  --plates   reading: plates a point; fusion: passages; 300 unless told (some minutes; 50 for a glance);
             doubt: vehicles; ${VEHICLES} unless told (some fifteen minutes)
  --messages uplink: messages in all; ${MESSAGES} unless told
  --reads    wear: reads measured; ${READS} unless told
  --quick    few plates, vehicles, messages or reads: a glance
  --json     one JSON object {area, machine, figures: {name: {value, unit, bar, ok}}}

Exit codes: 0 measured and every bar kept, 1 a bar was missed, 2 wrong usage.
`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: {
      json: { type: 'boolean' },
      plates: { type: 'string' },
      messages: { type: 'string' },
      reads: { type: 'string' },
      quick: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
    allowPositionals: true,
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const [area = '', ...rest] = positionals;
  const bench = AREAS[area];
  if (bench === undefined || rest.length > 0) {
    process.stderr.write(
      `expected one area of ${Object.keys(AREAS).join(', ')}, found ${JSON.stringify(positionals.join(' '))}\n\n${HELP}`,
    );
    return 2;
  }
  const option = OPTION_OF[area] ?? 'plates';
  const usual = values.quick ? (GLANCE_OF[area] ?? PLATES_AT_A_GLANCE) : (COUNT_OF[area] ?? PLATES_A_POINT);
  const count = Number(values[option] ?? usual);
  const least = LEAST_OF[area] ?? 1;
  if (!Number.isInteger(count) || count < least) {
    process.stderr.write(
      `--${option}: expected a whole number from ${least}, found ${values[option]}\n\n${HELP}`,
    );
    return 2;
  }
  const report = await bench((line) => process.stderr.write(`${line}\n`), count);
  process.stdout.write(`${values.json ? renderJson(report) : renderTable(report)}\n`);
  return Object.values(report.figures).every(isKept) ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (error instanceof DeviceError) {
    process.stderr.write(`${error.message}\n${error.hint}\n`);
    process.exitCode = 1;
  } else if (error instanceof TypeError && 'code' in error) {
    process.stderr.write(`${error.message}\n\n${HELP}`);
    process.exitCode = 2;
  } else throw error;
}
