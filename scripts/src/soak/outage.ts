import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { configSchema } from '../../../src/config/schema.js';
import { type AreaReport, describeMachine, type Figure } from '../bench/report.js';
import { quantile } from '../hotlist/quantile.js';
import { count } from './account.js';
import { type Backlog, exportMessages, fillStore } from './backlog.js';
import { SoakBroker } from './broker.js';
import { CountingReceiver } from './counting-receiver.js';
import { SoakUnit } from './unit.js';

/**
 * Days without a broker: what the store holds of them, how soon a unit with that backlog is there, how
 * fast it drains against MQTT.js that does nothing but publish the same messages to the same broker,
 * and how long hits take that are committed on top of it.
 *
 * Unit, bare publisher and receiver are processes of their own, one publisher at a time. The unit is the whole
 * daemon: beside the backlog it commits traffic, and looks the held reads up in a list that it has not yet seen.
 * `scripts/bench uplink` compares the drain alone, without a receiver, against the same two windows.
 */
export interface OutageOptions {
  readonly reads: number;
  readonly seed: string;
  /** Fields of `store` that differ from the defaults. */
  readonly store?: Readonly<Record<string, unknown>>;
}

const PER_DAY = 20_000;
const OVERVIEW_BYTES = 25_000;
const PATCH_BYTES = 3_000;
/** Of which every one is a hit. */
const FRESH_PER_SECOND = 3;
const PICTURES_COMPARED = 20_000;
/** As many at once as the unit, and as many as pay. */
const WINDOWS = [configSchema.parse({}).mqtt.windowMessages, 1_000];
const START_WITHIN_MS = 60_000;
const DRAIN_WITHIN_MS = 1_800_000;
const SETTLE_MS = 2_000;

interface Rates {
  /** Messages a second by window. */
  readonly bare: readonly number[];
  readonly unit: number;
}

