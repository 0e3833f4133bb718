import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answers, freePort } from '../../scripts/src/loopback.js';

/**
 * A real Mosquitto on a free port of the loopback, with a folder of its own.
 *
 * It keeps durable sessions over a stop and a start, as a back office's broker does: what it has
 * acknowledged to a device then reaches a receiver that comes back later.
 */
export interface Mosquitto {
  readonly port: number;
  readonly url: string;
  /** Starts it again on the same port after `stop`. */
  start(): Promise<void>;
  /** SIGTERM (it saves its sessions), or the signal given (it does not); waits until it is gone. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** SIGSTOP: it keeps its connections and answers nothing. */
  freeze(): void;
  thaw(): void;
  /** Stops it and removes its folder. */
  remove(): Promise<void>;
}

/** @param configuration further lines for mosquitto.conf; `{folder}` is the broker's folder. */
export async function startMosquitto(
  options: { readonly configuration?: string; readonly files?: Readonly<Record<string, string>> } = {},
): Promise<Mosquitto> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'anprd-mosquitto-'));
  for (const [name, text] of Object.entries(options.files ?? {})) writeFileSync(join(folder, name), text);
  const configuration = (options.configuration ?? 'allow_anonymous true').replaceAll('{folder}', folder);
  writeFileSync(
    join(folder, 'mosquitto.conf'),
    // Started by root it would otherwise become a user that may not read the folder.
    `user root\nlistener ${port} 127.0.0.1\npersistence true\npersistence_location ${folder}/\nlog_dest none\n${configuration}\n`,
  );
  let child: ChildProcess | undefined;

  async function start(): Promise<void> {
    const started = spawn('mosquitto', ['-c', join(folder, 'mosquitto.conf')], {
      stdio: 'ignore',
      // Debian keeps daemons where users do not look.
      env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
    });
    child = started;
    let failure = '';
    started.once('error', (error) => {
      failure = error.message;
    });
    for (let attempt = 0; attempt < 200; attempt++) {
      if (failure !== '' || started.exitCode !== null) break;
      if (await answers(port)) return;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new Error(`mosquitto did not start on port ${port}: ${failure || `exit code ${started.exitCode}`}`);
  }

  async function stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const running = child;
    child = undefined;
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
    const gone = once(running, 'exit');
    running.kill('SIGCONT');
    running.kill(signal);
    await gone;
  }

  await start();
  return {
    port,
    url: `mqtt://127.0.0.1:${port}`,
    start,
    stop,
    freeze: () => child?.kill('SIGSTOP'),
    thaw: () => child?.kill('SIGCONT'),
    remove: async () => {
      await stop('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
