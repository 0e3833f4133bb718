import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type AreaReport, isKept } from '../bench/report.js';
import { randomMark } from '../clip/marks.js';
import { seededRandom } from '../clip/random.js';
import { SoakBroker } from '../soak/broker.js';
import { type Driven, drive } from '../soak/drive.js';
import { MqttTap } from '../soak/mqtt-tap.js';
import { CLEAR_ROAD, openRoad, type Road } from '../soak/proxy.js';
import { SoakReceiver } from '../soak/receiver.js';
import { planDrive, type Stretch } from '../soak/road-timeline.js';
import { UpTime } from '../soak/up-time.js';
import { Cabinet } from './cabinet.js';
import { DriveLog } from './drive-log.js';
import { type LoopedClip, renderLoop } from './looped-clip.js';
import { type Patrolled, patrolReport } from './patrol-report.js';
import { planRoute, type Route } from './route.js';
import { playRoute } from './route-player.js';
import { RtspCamera } from './rtsp-camera.js';
import { Screen } from './screen.js';
import { MUTE_SECONDS, PatrolUnit } from './unit.js';
import { WireRecord } from './wire-record.js';

/**
 * A patrol in real time: the daemon in a car that drives past vehicles, with its camera, its receiver of
 * positions, its crew, its lines, and a link that comes and goes, until the ignition is off.
 */
export interface PatrolOptions {
  readonly minutes: number;
  readonly seed: string;
}

const FRAMES_PER_SECOND = 8;
const JPEG_QUALITY = 80;
const SECOND_MS = 1_000;
/** A shorter patrol meets fewer vehicles, so that they are drawn in less time than it takes. */
const SHORT_MINUTES = 5;
const VEHICLES = { short: 4, long: 8 };
const LISTED_OTHERS = 400;
/** In the south and west, far from everything: see place-search.ts. */
const AT_SEA = { latitudeDeg: -67.018_24, longitudeDeg: -163.402_67 };
/** A patrol shorter than this has shorter stretches of road, so that its link comes and goes all the same. */
const WHOLE_ROADS_MS = 12 * 60_000;
const MOST_HURRY = 4;
const READY_WITHIN_MS = 120_000;
const LINK_WITHIN_MS = 150_000;
const STOP_WITHIN_MS = 60_000;
/** What was acknowledged is on its way to the receiver. */
const SETTLE_MS = 2_000;

export async function soakPatrol(
  { minutes, seed }: PatrolOptions,
  say: (line: string) => void,
): Promise<AreaReport> {
  const folder = mkdtempSync(join(tmpdir(), 'anprd-patrol-'));
  // A line is no file on a disk: what a lamp that blinks would write must not be counted.
  const linesFolder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : folder, 'anprd-patrol-lines-'));
  const lengthMs = minutes * 60_000;
  const vehicles = minutes < SHORT_MINUTES ? VEHICLES.short : VEHICLES.long;
  const clip = await renderLoop({ seed, vehicles, framesPerSecond: FRAMES_PER_SECOND }, say);
  const closing: (() => unknown)[] = [() => rmSync(linesFolder, { recursive: true, force: true })];
  try {
    const camera = new RtspCamera({
      framesPerSecond: FRAMES_PER_SECOND,
      pictures: clip.pictures,
      quality: JPEG_QUALITY,
    });
    closing.unshift(() => camera.destroy());
    await camera.switchOn();
    for (const name of ['broker', 'wire']) mkdirSync(join(folder, name));
    const broker = await SoakBroker.begin(join(folder, 'broker'));
    closing.unshift(() => broker.end('SIGKILL'));
    const receiver = await SoakReceiver.begin(broker.url);
    closing.unshift(() => receiver.close());
    const link = new WatchedLink();
    const tap = new MqttTap(link);
    const wire = new WireRecord(join(folder, 'wire'), tap);
    closing.unshift(() => wire.close());
    const road = await openRoad({ brokerPort: broker.port, watcher: wire });
    closing.unshift(() => road.close());
    const cabinet = new Cabinet(linesFolder);
    cabinet.open();
    closing.unshift(() => cabinet.close());
    const list = listFor(clip, seed);
    const receiverPath = join(folder, 'gps');
    const unit = new PatrolUnit({
      folder,
      brokerUrl: road.url,
      cameraUrl: camera.url,
      receiverPath,
      linesFolder,
      listed: list,
    });
    await unit.prepare();
    closing.unshift(() => unit.end('SIGKILL'));

    const abort = new AbortController();
    const { signal } = abort;
    closing.unshift(() => abort.abort());
    const route = planRoute(seed, Math.ceil(lengthMs / SECOND_MS));
    const beginsAtMs = SECOND_MS * Math.ceil(Date.now() / SECOND_MS + 1);
    const log = new DriveLog({ seed, beginsAtMs, stretches: standingAfter(route), from: AT_SEA });
    const played = playRoute(receiverPath, log, route.outages, signal);
    const screen = new Screen(unit.socketPath);
    unit.start();
    const crew = Promise.all([screen.follow(signal), screen.decide(signal)]);
    await unit.until(
      ({ cameras, position }) => position.state === 'fixed' && cameras[0]?.vision.source?.state === 'open',
      READY_WITHIN_MS,
    );
    say('the daemon sees, and knows where it is');
    await delay(SETTLE_MS);
    const watchedFromMs = Date.now();

    let writtenBytes = 0;
    const weigh = () => {
      writtenBytes = Math.max(writtenBytes, unit.writtenBytes() ?? 0);
    };
    const mutes: { fromMs: number; untilMs: number }[] = [];
    const [driven, { openedAtMs }] = await Promise.all([
      driveRoads(road, roadsFor(seed, lengthMs), link, (what) => {
        weigh();
        say(`${what}; ${receiver.statements.size} statements received`);
      }),
      throwSwitches(cabinet, lengthMs, mutes),
    ]);
    road.set(CLEAR_ROAD);
    const before = await unit.until(({ uplink }) => uplink.link.state === 'connected', LINK_WITHIN_MS);
    say(`ignition off; warnings: ${before.warnings.map(({ code }) => code).join(' ') || 'none'}`);
    const ignitionOffAtMs = Date.now();
    cabinet.throw('ignition', false);
    const stoppedAtMs = await unit.ended(STOP_WITHIN_MS, weigh);
    say(
      stoppedAtMs === undefined
        ? 'it does not stop'
        : `stopped after ${(stoppedAtMs - ignitionOffAtMs) / 1_000} s`,
    );
    await delay(SETTLE_MS);
    abort.abort();
    await Promise.all([played, crew]);
    await unit.end('SIGTERM');
    await camera.switchOff();
    const patrolled: Patrolled = {
      minutes,
      clip,
      camera,
      log,
      unit,
      receiver,
      tap,
      wire,
      cabinet,
      screen,
      mutes,
      upTime: link.upTime,
      driven,
      openedAtMs,
      watched: { fromMs: watchedFromMs, untilMs: ignitionOffAtMs },
      ignitionOffAtMs,
      stoppedAtMs,
      writtenBytes,
      before,
    };
    const report = patrolReport(patrolled, say);
    if (Object.values(report.figures).every(isKept)) {
      closing.push(() => rmSync(folder, { recursive: true, force: true }));
    } else say(`what the daemon wrote is left in ${folder}`);
    return report;
  } catch (error) {
    say(`what the daemon wrote is left in ${folder}`);
    throw error;
  } finally {
    for (const close of closing) await close();
  }
}

