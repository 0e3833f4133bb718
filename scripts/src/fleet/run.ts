import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configSchema } from '../../../src/config/schema.js';
import { systemClock } from '../../../src/lib/clock.js';
import { seededRandom } from '../clip/random.js';
import { isWhole } from '../consumer/chains.js';
import type { FleetArguments } from './arguments.js';
import type { FleetBroker } from './broker.js';
import { foundAuthority, type Identity } from './certificates.js';
import { type Consumers, startConsumers } from './consumers.js';
import { SimulatedDevice } from './device.js';
import { FleetLedger, type LedgerResult } from './ledger.js';
import { startShippedMosquitto } from './mosquitto.js';
import { type RabbitCluster, startRabbitCluster } from './rabbitmq.js';

export interface FleetResult extends LedgerResult {
  readonly broker: string;
  readonly devices: number;
  readonly consumers: number;
  /** Of traffic, without what was waited for in the end. */
  readonly seconds: number;
  readonly reads: number;
  /** Both ways on the devices' links, TLS and refused attempts included. */
  readonly bytesPerRead: number;
  /** Events that arrived, by the seconds of traffic. */
  readonly messagesPerSecond: number;
  /** Connections that devices made beyond their first. */
  readonly reconnects: number;
  readonly resent: number;
  /** Of what is lost, what its device still has and should have sent. */
  readonly stuck: number;
  /** Chains of statements, and those that are not whole at the centre. */
  readonly chains: number;
  readonly brokenChains: number;
  /** Statements that the consumer did not believe. */
  readonly refused: number;
  /** How long the killed node was away; absent where none was killed. */
  readonly nodeAwaySeconds?: number;
}

const OBSERVE_MS = 250;
/** Devices come one after the other, as they do after an outage at the centre. */
const RAMP_MS = 10_000;
/** Nothing new for so long after the end of traffic, and no device has anything left: the rest is lost. */
const QUIET_MS = 30_000;
/** The same while a device has something left: on a link that it takes for slow, a picture has its turn by then. */
const STUCK_MS = configSchema.parse({}).mqtt.slowLinkImageSeconds * 1000 + QUIET_MS;
const NODE_AWAY_MS = 20_000;

/**
 * @param interrupted rejects where the run is to be given up.
 * @throws Error where the broker or a consumer does not start.
 */
export async function runFleet(
  options: FleetArguments,
  say: (line: string) => void,
  interrupted: Promise<never> = new Promise(() => undefined),
): Promise<FleetResult> {
  const folder = mkdtempSync(join(tmpdir(), 'anprd-fleet-'));
  const unitIds = Array.from({ length: options.devices }, (_, index) => `unit-${index + 1}`);
  const undo: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];
  const run = { options, folder, say, undo };
  try {
    const result = prepare(run, unitIds).then((prepared) => measure(run, prepared));
    return await Promise.race([result, interrupted]);
  } finally {
    for (const step of undo.reverse()) await step();
  }
}

interface Run {
  readonly options: FleetArguments;
  readonly folder: string;
  readonly say: (line: string) => void;
  /** Done in reverse at the end, whatever became of the run. */
  readonly undo: (() => unknown)[];
}

interface Prepared {
  readonly broker: FleetBroker | RabbitCluster;
  /** By unit, and of `consumer`. */
  readonly identities: ReadonlyMap<string, Identity>;
}

async function prepare({ options, folder, say, undo }: Run, unitIds: readonly string[]): Promise<Prepared> {
  const names = [...unitIds, 'consumer'];
  if (options.broker === 'urls') {
    const { certificatesFolder, deviceUrls, consumerUrls } = options;
    const broker = { name: deviceUrls.join(' '), deviceUrls, consumerUrls, stop: async () => undefined };
    if (certificatesFolder === undefined) return { broker, identities: new Map() };
    const file = (name: string) => join(certificatesFolder, name);
    const identityOf = (name: string) => ({
      caFile: file('ca.pem'),
      certificateFile: file(`${name}.pem`),
      keyFile: file(`${name}.key`),
    });
    return { broker, identities: new Map(names.map((name) => [name, identityOf(name)])) };
  }
  say(`certificates for ${unitIds.length} devices`);
  const authority = await foundAuthority(join(folder, 'certificates'));
  const identities = new Map<string, Identity>();
  for (const name of names) identities.set(name, await authority.client(name));
  say(`starting ${options.broker}`);
  const broker =
    options.broker === 'rabbitmq'
      ? await startRabbitCluster(join(folder, 'rabbitmq'), authority, unitIds)
      : await startShippedMosquitto(folder, authority);
  undo.push(() => broker.stop());
  return { broker, identities };
}

