import type { DeviceSnapshot } from '../device-snapshot.js';
import type { Lane } from '../domain/outbox.js';
import { spellCount } from '../store/losses.js';
import type { StoreSnapshot } from '../store/record-store.js';
import type { MeterSnapshot } from '../uplink/meter.js';
import type { UplinkSnapshot } from '../uplink/uplink.js';
import { duration } from './duration.js';

/** What is held, what waits for whom, what was lost, and over which link it goes. */
export function renderDelivery({ store, uplink }: DeviceSnapshot, nowMs: number): string[] {
  return [
    ...(store === undefined ? ['store: cannot be read'] : renderStore(store)),
    ...renderLink(uplink, nowMs),
    ...renderMeter(uplink.meter),
  ];
}

function renderStore(store: StoreSnapshot): string[] {
  const { medium, records, usedBytes, mostBytes, lanes, losses, head } = store;
  const waiting = (Object.entries(lanes) as [Lane, StoreSnapshot['lanes'][Lane]][])
    .filter(([, { items }]) => items > 0)
    .map(([lane, { items, bytes, oldestMs = 0 }]) => {
      return `    ${nameOf(lane)}: ${items} (${megabytes(bytes)} MB), the oldest for ${duration(oldestMs / 1000)}`;
    });
  const lost = losses.map((loss) => `${spellCount(loss)} ${nameOf(loss.lane)} (${loss.reason})`);
  return [
    `store: ${records} records, ${megabytes(usedBytes)} of ${megabytes(mostBytes)} MB${medium === 'memory' ? ', IN MEMORY ONLY' : ''}`,
    `  statements: ${head.sequence} of chain ${head.chain}`,
    waiting.length === 0 ? '  nothing waits for the broker' : '  waiting for the broker:',
    ...waiting,
    `  dropped undelivered: ${lost.length === 0 ? 'nothing' : lost.join(', ')}; no hit is, to make room`,
  ];
}

function renderLink({ link, acknowledged, resent, hitLatency }: UplinkSnapshot, nowMs: number): string[] {
  const { state, broker, protocolVersion, networkInterface, retriesAtMs, certificates } = link;
  const way = networkInterface === undefined ? '' : ` over ${networkInterface}`;
  const again =
    retriesAtMs === undefined ? '' : `, again in ${duration(Math.max(0, retriesAtMs - nowMs) / 1000)}`;
  const { count, medianMs = 0, worstMs = 0 } = hitLatency;
  const carried = Object.entries(acknowledged).map(([lane, items]) => `${items} ${nameOf(lane as Lane)}`);
  return [
    `broker ${broker.name}: ${state}${way}, MQTT ${protocolVersion === 5 ? '5' : '3.1.1'}${again}`,
    `  acknowledged: ${carried.join(', ')}; sent again: ${resent}`,
    ...(count === 0
      ? []
      : [
          `  from frame to acknowledgement of the last ${count} hits: median ${duration(medianMs / 1000)}, worst ${duration(worstMs / 1000)}`,
        ]),
    ...certificates.map(({ of, notAfterMs }) => {
      return `  certificate (${of}) valid until ${new Date(notAfterMs).toISOString().slice(0, 10)}`;
    }),
  ];
}

/** Only where something is limited. */
function renderMeter({ spentBytes, limitBytes, shut }: MeterSnapshot): string[] {
  const limited = Object.entries(limitBytes) as [Lane | 'total', number][];
  if (limited.length === 0) return [];
  const total = Object.values(spentBytes).reduce((sum, bytes) => sum + bytes, 0);
  const parts = limited.map(([name, limit]) => {
    const spent = name === 'total' ? total : spentBytes[name];
    return `${name === 'total' ? 'all' : nameOf(name)} ${kilobytes(spent)} of ${kilobytes(limit)} kB`;
  });
  return [
    `meter, this hour: ${parts.join(', ')}${shut.length === 0 ? '' : `; waiting: ${shut.map(nameOf).join(', ')}`}`,
  ];
}

function nameOf(lane: Lane): string {
  return lane.replace('-', ' ');
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

function kilobytes(bytes: number): string {
  return (bytes / 1e3).toFixed(0);
}
