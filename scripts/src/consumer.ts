import { messageOf } from '../../src/lib/errors.js';
import { consumeAmqp } from './consumer/amqp-source.js';
import { type ConsumerArguments, parseConsumerArguments } from './consumer/arguments.js';
import { chainReports, isWhole, refusedCounts, renderChains } from './consumer/chains.js';
import { Committer } from './consumer/committer.js';
import { exportStatements } from './consumer/export.js';
import { consumeMqtt } from './consumer/mqtt-source.js';
import type { Source } from './consumer/source.js';
import { ConsumerStore } from './consumer/store.js';

/** The reference consumer as a program; scripts/consumer says how to call it. */

/** As config/rabbitmq/definitions.json makes them, hits first. */
const QUEUES = ['anpr.hits', 'anpr.reads', 'anpr.images', 'anpr.others'];
const TELL_EVERY_MS = 10_000;

type TakeArguments = ConsumerArguments & { readonly kind: 'mqtt' | 'amqp' };

async function main(): Promise<number> {
  const parsed = parseConsumerArguments(process.argv.slice(2));
  switch (parsed.kind) {
    case 'wrong':
      process.stderr.write(`${parsed.problem}\nscripts/consumer --help says more\n`);
      return 2;
    case 'gaps':
      return showGaps(parsed.database);
    case 'export': {
      const store = new ConsumerStore({ path: parsed.database, mustExist: true });
      const count = await exportStatements(store.database, parsed.path);
      store.close();
      process.stdout.write(`${count} statements in ${parsed.path}\n`);
      return 0;
    }
    default:
      return take(parsed);
  }
}

function showGaps(path: string): number {
  const store = new ConsumerStore({ path, mustExist: true });
  const reports = chainReports(store.database);
  const refused = refusedCounts(store.database);
  store.close();
  process.stdout.write(`${renderChains(reports, refused)}\n`);
  return reports.every(isWhole) && refused.length === 0 ? 0 : 1;
}

/** Until a signal ends it, or a commit fails: then nothing more is acknowledged, and it exits 1. */
async function take(options: TakeArguments): Promise<number> {
  const store = new ConsumerStore({ path: options.database, keys: options.keys });
  const committer = new Committer(store);
  let source: Source | undefined;
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  try {
    const opened = open(options, committer);
    source = await Promise.race([opened, stopped.then(() => undefined)]);
    process.stdout.write('consuming\n');
    const telling = setInterval(() => tell(committer), TELL_EVERY_MS);
    await Promise.race([stopped, source?.failed]);
    clearInterval(telling);
    tell(committer);
    return 0;
  } finally {
    await source?.close();
    store.close();
  }
}

function open(options: TakeArguments, { take }: Committer): Promise<Source> {
  const { access, prefix, group, name, connections } = options;
  if (options.kind === 'amqp') return consumeAmqp({ ...access, queues: QUEUES, take });
  return consumeMqtt({ ...access, prefix, group, name, connections, take });
}

function tell({ counts }: Committer): void {
  const { fresh, repeated, refused, skipped } = counts;
  process.stdout.write(
    `${fresh} events, ${repeated} repeats, ${refused} statements not believed, ${skipped} other messages\n`,
  );
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`consumer: ${messageOf(error)}\n`);
  process.exitCode = 1;
}
// What a connection still waits for must not keep the program.
process.exit();
