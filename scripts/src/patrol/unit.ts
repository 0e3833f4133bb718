import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { askControl } from '../../../src/control/client.js';
import type { DeviceSnapshot } from '../../../src/device-snapshot.js';
import { createDeviceKey, type DeviceKey } from '../../../src/evidence/device-key.js';
import { createCentreKey } from '../../../src/governance/centre-key.js';
import { createStorageKey } from '../../../src/lib/storage-key.js';
import { endWithUs } from '../soak/children.js';
import { LINES } from './cabinet.js';

export interface PatrolUnitOptions {
  /** There already; below /tmp, because the path of a socket may have 107 bytes only. */
  readonly folder: string;
  readonly brokerUrl: string;
  readonly cameraUrl: string;
  readonly receiverPath: string;
  /** Of the simulated board. */
  readonly linesFolder: string;
  /** Rows of a list, `vrm,action,reason`. */
  readonly listed: readonly string[];
}

export const UNIT_ID = 'patrol';
export const MUTE_SECONDS = 30;

const BUILT = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const LOOK_MS = 50;

/** The daemon as a car has it: `anprd` itself, in a folder of its own. */
export class PatrolUnit {
  /** What it may write to, logs included. */
  readonly home: string;
  readonly socketPath: string;
  readonly recordsPath: string;
  readonly storageKeyFile: string;
  readonly centreKeyFile: string;
  readonly logPath: string;
  readonly #options: PatrolUnitOptions;
  readonly #configPath: string;
  #deviceKey: DeviceKey | undefined;
  #child: ChildProcess | undefined;

  constructor(options: PatrolUnitOptions) {
    this.#options = options;
    this.home = join(options.folder, 'home');
    const secret = (name: string) => join(options.folder, 'secrets', name);
    this.socketPath = join(this.home, 'control.sock');
    this.recordsPath = join(this.home, 'records.db');
    this.logPath = join(this.home, 'anprd.log');
    this.storageKeyFile = secret('storage.key');
    this.centreKeyFile = secret('centre.key');
    this.#configPath = join(options.folder, 'anprd.yaml');
  }

  /** Keys, configuration, and the list that vehicles are on. */
  async prepare(): Promise<void> {
    const { folder, brokerUrl, cameraUrl, receiverPath, linesFolder, listed } = this.#options;
    const secrets = join(folder, 'secrets');
    for (const path of [this.home, secrets]) mkdirSync(path);
    createStorageKey(this.storageKeyFile);
    const deviceKeyFile = join(secrets, 'device.key');
    this.#deviceKey = createDeviceKey(deviceKeyFile);
    writeFileSync(
      this.#configPath,
      stringify({
        unit: { id: UNIT_ID },
        cameras: [{ id: 'cam-1', source: { kind: 'rtsp', url: cameraUrl } }],
        hotlist: { path: join(this.home, 'hotlist.db') },
        storage: { keyFile: this.storageKeyFile },
        evidence: { keyFile: deviceKeyFile },
        store: { path: this.recordsPath },
        control: { socketPath: this.socketPath },
        position: {
          receiver: { kind: 'serial', device: receiverPath },
          centrePublicKey: createCentreKey(this.centreKeyFile),
        },
        lines: { board: { kind: 'simulated', folder: linesFolder }, ...LINES, muteSeconds: MUTE_SECONDS },
        mqtt: { urls: [brokerUrl] },
        health: { reportSeconds: 60 },
      }),
    );
    const listPath = join(secrets, 'list.csv');
    writeFileSync(listPath, ['vrm,action,reason', ...listed].join('\n'));
    await promisify(execFile)(process.execPath, [
      BUILT('src/cli/anprctl.js'),
      ...['hotlist', 'import', listPath, '--list', 'local', '--config', this.#configPath],
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

  get exitCode(): number | null {
    return this.#child?.exitCode ?? null;
  }

  start(): void {
    const log = openSync(this.logPath, 'a');
    this.#child = endWithUs(
      spawn(process.execPath, [BUILT('src/main.js'), '--config', this.#configPath], {
        stdio: ['ignore', log, log],
        // In a group of its own: Ctrl-C is for who started it.
        detached: true,
      }),
    );
  }

  /** What `anprctl status --json` shows; undefined while nobody answers. */
  async status(): Promise<DeviceSnapshot | undefined> {
    try {
      return (await askControl(this.socketPath, '/status', 2_000)) as DeviceSnapshot;
    } catch {
      return undefined;
    }
  }

  /** Asks until the condition holds. @throws Error where it has ended, or after so long. */
  async until(condition: (snapshot: DeviceSnapshot) => boolean, withinMs: number): Promise<DeviceSnapshot> {
    const untilMs = Date.now() + withinMs;
    while (Date.now() < untilMs && this.isRunning) {
      const snapshot = await this.status();
      if (snapshot !== undefined && condition(snapshot)) return snapshot;
      await delay(250);
    }
    throw new Error(`the daemon is not as it should be after ${withinMs / 1_000} s; see ${this.logPath}`);
  }

  /** What its main process has caused to be written to disks, bytes; undefined once it has ended. */
  writtenBytes(): number | undefined {
    try {
      const io = readFileSync(`/proc/${this.#child?.pid}/io`, 'utf8');
      return Number(/^write_bytes: (\d+)$/m.exec(io)?.[1]);
    } catch {
      return undefined;
    }
  }

  /**
   * Waits until it has ended by itself.
   * @param onLook called meanwhile, every few hundredths of a second.
   * @returns when, UTC milliseconds; undefined: not within so long.
   */
  async ended(withinMs: number, onLook: () => void): Promise<number | undefined> {
    for (const untilMs = Date.now() + withinMs; Date.now() < untilMs; await delay(LOOK_MS)) {
      onLook();
      if (!this.isRunning) return Date.now();
    }
    return undefined;
  }

  /** Ends what is left of it. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (child === undefined || !this.isRunning) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }
}
