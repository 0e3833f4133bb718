import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { askControl } from '../../../src/control/client.js';
import type { DeviceSnapshot } from '../../../src/device-snapshot.js';
import { LANE_NAMES } from '../../../src/domain/outbox.js';
import { createDeviceKey, type DeviceKey } from '../../../src/evidence/device-key.js';
import { createStorageKey } from '../../../src/lib/storage-key.js';
import { endWithUs } from './children.js';
import { listedMarks, ORDER_VARIABLE, type TrafficOrder } from './traffic-orders.js';

/** The daemon with traffic instead of cameras, as a process of its own, in a folder of its own. */
export interface UnitOptions {
  /** There already; below /tmp, because the path of a socket may have 107 bytes only. */
  readonly folder: string;
  /** The way to the broker. */
  readonly brokerUrl: string;
  readonly traffic: Pick<
    TrafficOrder,
    'perSecond' | 'listedShare' | 'seed' | 'inViewMs' | 'overviewBytes' | 'patchBytes'
  >;
  /** Options of the configuration that differ from the defaults, by group. */
  readonly configuration?: Readonly<Record<string, unknown>>;
}

export const UNIT_ID = 'soak';
const STOP_WITHIN_MS = 60_000;

export class SoakUnit {
  readonly journalPath: string;
  readonly recordsPath: string;
  readonly storageKeyFile: string;
  readonly deviceKeyFile: string;
  readonly logPath: string;
  readonly #options: UnitOptions;
  readonly #configPath: string;
  readonly #socketPath: string;
  readonly #quietPath: string;
  #deviceKey: DeviceKey | undefined;
  #child: ChildProcess | undefined;

  constructor(options: UnitOptions) {
    const at = (name: string) => join(options.folder, name);
    this.#options = options;
    this.journalPath = at('journal');
    this.recordsPath = at('records.db');
    this.storageKeyFile = at('storage.key');
    this.deviceKeyFile = at('device.key');
    this.logPath = at('device.log');
    this.#configPath = at('anprd.yaml');
    this.#socketPath = at('control.sock');
    this.#quietPath = at('quiet');
  }

  /** What `unit` says for the first time: keys, configuration, and the list that vehicles are on. */
  async prepare(): Promise<void> {
    const { folder, brokerUrl, traffic, configuration = {} } = this.#options;
    createStorageKey(this.storageKeyFile);
    this.#deviceKey = createDeviceKey(this.deviceKeyFile);
    writeFileSync(this.journalPath, '');
    const given = (group: string) => configuration[group] as Record<string, unknown> | undefined;
    writeFileSync(
      this.#configPath,
      stringify({
        unit: { id: UNIT_ID },
        cameras: [{ id: 'cam-1' }],
        storage: { keyFile: this.storageKeyFile },
        evidence: { keyFile: this.deviceKeyFile },
        store: { path: this.recordsPath, ...given('store') },
        // Certain reads of vehicles that are on the list, or are not: hits are counted, not weighed.
        hotlist: { path: join(folder, 'hotlist.db'), publishFrom: 0.5 },
        mqtt: { urls: [brokerUrl], ...given('mqtt') },
        control: { socketPath: this.#socketPath },
        ...(given('passages') && { passages: given('passages') }),
        ...(given('health') && { health: given('health') }),
      }),
    );
    const csvPath = join(folder, 'list.csv');
    writeFileSync(
      csvPath,
      ['vrm,action,reason', ...listedMarks(traffic.seed).map((vrm) => `${vrm},STOP,test`)].join('\n'),
    );
    await promisify(execFile)(process.execPath, [
      fileURLToPath(new URL('../../../src/cli/anprctl.js', import.meta.url)),
      ...['hotlist', 'import', csvPath, '--list', 'local', '--config', this.#configPath],
    ]);
  }

  /** Base64 of the key that signs what it states. */
  get publicKey(): string {
    if (this.#deviceKey === undefined) throw new Error('the unit was not prepared');
    return this.#deviceKey.publicKey;
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  start(): void {
    const { traffic } = this.#options;
    const order: TrafficOrder = { ...traffic, journalPath: this.journalPath, quietPath: this.#quietPath };
    const log = openSync(this.logPath, 'a');
    this.#child = endWithUs(
      spawn(process.execPath, [fileURLToPath(new URL('./device.js', import.meta.url)), this.#configPath], {
        stdio: ['ignore', log, log],
        // In a group of its own: Ctrl-C is for who started it.
        detached: true,
        env: { ...process.env, [ORDER_VARIABLE]: JSON.stringify(order) },
      }),
    );
  }

  /** SIGKILL; waits until it is gone. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** SIGTERM, and SIGKILL when that takes longer than a minute. */
  async stop(): Promise<void> {
    const patience = new AbortController();
    void delay(STOP_WITHIN_MS, undefined, { signal: patience.signal }).then(
      () => this.#child?.kill('SIGKILL'),
      () => undefined,
    );
    await this.#end('SIGTERM');
    patience.abort();
  }

  /** No more vehicles, or again. */
  setQuiet(isQuiet: boolean): void {
    if (isQuiet) writeFileSync(this.#quietPath, '');
    else rmSync(this.#quietPath, { force: true });
  }

  /** What `anprctl status --json` shows; undefined while nobody answers. */
  async status(): Promise<DeviceSnapshot | undefined> {
    try {
      return (await askControl(this.#socketPath, '/status', 2_000)) as DeviceSnapshot;
    } catch {
      return undefined;
    }
  }

  /** Resolves when every record is complete and everything was sent. */
  async drained(withinMs: number): Promise<void> {
    const untilMs = Date.now() + withinMs;
    for (;;) {
      const store = (await this.status())?.store;
      const waiting = LANE_NAMES.filter((lane) => lane !== 'health').reduce(
        (sum, lane) => sum + (store?.lanes[lane].items ?? 1),
        0,
      );
      if (store !== undefined && waiting === 0 && store.openRecords === 0) return;
      if (Date.now() > untilMs) {
        throw new Error(`${waiting} messages still wait after ${withinMs / 1_000} s; see ${this.logPath}`);
      }
      await delay(500);
    }
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (child === undefined || !this.isRunning) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }
}
