import type { VehicleTruth } from '../clip/render-clip.js';
import type { DeviceStatus } from './device.js';
import type { ReceivedHit, ReceivedRead } from './receiver.js';
import type { Tally } from './tally.js';

/** What the demo prints, line by line; pure. */

export const TABLE_HEAD = [
  '    time  event  mark      probability  frames  direction  note',
  '  ------  -----  --------  -----------  ------  ---------  ----',
].join('\n');

/** @param seconds since the camera was started */
export function readLine(seconds: number, read: ReceivedRead): string {
  const mark = read.outcome === 'read' ? (read.vrm ?? '?') : '-';
  const note = read.outcome === 'read' ? '' : `unreadable: ${read.reason}`;
  return row(seconds, 'read', mark, read, note);
}

export function hitLine(seconds: number, hit: ReceivedHit): string {
  const [first] = hit.entries;
  return row(seconds, 'HIT', hit.read.vrm ?? '?', hit.read, `${first?.entry.action}: ${first?.entry.reason}`);
}

function row(seconds: number, event: string, mark: string, read: ReceivedRead, note: string): string {
  const probability = read.probability === undefined ? '-' : `${(100 * read.probability).toFixed(1)} %`;
  return [
    `${seconds.toFixed(1).padStart(6)} s`,
    event.padEnd(5),
    mark.padEnd(8),
    probability.padStart(11),
    String(read.frames.found).padStart(6),
    read.direction.padEnd(9),
    note,
  ]
    .join('  ')
    .trimEnd();
}

/** What is on the sheet above a vehicle's pictures; ASCII. */
export function cellLabel(truth: VehicleTruth, read: ReceivedRead | undefined, isHit: boolean): string {
  if (read === undefined) return `${truth.vrm}: not captured`;
  if (read.outcome === 'unreadable') return `${truth.vrm}: unreadable (${read.reason})`;
  const probability = `${Math.floor(100 * (read.probability ?? 0))}%`;
  return `${read.vrm} ${probability}${isHit ? ' HIT' : ''}`;
}

export interface Summary {
  readonly tally: Tally;
  readonly status: DeviceStatus | undefined;
  readonly sheetPath: string | undefined;
}

export function summaryLines({ tally, status, sheetPath }: Summary): string[] {
  const { vehicles } = tally;
  const captured = vehicles.filter(({ read }) => read !== undefined);
  const wrongReads = captured.filter(({ right }) => !right);
  const frames = status?.cameras[0]?.vision;
  const latency = status?.uplink.hitLatency;
  const facts: [string, string][] = [
    ['vehicles shown', String(vehicles.length)],
    ['captured', String(captured.length)],
    ['read right (O = 0, I = 1)', String(vehicles.filter(({ right }) => right).length)],
    ['records of anything else', String(tally.others.length)],
    ['hits expected', String(tally.expectedHits)],
    ['hits delivered once each', String(tally.deliveredOnce)],
    ['wrong hits', String(tally.wrong.length)],
    ['from frame to broker acknowledgement', latencyText(latency)],
    [
      'frames',
      frames === undefined
        ? 'unknown'
        : `${frames.framesProcessed} processed, ${frames.framesDropped} dropped`,
    ],
    ['pictures', sheetPath ?? 'none came'],
  ];
  return [
    ...facts.map(([name, value]) => `  ${name.padEnd(38)}${value}`),
    ...wrongReads.map(
      ({ truth, read }) =>
        `  ${truth.vrm} was ${read?.vrm === undefined ? 'unreadable' : `read as ${read.vrm}`}`,
    ),
    ...vehicles
      .filter(({ read }) => read === undefined)
      .map(({ truth }) => `  ${truth.vrm} was not captured`),
    ...tally.others.map((read) => `  a record of no vehicle of the clip: ${read.vrm ?? 'unreadable'}`),
  ];
}

function latencyText(latency: DeviceStatus['uplink']['hitLatency'] | undefined): string {
  if (latency?.medianMs === undefined || latency.worstMs === undefined) return 'no hit was acknowledged';
  return `median ${Math.round(latency.medianMs)} ms, worst ${Math.round(latency.worstMs)} ms`;
}

/** Why the demo did not show what it should; empty when it did. */
export function faults(tally: Tally): string[] {
  return [
    ...tally.missing.map((vrm) => `the hit on ${vrm} did not come`),
    ...tally.doubled.map((vrm) => `${vrm} hit more than once`),
    ...tally.wrong.map((vrm) => `${vrm} hit, but is not in the clip`),
  ];
}