/** When the link carried messages: see soak/drive.ts. */
class WatchedLink {
  readonly upTime = new UpTime();
  readonly #alive = new Set<object>();

  readonly onConnected = (connection: object): void => {
    this.#alive.add(connection);
    this.upTime.up(Date.now());
  };

  readonly onEnded = (connection: object): void => {
    if (this.#alive.delete(connection) && this.#alive.size === 0) this.upTime.down(Date.now());
  };

  readonly goneDead = (): void => {
    this.#alive.clear();
    this.upTime.down(Date.now());
  };
}

/** In every four vehicles of the clip one to be stopped and one to be watched; and marks that never come. */
export function listFor({ truth }: Pick<LoopedClip, 'truth'>, seed: string): string[] {
  const random = seededRandom(`${seed}/list`);
  const shown = truth.vehicles.flatMap(({ vrm }, index) => {
    if (index % 4 === 1) return [`${vrm},STOP,test`];
    return index % 4 === 3 ? [`${vrm},SILENT,test`] : [];
  });
  const marks = new Set(truth.vehicles.map(({ vrm }) => vrm));
  const others: string[] = [];
  while (others.length < LISTED_OTHERS) {
    const { vrm } = randomMark(random);
    if (!marks.has(vrm)) others.push(`${vrm},STOP,test`);
    marks.add(vrm);
  }
  return [...shown, ...others];
}

/** At the end of its way the car stands, for as long as everything else takes. */
function standingAfter({ stretches }: Route): Route['stretches'] {
  return [...stretches, { seconds: 900, metresPerSecond: 0, sky: 'open' }];
}

/** Clear at the end, as at the station that a patrol comes home to. */
function roadsFor(seed: string, lengthMs: number): Stretch[] {
  const homeMs = Math.min(90_000, lengthMs / 4);
  const hurry = Math.min(MOST_HURRY, Math.max(1, WHOLE_ROADS_MS / lengthMs));
  const roads = planDrive(seed, (lengthMs - homeMs) * hurry);
  return [
    ...roads.map(({ kind, lengthMs: whole }) => ({ kind, lengthMs: whole / hurry })),
    { kind: 'clear', lengthMs: homeMs },
  ];
}

async function driveRoads(
  road: Road,
  stretches: readonly Stretch[],
  link: WatchedLink,
  onStretch: (what: string) => void,
): Promise<Driven[]> {
  const driven: Driven[] = [];
  for (const [index, stretch] of stretches.entries()) {
    driven.push({ ...stretch, fromMs: Date.now() });
    const lengthS = (stretch.lengthMs / SECOND_MS).toFixed(0);
    onStretch(`${index + 1} of ${stretches.length}: ${stretch.kind} for ${lengthS} s`);
    await drive(road, stretch, link.goneDead);
  }
  return driven;
}

/** Once on the way the cabinet is opened and closed, and once the crew wants silence. */
async function throwSwitches(
  cabinet: Cabinet,
  lengthMs: number,
  mutes: { fromMs: number; untilMs: number }[],
): Promise<{ openedAtMs: number }> {
  await delay(0.3 * lengthMs);
  const openedAtMs = Date.now();
  cabinet.throw('tamper', true);
  await delay(3_000);
  cabinet.throw('tamper', false);
  await delay(0.3 * lengthMs);
  cabinet.throw('mute', true);
  const fromMs = Date.now();
  mutes.push({ fromMs, untilMs: fromMs + MUTE_SECONDS * SECOND_MS });
  await delay(500);
  cabinet.throw('mute', false);
  return { openedAtMs };
}
