import type { DeviceSnapshot } from '../../../src/device-snapshot.js';
import { type AreaReport, describeMachine, type Figure } from '../bench/report.js';
import { quantile } from '../hotlist/quantile.js';
import { count } from '../soak/account.js';
import { headsOf, verifyChains } from '../soak/chain.js';
import { type Driven, roadAt } from '../soak/drive.js';
import type { MqttTap } from '../soak/mqtt-tap.js';
import type { SoakReceiver } from '../soak/receiver.js';
import { type Compared, reckon } from '../soak/reckoning.js';
import { type CommittedStatement, committedStatements, waitingMessages } from '../soak/stored.js';
import type { UpTime } from '../soak/up-time.js';
import type { Cabinet } from './cabinet.js';
import type { DriveLog } from './drive-log.js';
import { type Figures, NONE, share, times } from './figures.js';
import type { LoopedClip } from './looped-clip.js';
import { placesReport } from './places-report.js';
import { shownWhileMoving } from './positions.js';
import type { RtspCamera } from './rtsp-camera.js';
import type { Screen } from './screen.js';
import { judgeReads, passagesShown, stampLag } from './shown.js';
import { hear } from './sounds.js';
import { type Stated, statedIn } from './stated.js';
import type { PatrolUnit } from './unit.js';
import type { WireRecord } from './wire-record.js';

/** What is left when a patrol is over. */
export interface Patrolled {
  readonly minutes: number;
  readonly clip: LoopedClip;
  readonly camera: RtspCamera;
  readonly log: DriveLog;
  readonly unit: PatrolUnit;
  readonly receiver: SoakReceiver;
  readonly tap: MqttTap;
  readonly wire: WireRecord;
  readonly cabinet: Cabinet;
  readonly screen: Screen;
  readonly mutes: readonly { readonly fromMs: number; readonly untilMs: number }[];
  readonly upTime: UpTime;
  /** What the road did to the link, in order. */
  readonly driven: readonly Driven[];
  /** UTC, milliseconds: when the cabinet was opened. */
  readonly openedAtMs: number;
  /** UTC, milliseconds: between these the device could see. */
  readonly watched: { readonly fromMs: number; readonly untilMs: number };
  readonly ignitionOffAtMs: number;
  /** undefined: it did not stop. */
  readonly stoppedAtMs: number | undefined;
  /** By the main process. */
  readonly writtenBytes: number;
  /** Just before the ignition went off. */
  readonly before: DeviceSnapshot;
}

type Say = (line: string) => void;

const WRITTEN_TO_PAYLOAD = 3;
/** A record's picture may be so far beyond what could be read of its vehicle; the next one is further away. */
const EDGE_MS = 1_000;

/** @param say what is wrong, in ids. */
export function patrolReport(patrolled: Patrolled, say: Say): AreaReport {
  const { unit, minutes } = patrolled;
  const committed = [...committedStatements(unit)];
  const stated = statedIn(committed);
  return {
    area: 'soak patrol',
    machine: describeMachine(),
    figures: {
      patrol: { value: minutes, unit: 'min' },
      ...sight(patrolled, stated),
      ...delivery(patrolled, committed, say),
      ...promptness(patrolled, stated, say),
      ...crewAndCabinet(patrolled, stated),
      ...ending(patrolled),
      ...bytes(patrolled, stated),
      ...placesReport(patrolled, committed, stated, say),
    },
  };
}

/** Vehicles that went by, against the records. */
function sight({ clip, camera, watched, before }: Patrolled, { reads }: Stated): Figures {
  const shown = passagesShown(clip.truth, (frame) => camera.shownAtMs(frame), camera.newest).filter(
    ({ fromMs, untilMs }) => fromMs > watched.fromMs && untilMs < watched.untilMs,
  );
  const since = shown[0]?.fromMs ?? watched.fromMs;
  const until = shown.at(-1)?.untilMs ?? watched.untilMs;
  const judged = judgeReads(
    shown,
    reads.filter(({ pictureAtMs }) => pictureAtMs > since - EDGE_MS && pictureAtMs < until + EDGE_MS),
  );
  const vision = before.cameras[0]?.vision;
  return {
    'vehicles shown': count(judged.shown),
    'vehicles with a record': share(judged.captured, judged.shown, 0.98),
    'vehicles read right': share(judged.right, judged.shown, 0.97),
    'records with another mark than the vehicle': count(judged.wrong),
    'records of no vehicle, or a second one': count(judged.others),
    'frames looked at': count(vision?.framesProcessed ?? 0),
    'frames skipped for newer ones': count(vision?.framesDropped ?? 0),
    'vision process replaced': count(vision?.restarts ?? 0),
  };
}