export async function soakOutage(options: OutageOptions, say: (line: string) => void): Promise<AreaReport> {
  const folder = mkdtempSync(join(tmpdir(), 'anprd-soak-'));
  const brokerFolder = join(folder, 'broker');
  mkdirSync(brokerFolder);
  const broker = await SoakBroker.begin(brokerFolder);
  const receiver = await CountingReceiver.begin(broker.url);
  const unit = new SoakUnit({
    folder,
    brokerUrl: broker.url,
    traffic: {
      perSecond: FRESH_PER_SECOND,
      listedShare: 1,
      seed: options.seed,
      inViewMs: 300,
      overviewBytes: OVERVIEW_BYTES,
      patchBytes: PATCH_BYTES,
    },
    configuration: { ...(options.store !== undefined && { store: options.store }) },
  });
  try {
    await unit.prepare();
    return await outage({ options, folder, broker, receiver, unit, say });
  } finally {
    await unit.kill();
    await receiver.close();
    await broker.end('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Setting {
  readonly options: OutageOptions;
  readonly folder: string;
  readonly broker: SoakBroker;
  readonly receiver: CountingReceiver;
  readonly unit: SoakUnit;
  readonly say: (line: string) => void;
}

async function outage(setting: Setting): Promise<AreaReport> {
  const { options, folder, receiver, unit, say } = setting;
  say(`committing ${options.reads} reads of ${(options.reads / PER_DAY).toFixed(1)} days`);
  const backlog = await fillStore(
    unit,
    { ...options, perDay: PER_DAY, overviewBytes: OVERVIEW_BYTES, patchBytes: PATCH_BYTES },
    say,
  );
  const [readsPath, picturesPath] = [join(folder, 'reads'), join(folder, 'pictures')];
  say('writing the same messages down for MQTT.js');
  const reads = await exportMessages(unit, { lane: 'reads', path: readsPath, most: options.reads });
  const pictures = await exportMessages(unit, {
    lane: 'read-images',
    path: picturesPath,
    most: PICTURES_COMPARED,
  });

  say('the unit starts, with the broker there');
  const startedMs = Date.now();
  unit.start();
  await until(() => receiver.count('read') > 0, START_WITHIN_MS, 'the first read of the backlog');
  const firstReadMs = receiver.firstMs('read') - startedMs;
  await until(
    () => receiver.count('read') >= backlog.snapshot.lanes.reads.items,
    DRAIN_WITHIN_MS,
    'the reads',
  );
  const textTookMs =
    receiver.reachedMs('read', backlog.snapshot.lanes.reads.items) - receiver.firstMs('read');
  const hitsDuringTextMs = receiver.hitLatenciesMs();
  say(`reads drained in ${(textTookMs / 1_000).toFixed(1)} s; now pictures`);
  const fromPictures = receiver.count('image');
  const picturesSinceMs = Date.now();
  const picturesWanted = Math.min(PICTURES_COMPARED, pictures.messages);
  await until(() => receiver.count('image') - fromPictures >= picturesWanted, DRAIN_WITHIN_MS, 'pictures');
  const pictureTookMs = receiver.reachedMs('image', fromPictures + picturesWanted) - picturesSinceMs;
  const hitsMs = receiver.hitLatenciesMs();
  const hits = { duringText: hitsDuringTextMs, duringPictures: hitsMs.slice(hitsDuringTextMs.length) };
  await unit.kill();
  await delay(SETTLE_MS);

  say('bare MQTT.js with the same messages');
  const text: Rates = {
    unit: backlog.snapshot.lanes.reads.items / (textTookMs / 1_000),
    bare: await bareRates(setting, readsPath),
  };
  const picture: Rates = {
    unit: picturesWanted / (pictureTookMs / 1_000),
    bare: await bareRates(setting, picturesPath),
  };
  return {
    area: 'soak outage',
    machine: describeMachine(),
    figures: {
      ...filled(options, backlog),
      'store opened with it, first messages in hand': seconds(reads.openMs),
      'unit started, first read of the backlog at the receiver': seconds(firstReadMs, 3),
      ...compared('reads', text, 0.6),
      ...compared('pictures', picture),
      ...fresh('reads', hits.duringText),
      ...fresh('pictures', hits.duringPictures),
      'backlog reads received, by id': count(receiver.count('read'), {
        is: 'at least',
        value: backlog.snapshot.lanes.reads.items,
      }),
      'messages that came again while the unit sent': count(receiver.repeatsBeforeBare),
    },
  };

  async function bareRates({ broker }: Setting, path: string): Promise<number[]> {
    receiver.countBare();
    const rates: number[] = [];
    for (const window of WINDOWS) {
      const program = fileURLToPath(new URL('./bare-publisher.js', import.meta.url));
      const { stdout } = await promisify(execFile)(process.execPath, [
        program,
        broker.url,
        path,
        String(window),
      ]);
      const { messages, tookMs } = JSON.parse(stdout) as { messages: number; tookMs: number };
      rates.push(messages / (tookMs / 1_000));
      await delay(SETTLE_MS);
    }
    return rates;
  }
}

async function until(condition: () => boolean, withinMs: number, what: string): Promise<void> {
  const untilMs = Date.now() + withinMs;
  while (!condition()) {
    if (Date.now() > untilMs) throw new Error(`${what}: not within ${withinMs / 1_000} s`);
    await delay(20);
  }
}

function filled({ reads }: OutageOptions, { snapshot, commitMs, sweepMs }: Backlog): AreaReport['figures'] {
  const megabytes = (bytes: number, most?: number): Figure => ({
    value: bytes / 1e6,
    unit: 'MB',
    ...(most !== undefined && { bar: { is: 'at most', value: most } }),
  });
  const { lanes, losses } = snapshot;
  return {
    'reads committed': count(reads),
    'commit, mean': { value: commitMs / reads, unit: 'ms' },
    'sweeps, of the time': { value: (100 * sweepMs) / (commitMs + sweepMs), unit: '%' },
    'store in use': megabytes(snapshot.usedBytes, snapshot.mostBytes / 1e6),
    'reads held': count(lanes.reads.items, { is: 'at least', value: reads }),
    'reads held, bytes': megabytes(lanes.reads.bytes),
    'pictures held': count(lanes['read-images'].items),
    'pictures held, bytes': megabytes(lanes['read-images'].bytes),
    ...Object.fromEntries(
      losses.map((loss) => [`dropped of ${loss.lane}, for its ${loss.reason}`, count(loss.count)]),
    ),
  };
}

function compared(name: string, { unit, bare }: Rates, least?: number): AreaReport['figures'] {
  const best = Math.max(...bare);
  return {
    [`${name} drained`]: { value: unit, unit: 'a second' },
    ...Object.fromEntries(
      WINDOWS.map((window, index) => [
        `${name} by bare MQTT.js, ${window} at once`,
        { value: bare[index] ?? Number.NaN, unit: 'a second' },
      ]),
    ),
    [`${name} drained, of the faster bare one`]: {
      value: unit / best,
      unit: 'times',
      ...(least !== undefined && { bar: { is: 'at least', value: least } }),
    },
  };
}

function fresh(while_: string, latenciesMs: readonly number[]): AreaReport['figures'] {
  const hits = count(latenciesMs.length, { is: 'at least', value: 1 });
  if (latenciesMs.length === 0) return { [`fresh hits while ${while_} drain`]: hits };
  return {
    [`fresh hits while ${while_} drain`]: hits,
    [`fresh hit delivered while ${while_} drain, median`]: seconds(quantile(latenciesMs, 0.5)),
    [`fresh hit delivered while ${while_} drain, p99`]: seconds(quantile(latenciesMs, 0.99), 1),
    [`fresh hit delivered while ${while_} drain, worst`]: seconds(Math.max(...latenciesMs), 1),
  };
}

function seconds(ms: number, most?: number): Figure {
  return {
    value: ms / 1_000,
    unit: 's',
    ...(most !== undefined && { bar: { is: 'at most', value: most } }),
  };
}