async function measure(
  { options, folder, say, undo }: Run,
  { broker, identities }: Prepared,
): Promise<FleetResult> {
  const ledger = new FleetLedger();
  const mqtt = { ...configSchema.parse({}).mqtt, topicPrefix: options.prefix };
  const random = seededRandom(options.seed);
  let reads = 0;
  const devices = Array.from({ length: options.devices }, (_, index) => {
    const unitId = `unit-${index + 1}`;
    // Each prefers another node, so that all three carry the fleet.
    const first = index % broker.deviceUrls.length;
    return new SimulatedDevice({
      unitId,
      brokerUrls: [...broker.deviceUrls.slice(first), ...broker.deviceUrls.slice(0, first)],
      identity: identities.get(unitId),
      mqtt,
      vehiclesPerHour: options.vehiclesPerHour,
      failEverySeconds: options.failEverySeconds,
      random: random.fork(unitId),
      onCommitted: (event) => {
        if (event.lane === 'reads') reads++;
        ledger.committed(unitId, event);
      },
    });
  });
  const consumers = await startConsumers({
    folder,
    broker,
    identity: identities.get('consumer'),
    count: options.consumers,
    publicKeys: new Map(devices.map(({ unitId, publicKey }) => [unitId, publicKey])),
    prefix: options.prefix,
  });
  undo.push(() => consumers.stop());
  undo.push(() => Promise.all(devices.map((device) => device.stop())));

  say(`${devices.length} devices for ${options.minutes} min`);
  const startedMs = Date.now();
  const endsMs = startedMs + options.minutes * 60_000;
  const observing = setInterval(() => {
    const nowMs = Date.now();
    for (const device of devices) ledger.observe(device.unitId, device.isConnected, nowMs);
  }, OBSERVE_MS);
  undo.push(() => clearInterval(observing));
  const rampMs = Math.min(RAMP_MS, options.minutes * 20_000) / devices.length;
  for (const device of devices) {
    await device.start();
    await systemClock.sleep(rampMs);
  }
  const nodeAwayMs = options.killNode && 'kill' in broker ? await killNode(broker, endsMs, say) : undefined;
  while (Date.now() < endsMs) await systemClock.sleep(Math.max(1, endsMs - Date.now()));
  const seconds = (Date.now() - startedMs) / 1000;
  say(`${ledger.size} events committed; waiting for the rest of them`);
  await Promise.all(devices.map((device) => device.endTraffic()));
  await settle(devices, consumers, ledger);

  const result = ledger.settle(consumers.arrivals());
  const chains = consumers.chains();
  const stuck = devices.flatMap((device) => {
    const held = device.held();
    return (result.lostIds[device.unitId] ?? []).filter((id) => held.has(id));
  });
  const sum = (of: (device: SimulatedDevice) => number) =>
    devices.reduce((total, device) => total + of(device), 0);
  return {
    ...result,
    broker: broker.name,
    devices: devices.length,
    consumers: options.consumers,
    seconds,
    reads,
    bytesPerRead: sum(({ link }) => link.bytes) / Math.max(1, reads),
    messagesPerSecond: (result.committed - result.lost) / seconds,
    reconnects: sum((device) => Math.max(0, (device.snapshot()?.link.connections ?? 0) - 1)),
    resent: sum((device) => device.snapshot()?.resent ?? 0),
    stuck: stuck.length,
    chains: chains.length,
    brokenChains: chains.filter((chain) => !isWhole(chain)).length,
    refused: consumers.refused().reduce((total, { count }) => total + count, 0),
    ...(nodeAwayMs !== undefined && { nodeAwaySeconds: nodeAwayMs / 1000 }),
  };
}

/** In mid-stream: after a third of what is left. @returns how long it was away, milliseconds. */
async function killNode(
  cluster: RabbitCluster,
  endsMs: number,
  say: (line: string) => void,
): Promise<number> {
  await systemClock.sleep(Math.max(0, endsMs - Date.now()) / 3);
  const killedMs = Date.now();
  await cluster.kill(0);
  say('node 1 was killed');
  await systemClock.sleep(Math.min(NODE_AWAY_MS, Math.max(0, endsMs - Date.now()) / 3));
  await cluster.restart(0);
  say('node 1 is back');
  return Date.now() - killedMs;
}

/** Until all is there, or nothing has come for a while. */
async function settle(
  devices: readonly SimulatedDevice[],
  consumers: Consumers,
  ledger: FleetLedger,
): Promise<void> {
  let best = -1;
  let bestMs = Date.now();
  for (;;) {
    const arrived = ledger.countArrived(consumers.arrivals());
    const isHeld = devices.some((device) => device.held().size > 0);
    if (arrived > best) {
      best = arrived;
      bestMs = Date.now();
    }
    if (arrived === ledger.size && !isHeld) return;
    if (Date.now() - bestMs > (isHeld ? STUCK_MS : QUIET_MS)) return;
    await systemClock.sleep(500);
  }
}
