import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { configSchema } from '../../../src/config/schema.js';
import { startBroker } from '../demo/broker.js';
import { SoakBroker } from '../soak/broker.js';
import { startCountingRelay } from '../uplink/counting-relay.js';
import { MeasuredProcess } from '../uplink/measured-process.js';
import type {
  BareOrder,
  BareReport,
  CommitCost,
  DeviceOrder,
  DeviceReport,
  Drained,
  Flowed,
  Opened,
  Pictures,
} from '../uplink/orders.js';
import { type AreaReport, describeMachine, type Figure } from './report.js';

/**
 * Store, statements and drain in a process of their own against a real Mosquitto: what a commit costs,
 * how quickly a backlog goes beside bare MQTT.js, what a hit waits on top of it, memory over very many
 * messages, and bytes on the wire.
 *
 * The drain is compared as `scripts/soak outage` does it: a broker that takes any number of messages at once, and
 * MQTT.js with the window that pays best. Here it is the drain alone, in turns with MQTT.js, with nobody to receive;
 * there it is the whole daemon, with traffic and a receiver, so its figure is the one to go by.
 */
export const MESSAGES = 1_000_000;
export const FEWEST_MESSAGES = 10_000;
/** Enough to see that it works, in a minute. */
export const GLANCE_MESSAGES = 20_000;

/** Seven days at 20,000 vehicles a day. */
const BACKLOG = 140_000;
const COMMITS = 400;
const WIRE_READS = 1_000;
/** As a camera at the road makes them. */
const PICTURES: Pictures = { patchBytes: 3_000, overviewBytes: 25_000 };
const SAMPLE = 5_000;
const HIT_EVERY_MS = 500;
const TURNS = 5;
/** Beside the unit's own: what MQTT.js does at its best. */
const WIDE_WINDOW = 1_000;
/** Over fewer messages it is V8's habits that are seen, not what is left behind. */
const LEAST_FOR_GROWTH = 500_000;

type Say = (line: string) => void;
type Device = MeasuredProcess<DeviceOrder, DeviceReport>;

export async function benchUplink(say: Say, messages: number): Promise<AreaReport> {
  const backlog = Math.min(BACKLOG, messages);
  const windowMessages = configSchema.parse({}).mqtt.windowMessages;
  const cost = await commitCost(say);
  const wire = {
    plain: await onTheWire(say, windowMessages),
    pictures: await onTheWire(say, windowMessages, PICTURES),
  };
  const drained = await drain(say, backlog, windowMessages);
  const flowed = await flow(say, messages, windowMessages);
  return {
    area: 'uplink',
    machine: describeMachine(),
    figures: {
      ...costFigures(cost.plain, 'without pictures'),
      ...costFigures(cost.pictures, 'with pictures'),
      ...wireFigures(wire.plain, 'without pictures', 1),
      ...wireFigures(wire.pictures, 'with pictures', 29),
      ...drainFigures(drained),
      ...flowFigures(flowed),
    },
    appendix: memoryTable(flowed),
  };
}

async function commitCost(say: Say): Promise<{ plain: CommitCost; pictures: CommitCost }> {
  return inFolder(say, async (device) => {
    say(`committing ${COMMITS} passages beside bare inserts, twice`);
    return {
      plain: await ask(device, { kind: 'commit-cost', count: COMMITS }, 'commit-cost'),
      pictures: await ask(device, { kind: 'commit-cost', count: COMMITS, pictures: PICTURES }, 'commit-cost'),
    };
  });
}

interface Wire {
  readonly thereBytes: number;
  readonly backBytes: number;
  readonly meteredBytes: number;
}

async function onTheWire(say: Say, window: number, pictures?: Pictures): Promise<Wire> {
  return inFolder(say, async (device) => {
    say(`${WIRE_READS} reads over a wire that counts, ${pictures ? 'with' : 'without'} pictures`);
    const broker = await startBroker();
    const relay = await startCountingRelay(broker.url);
    try {
      await ask(device, { kind: 'commit', count: WIRE_READS, ...(pictures && { pictures }) }, 'committed');
      const count = WIRE_READS * (pictures ? 3 : 1);
      const { meteredBytes } = await ask(device, { kind: 'drain', url: relay.url, window, count }, 'drained');
      return { ...relay.counted(), meteredBytes };
    } finally {
      await relay.close();
      await broker.stop();
    }
  });
}