/** All that was committed has come, once, in one chain. */
function delivery(
  { unit, receiver, tap }: Patrolled,
  committed: readonly CommittedStatement[],
  say: Say,
): Figures {
  const { hits, reads, events, pictures, altered, hitTwice } = reckon({
    journal: [],
    committed,
    received: receiver,
    acknowledged: tap.acknowledged,
  });
  const verdicts = verifyChains(receiver.statements.values(), unit.publicKey, headsOf(committed));
  for (const verdict of verdicts.filter(({ breaks }) => breaks > 0)) say(JSON.stringify(verdict));
  return {
    ...compared('hits', hits),
    ...compared('reads', reads),
    ...compared('events', events),
    ...compared('pictures', pictures),
    'records with two hits': count(hitTwice.length, NONE),
    'statements that came with another text': count(altered.length, NONE),
    'breaks in the chain': count(
      verdicts.reduce((sum, { breaks }) => sum + breaks, 0),
      NONE,
    ),
    'still waiting in the store at the end': count(waitingMessages(unit), NONE),
    'connections made': count(tap.counts.connections),
    'messages resent': count(tap.counts.published - tap.published.size),
  };
}

function compared(name: string, { committed, received, unheardOf }: Compared): Figures {
  return {
    [`${name} committed`]: count(committed),
    [`${name} received, by id`]: count(received, { is: 'at least', value: committed }),
    ...(name !== 'pictures' && { [`${name} received and never committed`]: count(unheardOf.length, NONE) }),
  };
}

/** From the frame on the wire of the camera to the sound, and to the centre. */
function promptness(
  { clip, camera, cabinet, mutes, receiver, upTime, driven }: Patrolled,
  { hits, reads }: Stated,
  say: Say,
): Figures {
  const frames = {
    clip: clip.truth,
    quadAt: clip.quadAt,
    shownAtMs: (frame: number) => camera.shownAtMs(frame),
    frameAt: (atMs: number) => newestAt(camera, atMs),
  };
  const lags = reads.map((read) => stampLag(read, frames)).filter((lag) => lag !== undefined);
  const usualLag = quantile(lags, 0.5);
  const timed = hits.map((hit) => ({
    hit,
    shownAtMs: hit.read.capturedAtMs - (stampLag(hit.read, frames) ?? usualLag),
  }));
  const heard = hear(hits, cabinet.soundsAtMs, mutes);
  if (heard.unheard.length > 0) say(`hits without their sound: ${heard.unheard.slice(0, 3).join(' ')}`);
  const toSound = timed.flatMap(({ hit, shownAtMs }) => {
    const soundAtMs = heard.soundAtMs.get(hit.id);
    return soundAtMs === undefined ? [] : [soundAtMs - shownAtMs];
  });
  const arrived = timed.flatMap(({ hit, shownAtMs }) => {
    const arrivedAtMs = receiver.statements.get(`hit ${hit.id}`)?.arrivedAtMs;
    return arrivedAtMs === undefined ? [] : [{ shownAtMs, arrivedAtMs }];
  });
  const whileUp = arrived.map(({ shownAtMs, arrivedAtMs }) => upTime.within(shownAtMs, arrivedAtMs));
  const onClear = arrived
    .filter(({ shownAtMs, arrivedAtMs }) =>
      [shownAtMs, arrivedAtMs].every((atMs) => roadAt(driven, atMs) === 'clear'),
    )
    .map(({ shownAtMs, arrivedAtMs }) => arrivedAtMs - shownAtMs);
  const whole = arrived.map(({ shownAtMs, arrivedAtMs }) => arrivedAtMs - shownAtMs);
  return {
    ...times("device's time of a frame after it was shown", lags),
    ...times('from frame to commit of a hit', committedAfter(timed)),
    ...times('from frame to buzzer', toSound, 1),
    ...times('from frame to centre on a clear road', onClear),
    ...times('from frame to centre while the link is up', whileUp, 2),
    ...times('from frame to centre, all the time counted', whole),
    'hits that sounded': count(heard.soundAtMs.size),
    'hits to be heard that were not': count(heard.unheard.length, NONE),
    'hits silenced by the mute button': count(heard.muted),
    'sounds without a hit': count(heard.unexplained, NONE),
  };
}

