import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { z } from 'zod';
import type { SourceConfig } from '../../../src/config/schema.js';
import { askControl } from '../../../src/control/client.js';
import { createDeviceKey } from '../../../src/evidence/device-key.js';
import { createStorageKey } from '../../../src/lib/storage-key.js';

/** The real daemon as a child process, with a configuration and a folder of its own. */
export interface DeviceOptions {
  /** For configuration, databases and socket; nobody else's. */
  readonly folder: string;
  /** The built checkout. */
  readonly root: string;
  readonly brokerUrl: string;
  readonly source: SourceConfig;
  readonly logPath: string;
}

export const TOPIC_PREFIX = 'anpr';

/** What the demo needs of DeviceSnapshot. */
const statusSchema = z.object({
  cameras: z.array(
    z.object({
      vision: z.object({
        state: z.string(),
        source: z.object({ state: z.string(), detail: z.string() }).optional(),
        framesProcessed: z.number(),
        framesDropped: z.number(),
        openPassages: z.number(),
      }),
    }),
  ),
  store: z.object({ lanes: z.record(z.string(), z.object({ items: z.number() })) }).optional(),
  uplink: z.object({
    hitLatency: z.object({
      count: z.number(),
      medianMs: z.number().optional(),
      worstMs: z.number().optional(),
    }),
  }),
});

export type DeviceStatus = z.infer<typeof statusSchema>;

export class DemoDevice {
  readonly #options: DeviceOptions;
  #child: ReturnType<typeof spawn> | undefined;

  constructor(options: DeviceOptions) {
    this.#options = options;
  }

  /** Writes the configuration that everything else uses, and keys of its own. */
  configure(): void {
    const { folder, root, brokerUrl, source } = this.#options;
    const keyFile = join(folder, 'storage.key');
    if (!existsSync(keyFile)) createStorageKey(keyFile);
    const deviceKeyFile = join(folder, 'device.key');
    if (!existsSync(deviceKeyFile)) createDeviceKey(deviceKeyFile);
    writeFileSync(
      this.#configPath,
      stringify({
        unit: { id: 'demo' },
        cameras: [{ id: 'cam-1', source }],
        plates: { modelsFolder: join(root, 'models') },
        hotlist: { path: join(folder, 'hotlist.db') },
        storage: { keyFile },
        evidence: { keyFile: deviceKeyFile },
        store: { path: join(folder, 'records.db') },
        mqtt: { urls: [brokerUrl], topicPrefix: TOPIC_PREFIX },
        control: { socketPath: this.#socketPath },
      }),
    );
  }

  /**
   * Imports a list by `anprctl`, as an operator would.
   * @returns what it said
   * @throws Error with what it said when it failed
   */
  async importHotlist(csvPath: string): Promise<string> {
    const program = join(this.#options.root, 'dist/src/cli/anprctl.js');
    const { stdout } = await promisify(execFile)(process.execPath, [
      program,
      ...['hotlist', 'import', csvPath, '--list', 'demo', '--config', this.#configPath],
    ]);
    return stdout.trim();
  }

  start(): void {
    const { root, logPath } = this.#options;
    const log = openSync(logPath, 'w');
    this.#child = spawn(process.execPath, [join(root, 'dist/src/main.js'), '--config', this.#configPath], {
      stdio: ['ignore', log, log],
      // In a group of its own: Ctrl-C is for the demo, which lets the daemon drain.
      detached: true,
    });
  }

  /**
   * What `anprctl status --json` shows; undefined while the daemon does not answer yet.
   * @throws Error with the end of its log when it has ended
   */
  async status(): Promise<DeviceStatus | undefined> {
    const child = this.#child;
    if (child === undefined) return undefined;
    if (child.exitCode !== null || child.signalCode !== null) {
      const log = readFileSync(this.#options.logPath, 'utf8').trimEnd().split('\n').slice(-15).join('\n');
      throw new Error(
        `the daemon has ended (${child.exitCode ?? child.signalCode}); the end of its log:\n${log}`,
      );
    }
    let answer: unknown;
    try {
      answer = await askControl(this.#socketPath, '/status', 2_000);
    } catch {
      return undefined;
    }
    return statusSchema.parse(answer);
  }

  /** SIGTERM, and SIGKILL when it has not drained in 15 s. */
  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    const patience = new AbortController();
    await Promise.race([gone, delay(15_000, undefined, { signal: patience.signal })]);
    patience.abort();
    child.kill('SIGKILL');
  }

  get #configPath(): string {
    return join(this.#options.folder, 'anprd.yaml');
  }

  get #socketPath(): string {
    return join(this.#options.folder, 'control.sock');
  }
}
