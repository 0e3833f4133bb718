import { setTimeout as delay } from 'node:timers/promises';
import { type AreaReport, describeMachine } from '../bench/report.js';
import { accountOf, count } from './account.js';
import { planKills, TARGETS, type Target } from './kills-plan.js';
import { CLEAR_ROAD } from './proxy.js';
import { type Rig, withRig } from './rig.js';

/**
 * Kills the main process, the vision process and the broker at random moments, and holds against each
 * other what the unit has committed and what the centre has received.
 *
 * Who could lose what is told apart by three witnesses: the traffic's journal (acknowledged by the
 * main process, so committed), the unit's store, and the wire (acknowledged by the broker).
 */
export interface KillsOptions {
  readonly kills: number;
  readonly readsPerSecond: number;
  readonly seed: string;
  /** Between one kill and the next, on average; 4 s unless told. */
  readonly meanGapMs?: number;
}

const MEAN_GAP_MS = 4_000;
/** As systemd waits before it starts a service again, unless told otherwise. */
const RESTART_AFTER_MS = 100;
const DRAIN_WITHIN_MS = 180_000;
const TELL_EVERY_KILLS = 20;
/** Before the first kill, and for the last messages. */
const SETTLE_MS = 2_000;

export async function soakKills(options: KillsOptions, say: (line: string) => void): Promise<AreaReport> {
  const { kills, readsPerSecond, seed, meanGapMs = MEAN_GAP_MS } = options;
  const traffic = {
    perSecond: readsPerSecond,
    listedShare: 0.05,
    seed,
    inViewMs: 300,
    overviewBytes: 1_500,
    patchBytes: 300,
  };
  const configuration = {
    store: { mostMegabytes: 20_000 },
    // Kills come every few seconds: a unit that waits a minute would meet none of them.
    mqtt: { reconnectFirstSeconds: 0.2, reconnectMostSeconds: 2 },
    passages: { rejoinWithinSeconds: 1 },
    health: { reportSeconds: 5 },
  };
  return withRig({ traffic, configuration }, say, async (rig) => {
    const { unit, receiver } = rig;
    const killed: Record<Target, number> = { main: 0, vision: 0, broker: 0 };
    const beganMs = performance.now();
    unit.start();
    await delay(SETTLE_MS);
    say(`${kills} kills at ${readsPerSecond} vehicles a second, seed ${seed}`);
    let done = 0;
    for (const { target, afterMs } of planKills(seed, kills, meanGapMs)) {
      await delay(afterMs);
      await kill(rig, target);
      killed[target]++;
      if (++done % TELL_EVERY_KILLS !== 0) continue;
      const byTarget = TARGETS.map((name) => `${name} ${killed[name]}`).join(', ');
      say(`${done} kills (${byTarget}); ${receiver.statements.size} statements received`);
    }
    await delay(SETTLE_MS);
    unit.setQuiet(true);
    const tookS = (performance.now() - beganMs) / 1_000;
    say('quiet: everything drains');
    await unit.drained(DRAIN_WITHIN_MS);
    await delay(SETTLE_MS);
    await unit.stop();
    const account = accountOf(rig, say);
    return {
      area: 'soak kills',
      machine: describeMachine(),
      figures: {
        kills: count(done, { is: 'at least', value: kills }),
        ...Object.fromEntries(TARGETS.map((name) => [`kills of ${name}`, count(killed[name])])),
        run: { value: tookS, unit: 's' },
        'reads committed a second, restarts included': count(account.readsCommitted / tookS),
        ...account.figures,
      },
    };
  });
}

/**
 * With the broker, the way to it is closed until the receiver is connected again: see SoakBroker for
 * what a Mosquitto that is killed would otherwise take with it the next time.
 */
async function kill(rig: Rig, target: Target): Promise<void> {
  const { unit, broker, receiver, road } = rig;
  switch (target) {
    case 'main':
      await unit.kill();
      await delay(RESTART_AFTER_MS);
      unit.start();
      return;
    case 'broker':
      road.set({ newConnections: 'refused' });
      await broker.end('SIGKILL');
      await broker.start();
      while (!receiver.isListening) await delay(10);
      road.set(CLEAR_ROAD);
      return;
    case 'vision':
      process.kill(await visionPid(rig), 'SIGKILL');
  }
}

/** Waits for a process that has just been killed to be there again. */
async function visionPid({ unit }: Rig): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const vision = (await unit.status())?.cameras[0]?.vision;
    if (vision?.state === 'running' && vision.pid !== undefined) return vision.pid;
    await delay(100);
  }
  throw new Error(`no vision process within 20 s; see ${unit.logPath}`);
}
