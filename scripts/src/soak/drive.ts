import { setTimeout as delay } from 'node:timers/promises';
import { type AreaReport, describeMachine, type Figure } from '../bench/report.js';
import { quantile } from '../hotlist/quantile.js';
import { accountOf } from './account.js';
import { CLEAR_ROAD, type Road } from './proxy.js';
import type { ReceivedStatement } from './receiver.js';
import { withRig } from './rig.js';
import { planDrive, ROAD_KINDS, type RoadKind, type Stretch } from './road-timeline.js';
import { UpTime } from './up-time.js';

/**
 * A drive in real time. What is measured of a hit is the time from its commit until it is at the
 * receiver, as far as the link was up: from the moment at which the broker's acceptance of a
 * connection (CONNACK) has come through to the device, until that connection is cut or goes dead,
 * whether the device knows or not. A hit that was committed without a link is therefore measured from
 * the moment at which there is one again, and one that a cut sent back is charged with both sides.
 */
export interface DriveOptions {
  readonly minutes: number;
  readonly seed: string;
}

const VEHICLES_PER_SECOND = 1.5;
const THROTTLED = { newConnections: 'carried', bytesPerSecond: 4_000, bufferBytes: 16_384 } as const;
const DELAYED = { newConnections: 'carried', delayMs: 1_000 } as const;
const RESET_EVERY_MS = 8_000;
const SETTLE_MS = 3_000;
const DRAIN_WITHIN_MS = 600_000;

export interface Driven extends Stretch {
  /** UTC, milliseconds. */
  readonly fromMs: number;
}

export async function soakDrive(
  { minutes, seed }: DriveOptions,
  say: (line: string) => void,
): Promise<AreaReport> {
  const upTime = new UpTime();
  const alive = new Set<object>();
  const tap = {
    onConnected: (connection: object) => {
      alive.add(connection);
      upTime.up(Date.now());
    },
    onEnded: (connection: object) => {
      if (alive.delete(connection) && alive.size === 0) upTime.down(Date.now());
    },
  };
  const goneDead = () => {
    alive.clear();
    upTime.down(Date.now());
  };
  const traffic = {
    perSecond: VEHICLES_PER_SECOND,
    listedShare: 0.03,
    seed,
    inViewMs: 800,
    overviewBytes: 25_000,
    patchBytes: 3_000,
  };
  return withRig({ traffic, configuration: { store: { mostMegabytes: 20_000 } }, tap }, say, async (rig) => {
    const { unit, road, receiver } = rig;
    unit.start();
    await delay(SETTLE_MS);
    const driven: Driven[] = [];
    for (const stretch of planDrive(seed, minutes * 60_000)) {
      driven.push({ ...stretch, fromMs: Date.now() });
      say(
        `${stretch.kind} for ${(stretch.lengthMs / 1_000).toFixed(0)} s; ${receiver.statements.size} statements received`,
      );
      await drive(road, stretch, goneDead);
    }
    road.set(CLEAR_ROAD);
    unit.setQuiet(true);
    say('quiet, on a clear road: everything drains');
    await unit.drained(DRAIN_WITHIN_MS);
    await delay(SETTLE_MS);
    await unit.stop();
    const hits = [...receiver.statements.values()].filter(({ kind }) => kind === 'hit');
    return {
      area: 'soak drive',
      machine: describeMachine(),
      figures: {
        drive: { value: minutes, unit: 'min' },
        ...latencies(hits, driven, upTime),
        ...backAgain(driven, upTime),
        ...accountOf(rig, say).figures,
      },
    };
  });
}

/** Drives a stretch. @param goneDead is told when a connection dies without a word. */
export async function drive(road: Road, { kind, lengthMs }: Stretch, goneDead: () => void): Promise<void> {
  const goDead = () => {
    road.stall();
    goneDead();
  };
  road.set(CLEAR_ROAD);
  switch (kind) {
    case 'clear':
      break;
    case 'cut by fin':
      road.cut('fin');
      break;
    case 'cut by reset':
      road.cut('reset');
      break;
    case 'stalled':
      goDead();
      break;
    case 'resets in mid-packet':
      for (let leftMs = lengthMs; leftMs > 0; leftMs -= RESET_EVERY_MS) {
        road.resetMidPacket();
        await delay(Math.min(leftMs, RESET_EVERY_MS));
      }
      return;
    case 'throttled':
      road.set(THROTTLED);
      break;
    case 'delayed':
      road.set(DELAYED);
      break;
    case 'tunnel, refused':
      goDead();
      road.set({ newConnections: 'refused' });
      break;
    case 'tunnel, silent':
      goDead();
      road.set({ newConnections: 'unanswered' });
  }
  await delay(lengthMs);
}

/** Of hits by the road on which they were committed, and of all. */
function latencies(
  hits: readonly ReceivedStatement[],
  driven: readonly Driven[],
  upTime: UpTime,
): AreaReport['figures'] {
  const timed = hits.map(({ text, arrivedAtMs }) => {
    const committedAtMs = Date.parse(JSON.parse(text).committedAt as string);
    return {
      kind: roadAt(driven, committedAtMs),
      whileUpMs: upTime.within(committedAtMs, arrivedAtMs),
      wholeMs: arrivedAtMs - committedAtMs,
    };
  });
  const of = (values: readonly number[], share: number, most?: number): Figure => ({
    value: quantile(values, share) / 1_000,
    unit: 's',
    ...(most !== undefined && { bar: { is: 'at most', value: most } }),
  });
  const whileUp = timed.map(({ whileUpMs }) => whileUpMs);
  const whole = timed.map(({ wholeMs }) => wholeMs);
  const byKind = ROAD_KINDS.flatMap((kind) => {
    const values = timed.filter((hit) => hit.kind === kind).map(({ whileUpMs }) => whileUpMs);
    if (values.length === 0) return [];
    return [
      [`${kind}: hits`, { value: values.length, unit: '' }],
      [`${kind}: hit delivered while up, median`, of(values, 0.5)],
      [`${kind}: hit delivered while up, p99`, of(values, 0.99)],
      [`${kind}: hit delivered while up, worst`, of(values, 1)],
    ] as const;
  });
  return {
    'hit delivered while the link is up, median': of(whileUp, 0.5),
    'hit delivered while the link is up, p99': of(whileUp, 0.99, 2),
    'hit delivered while the link is up, worst': of(whileUp, 1),
    'hit delivered, all the time counted, median': of(whole, 0.5),
    'hit delivered, all the time counted, p99': of(whole, 0.99),
    ...Object.fromEntries(byKind),
  };
}

export function roadAt(driven: readonly Driven[], atMs: number): RoadKind {
  return driven.findLast(({ fromMs }) => fromMs <= atMs)?.kind ?? 'clear';
}

/** How long after the road was passable again the link was up: what noticing and reconnecting take. */
function backAgain(driven: readonly Driven[], upTime: UpTime): AreaReport['figures'] {
  const figures: Record<string, Figure> = {};
  for (const kind of ROAD_KINDS) {
    const isTunnel = kind.startsWith('tunnel');
    const waits = driven
      .filter((stretch) => stretch.kind === kind)
      .flatMap(({ fromMs, lengthMs }) => upTime.waitFrom(isTunnel ? fromMs + lengthMs : fromMs + 1) ?? []);
    if (waits.length === 0 || Math.max(...waits) === 0) continue;
    figures[`${kind}: link up again after, median`] = { value: quantile(waits, 0.5) / 1_000, unit: 's' };
    figures[`${kind}: link up again after, worst`] = { value: Math.max(...waits) / 1_000, unit: 's' };
  }
  return figures;
}
