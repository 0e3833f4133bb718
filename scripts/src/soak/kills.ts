import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type AreaReport, describeMachine, type Figure } from '../bench/report.js';
import { SoakBroker } from './broker.js';
import { headsOf, verifyChains } from './chain.js';
import { planKills, TARGETS, type Target } from './kills-plan.js';
import { MqttTap } from './mqtt-tap.js';
import { openRoad, type Road } from './proxy.js';
import { SoakReceiver } from './receiver.js';
import { type Reckoning, reckon } from './reckoning.js';
import { committedStatements } from './stored.js';
import { readJournal } from './traffic-orders.js';
import { SoakUnit } from './unit.js';

/**
 * Kills the main process, the vision process and the broker at random moments, and holds against each
 * other what the unit has committed and what the centre has received.
 *
 * Who could lose what is told apart by three witnesses: the traffic's journal (acknowledged by the
 * main process, so committed), the unit's store, and the wire (acknowledged by the broker). The way
 * to the broker opens only while the receiver is connected: see SoakBroker for what a Mosquitto that
 * is killed would otherwise take with it.
 */
export interface KillsOptions {
  readonly kills: number;
  readonly readsPerSecond: number;
  readonly seed: string;
  /** Between one kill and the next, on average. */
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
  const folder = mkdtempSync(join(tmpdir(), 'anprd-soak-'));
  const run = new KillsRun(options, folder, say);
  try {
    const report = await run.run();
    rmSync(folder, { recursive: true, force: true });
    return report;
  } catch (error) {
    say(`the unit's folder is left as it is: ${folder}`);
    throw error;
  } finally {
    await run.close();
  }
}

class KillsRun {
  readonly #options: KillsOptions;
  readonly #folder: string;
  readonly #say: (line: string) => void;
  readonly #tap = new MqttTap();
  readonly #killed: Record<Target, number> = { main: 0, vision: 0, broker: 0 };
  #broker: SoakBroker | undefined;
  #receiver: SoakReceiver | undefined;
  #road: Road | undefined;
  #unit: SoakUnit | undefined;

  constructor(options: KillsOptions, folder: string, say: (line: string) => void) {
    this.#options = options;
    this.#folder = folder;
    this.#say = say;
  }

  async run(): Promise<AreaReport> {
    const { readsPerSecond, kills, seed, meanGapMs = MEAN_GAP_MS } = this.#options;
    const unit = await this.#open();
    const beganMs = performance.now();
    unit.start();
    await delay(SETTLE_MS);
    this.#say(`${kills} kills at ${readsPerSecond} vehicles a second, seed ${seed}`);
    let done = 0;
    for (const { target, afterMs } of planKills(seed, kills, meanGapMs)) {
      await delay(afterMs);
      await this.#kill(target);
      if (++done % TELL_EVERY_KILLS === 0) this.#tell(done);
    }
    await delay(SETTLE_MS);
    unit.setQuiet(true);
    const tookS = (performance.now() - beganMs) / 1_000;
    this.#say('quiet: everything drains');
    await unit.drained(DRAIN_WITHIN_MS);
    await delay(SETTLE_MS);
    await unit.stop();
    return this.#report(unit, tookS);
  }

  async close(): Promise<void> {
    await this.#unit?.kill();
    await this.#receiver?.close();
    await this.#road?.close();
    await this.#broker?.end('SIGKILL');
  }