function committedAfter(
  timed: readonly { readonly hit: { readonly committedAtMs: number }; readonly shownAtMs: number }[],
): number[] {
  return timed.map(({ hit, shownAtMs }) => hit.committedAtMs - shownAtMs);
}

/** By halving: frames are shown one after the other. */
function newestAt(camera: RtspCamera, atMs: number): number {
  let [low, high] = [0, camera.newest];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((camera.shownAtMs(middle) ?? 0) <= atMs) low = middle;
    else high = middle - 1;
  }
  return low;
}

function crewAndCabinet(
  { screen, receiver, log, openedAtMs, ignitionOffAtMs }: Patrolled,
  { events }: Stated,
): Figures {
  const opened = events.find(({ kind }) => kind === 'tamper-opened');
  const received = events.filter(({ id }) => receiver.statements.has(`event ${id}`));
  const ofKind = (kind: string) => received.filter((event) => event.kind === kind).length;
  const undecided = screen.decisions.filter(
    ({ hitId, kind }) => !received.some((event) => event.kind === kind && event.hitId === hitId),
  );
  const changesTo = (profile: string) => screen.changes.filter((change) => change.profile === profile).length;
  return {
    'events received: cabinet opened': count(ofKind('tamper-opened'), { is: 'at least', value: 1 }),
    'events received: cabinet closed': count(ofKind('tamper-closed'), { is: 'at least', value: 1 }),
    'events received: ignition off': count(ofKind('ignition-off'), { is: 'at least', value: 1 }),
    'cabinet opened: event after': {
      value: ((opened?.atMs ?? Number.POSITIVE_INFINITY) - openedAtMs) / 1_000,
      unit: 's',
      bar: { is: 'at most', value: 1 },
    },
    'events received: hit confirmed': count(ofKind('hit-confirmed')),
    'events received: hit rejected': count(ofKind('hit-rejected')),
    'decisions of the crew that did not come': count(undecided.length, NONE),
    'decisions refused to a driver': count(screen.refusals),
    'decisions taken from a driver': count(screen.takenWhileMoving, NONE),
    'display: to stationary': count(changesTo('stationary'), { is: 'at least', value: 1 }),
    'display: to driver-moving': count(changesTo('driver-moving'), { is: 'at least', value: 1 }),
    'display: stationary while the car moved, longest': {
      value: shownWhileMoving(screen.changes, log, ignitionOffAtMs) / 1_000,
      unit: 's',
      bar: { is: 'at most', value: 3 },
    },
    'display: stream lost': count(screen.lost, NONE),
  };
}

function ending({ ignitionOffAtMs, stoppedAtMs, screen, unit }: Patrolled): Figures {
  const told = screen.stopping?.reason === 'ignition-off' ? screen.stopping.atMs : Number.POSITIVE_INFINITY;
  return {
    'clean stop after ignition off': {
      value: ((stoppedAtMs ?? Number.POSITIVE_INFINITY) - ignitionOffAtMs) / 1_000,
      unit: 's',
      bar: { is: 'at most', value: 20 },
    },
    'display told after ignition off': {
      value: (told - ignitionOffAtMs) / 1_000,
      unit: 's',
      bar: { is: 'at most', value: 20 },
    },
    'exit code': count(unit.exitCode ?? 255, NONE),
  };
}

function bytes({ wire, receiver, writtenBytes }: Patrolled, { reads }: Stated): Figures {
  const { freshBytes } = receiver.counts;
  const kilobytes = (value: number): Figure => ({ value: value / 1_000, unit: 'kB' });
  return {
    'sent to the broker': { value: wire.bytes.broker / 1_000_000, unit: 'MB' },
    'sent to the broker, a read': kilobytes(wire.bytes.broker / reads.length),
    'payload, a read': kilobytes(freshBytes / reads.length),
    'written to disk by the main process': { value: writtenBytes / 1_000_000, unit: 'MB' },
    'written, a read': kilobytes(writtenBytes / reads.length),
    'written, of the payload': {
      value: writtenBytes / freshBytes,
      unit: '',
      bar: { is: 'at most', value: WRITTEN_TO_PAYLOAD },
    },
  };
}