interface BacklogDrained {
  readonly opened: Opened;
  readonly drained: readonly Drained[];
  readonly bare: readonly BareRuns[];
}

/** A turn each, of as many messages. */
interface BareRuns {
  readonly window: number;
  readonly reports: readonly BareReport[];
}

/** In turns, so that both have their share of whatever else the machine does. */
async function drain(say: Say, backlog: number, window: number): Promise<BacklogDrained> {
  const folder = mkdtempSync(join(tmpdir(), 'anprd-bench-uplink-'));
  const brokerFolder = join(folder, 'broker');
  mkdirSync(brokerFolder);
  const samplePath = join(folder, 'sample');
  const open: DeviceOrder = { kind: 'open', folder, mostMegabytes: 4_000 };
  let device: Device | undefined;
  try {
    device = deviceOf(say);
    await ask(device, open, 'opened');
    say(`committing ${backlog} reads that wait`);
    await ask(device, { kind: 'commit', count: backlog }, 'committed');
    await ask(device, { kind: 'sample', count: Math.min(SAMPLE, backlog), path: samplePath }, 'sampled');
    await device.stop({ kind: 'stop' });
    device = deviceOf(say);
    const opened = await ask(device, open, 'opened');
    const broker = await SoakBroker.begin(brokerFolder);
    try {
      const count = Math.floor(backlog / TURNS);
      const drained: Drained[] = [];
      const published = [window, WIDE_WINDOW].map((window) => ({ window, reports: [] as BareReport[] }));
      for (let turn = 0; turn < TURNS; turn++) {
        say(
          `${count} messages with nothing but MQTT.js, then ${count} of the backlog; ${turn + 1} of ${TURNS}`,
        );
        for (const { window, reports } of published) {
          reports.push(await bare({ url: broker.url, window, count, path: samplePath }));
        }
        const order = { kind: 'drain', url: broker.url, window, count, hitEveryMs: HIT_EVERY_MS } as const;
        drained.push(await ask(device, order, 'drained'));
      }
      await device.stop({ kind: 'stop' });
      return { opened, drained, bare: published };
    } finally {
      await broker.end('SIGTERM');
    }
  } finally {
    device?.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function flow(say: Say, count: number, window: number): Promise<Flowed> {
  return inFolder(say, async (device) => {
    say(`${count} messages through store, drain and broker`);
    const broker = await startBroker();
    try {
      return await ask(device, { kind: 'flow', url: broker.url, window, count }, 'flowed');
    } finally {
      await broker.stop();
    }
  });
}

async function inFolder<T>(say: Say, work: (device: Device) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'anprd-bench-uplink-'));
  const device = deviceOf(say);
  try {
    await ask(device, { kind: 'open', folder, mostMegabytes: 200 }, 'opened');
    const result = await work(device);
    await device.stop({ kind: 'stop' });
    return result;
  } finally {
    device.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

function deviceOf(say: Say): Device {
  return new MeasuredProcess('./device.js', (text) => say(`  ${text}`));
}

async function ask<K extends DeviceReport['kind']>(
  device: Device,
  order: DeviceOrder,
  expected: K,
): Promise<DeviceReport & { kind: K }> {
  const report: DeviceReport = await device.tell(order);
  if (report.kind !== expected) throw new Error(`expected the report ${expected}, got ${report.kind}`);
  return report as DeviceReport & { kind: K };
}

async function bare(order: BareOrder): Promise<BareReport> {
  const child = fork(fileURLToPath(new URL('../uplink/bare.js', import.meta.url)));
  const gone = once(child, 'exit').then(() => {
    throw new Error('the process with bare MQTT.js died');
  });
  gone.catch(() => undefined);
  child.send(order);
  const [report] = await Promise.race([once(child, 'message'), gone]);
  return report as BareReport;
}

function costFigures(cost: CommitCost, which: string): Record<string, Figure> {
  return {
    [`commit of a passage ${which}, median`]: { value: cost.commitMedianMs, unit: 'ms' },
    [`commit of a passage ${which}, p99`]: { value: cost.commitP99Ms, unit: 'ms' },
    [`bare insert of its bytes ${which}, median`]: { value: cost.bareMedianMs, unit: 'ms' },
    [`commit ${which} against the bare insert`]: {
      value: cost.commitMedianMs / cost.bareMedianMs,
      unit: 'times',
    },
  };
}

function wireFigures(wire: Wire, which: string, mostMegabytes: number): Record<string, Figure> {
  const bytes = wire.thereBytes + wire.backBytes;
  return {
    [`1,000 reads on the wire ${which}`]: {
      value: (bytes / 1e6) * (1_000 / WIRE_READS),
      unit: 'MB',
      bar: { is: 'at most', value: mostMegabytes },
    },
    [`counted by the meter ${which}, against the wire`]: { value: wire.meteredBytes / bytes, unit: 'times' },
  };
}

function drainFigures({ opened, drained, bare: runs }: BacklogDrained): Record<string, Figure> {
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const items = sum(drained.map((one) => one.items));
  const rate = (items / sum(drained.map(({ tookMs }) => tookMs))) * 1_000;
  const bareItems = Math.floor(opened.waiting / TURNS) * TURNS;
  const bareRates = runs.map(({ window, reports }) => ({
    window,
    rate: (bareItems / sum(reports.map(({ tookMs }) => tookMs))) * 1_000,
    cpuUs: (sum(reports.map(({ cpuMs }) => cpuMs)) / bareItems) * 1_000,
  }));
  const best = bareRates.reduce((one, other) => (other.rate > one.rate ? other : one));
  const hitMs = drained.flatMap((one) => one.hitMs);
  return {
    'backlog at the start': { value: opened.waiting, unit: 'reads' },
    'store open with the backlog after': {
      value: opened.tookMs / 1_000,
      unit: 's',
      bar: { is: 'at most', value: 3 },
    },
    'backlog drained at': { value: rate, unit: 'messages/s' },
    ...Object.fromEntries(
      bareRates.map(({ window, rate }) => [
        `bare MQTT.js, ${window} at once, publishes at`,
        { value: rate, unit: 'messages/s' },
      ]),
    ),
    'drain against the faster bare MQTT.js': {
      value: rate / best.rate,
      unit: 'times',
      bar: { is: 'at least', value: 0.6 },
    },
    'CPU of the drain': {
      value: (sum(drained.map(({ cpuMs }) => cpuMs)) / items) * 1_000,
      unit: 'us a message',
    },
    'CPU of the faster bare MQTT.js': { value: best.cpuUs, unit: 'us a message' },
    'sent again': { value: sum(drained.map(({ resent }) => resent)), unit: 'messages' },
    'hits on top of the backlog': { value: hitMs.length, unit: 'hits' },
    'a hit on top of the backlog acknowledged after, most': {
      value: Math.max(...hitMs),
      unit: 'ms',
      bar: { is: 'at most', value: 1_000 },
    },
  };
}

function flowFigures({ items, tookMs, residentBytes }: Flowed): Record<string, Figure> {
  // The first tenth warms up: V8 has compiled and SQLite's cache is full by then.
  const warmBytes = residentBytes[0] as number;
  const lastBytes = residentBytes.at(-1) as number;
  return {
    'through store, drain and broker': { value: items, unit: 'messages' },
    'committed, sent and acknowledged at': { value: (items / tookMs) * 1_000, unit: 'messages/s' },
    'resident after a tenth of them': { value: warmBytes / 1e6, unit: 'MB' },
    'resident at the end': { value: lastBytes / 1e6, unit: 'MB' },
    'growth from there': {
      value: (lastBytes - warmBytes) / 1e6,
      unit: 'MB',
      ...(items >= LEAST_FOR_GROWTH && { bar: { is: 'at most', value: 10 } }),
    },
  };
}

function memoryTable({ items, residentBytes }: Flowed): string {
  const rows = residentBytes.map((bytes, tenth) => {
    const sent = Math.round(((tenth + 1) * items) / residentBytes.length);
    return `| ${sent} | ${(bytes / 1e6).toFixed(1)} |`;
  });
  return ['| messages | resident, MB |', '|---:|---:|', ...rows].join('\n');
}