  async #open(): Promise<SoakUnit> {
    const brokerFolder = join(this.#folder, 'broker');
    mkdirSync(brokerFolder);
    const broker = await SoakBroker.begin(brokerFolder);
    this.#broker = broker;
    const receiver = await SoakReceiver.begin(broker.url);
    this.#receiver = receiver;
    await broker.save();
    this.#road = await openRoad({
      brokerPort: broker.port,
      watcher: this.#tap,
      mayOpen: () => receiver.isListening,
    });
    this.#unit = new SoakUnit({
      folder: this.#folder,
      brokerUrl: this.#road.url,
      traffic: {
        perSecond: this.#options.readsPerSecond,
        listedShare: 0.05,
        seed: this.#options.seed,
        inViewMs: 300,
        overviewBytes: 1_500,
        patchBytes: 300,
      },
      configuration: {
        store: { mostMegabytes: 20_000 },
        // Kills come every few seconds: a unit that waits a minute would meet none of them.
        mqtt: { reconnectFirstSeconds: 0.2, reconnectMostSeconds: 2 },
        passages: { rejoinWithinSeconds: 1 },
        health: { reportSeconds: 5 },
      },
    });
    await this.#unit.prepare();
    return this.#unit;
  }

  async #kill(target: Target): Promise<void> {
    const [unit, broker] = [this.#unit, this.#broker] as [SoakUnit, SoakBroker];
    if (target === 'main') {
      await unit.kill();
      await delay(RESTART_AFTER_MS);
      unit.start();
    } else if (target === 'broker') {
      await broker.end('SIGKILL');
      await broker.start();
    } else {
      process.kill(await this.#visionPid(), 'SIGKILL');
    }
    this.#killed[target]++;
  }

  /** Waits for a process that has just been killed to be there again. */
  async #visionPid(): Promise<number> {
    for (let attempt = 0; attempt < 200; attempt++) {
      const vision = (await this.#unit?.status())?.cameras[0]?.vision;
      if (vision?.state === 'running' && vision.pid !== undefined) return vision.pid;
      await delay(100);
    }
    throw new Error(`no vision process within 20 s; see ${this.#unit?.logPath}`);
  }

  #tell(done: number): void {
    const { statements, counts } = this.#receiver as SoakReceiver;
    const byTarget = TARGETS.map((target) => `${target} ${this.#killed[target]}`).join(', ');
    this.#say(
      `${done} kills (${byTarget}); ${statements.size} statements received, ${counts.repeats} repeats`,
    );
  }

  #report(unit: SoakUnit, tookS: number): AreaReport {
    const receiver = this.#receiver as SoakReceiver;
    const committed = [...committedStatements(unit)];
    const reckoning = reckon({
      journal: readJournal(unit.journalPath),
      committed,
      received: receiver,
      acknowledged: this.#tap.acknowledged,
    });
    const verdicts = verifyChains(receiver.statements.values(), unit.publicKey, headsOf(committed));
    for (const verdict of verdicts.filter(({ breaks }) => breaks > 0)) {
      this.#say(`chain ${verdict.chain}: ${JSON.stringify(verdict)}`);
    }
    return {
      area: 'soak kills',
      machine: describeMachine(),
      figures: {
        ...this.#counted(tookS, reckoning),
        'statements in the chain, received and verified': count(receiver.statements.size),
        chains: count(verdicts.length, { is: 'at most', value: 1 }),
        'breaks in the chain': count(
          verdicts.reduce((sum, { breaks }) => sum + breaks, 0),
          { is: 'at most', value: 0 },
        ),
      },
    };
  }

  #counted(tookS: number, reckoning: Reckoning): AreaReport['figures'] {
    const { hits, reads, pictures } = reckoning;
    const { counts, published } = this.#tap;
    const none = { is: 'at most', value: 0 } as const;
    const compared = (name: string, { committed, received, ...lost }: Reckoning['hits']) => ({
      [`${name} committed`]: count(committed),
      [`${name} received, by id`]: count(received),
      [`${name} lost by the device`]: count(lost.lostByDevice.length, none),
      [`${name} lost by the broker after its acknowledgement`]: count(lost.lostByBroker.length, none),
      [`${name} received that were never committed`]: count(lost.unheardOf.length, none),
    });
    const total = TARGETS.reduce((sum, target) => sum + this.#killed[target], 0);
    return {
      kills: count(total, { is: 'at least', value: this.#options.kills }),
      ...Object.fromEntries(TARGETS.map((target) => [`kills of ${target}`, count(this.#killed[target])])),
      run: { value: tookS, unit: 's' },
      'reads committed a second': { value: reads.committed / tookS, unit: 'a second' },
      ...compared('hits', hits),
      ...compared('reads', reads),
      ...compared('pictures named in reads', pictures),
      'records with two hits': count(reckoning.hitTwice.length, none),
      'acknowledged vehicles without a read': count(reckoning.forgotten.length, none),
      'acknowledged listed vehicles without a hit': count(reckoning.unmatched.length, none),
      'statements that came with another text': count(reckoning.altered.length, none),
      'messages published': count(counts.published),
      'messages resent': count(counts.published - published.size),
      'messages that came again, dropped by id': count(this.#receiver?.counts.repeats ?? 0),
      'connections made': count(counts.connections),
      'acknowledged while nobody listened': count(counts.unheard),
    };
  }
}

function count(value: number, bar?: Figure['bar']): Figure {
  return { value, unit: '', ...(bar !== undefined && { bar }) };
}
