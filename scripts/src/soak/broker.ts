import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { answers, freePort } from '../loopback.js';
import { endWithUs } from './children.js';

/**
 * A Mosquitto that is killed and started again on the same port, in a folder that it keeps.
 *
 * Mosquitto 2 writes its sessions to disk now and then and when it ends, so a kill takes with it what
 * it had acknowledged and not yet handed on. It hands a message to a connected receiver before it
 * acknowledges it to the sender, as long as that receiver's window has room; the window is therefore
 * unlimited here, and whoever wants nothing to be lost has a receiver connected at all times.
 */
export class SoakBroker {
  readonly port: number;
  readonly #configurationPath: string;
  #child: ChildProcess | undefined;

  private constructor(port: number, configurationPath: string) {
    this.port = port;
    this.#configurationPath = configurationPath;
  }

  /** @param folder its own, there already. @throws Error where there is no mosquitto. */
  static async begin(folder: string): Promise<SoakBroker> {
    const port = await freePort();
    const configurationPath = join(folder, 'mosquitto.conf');
    const lines = [
      // Started by root it would otherwise become a user that may not read the folder.
      ...(process.getuid?.() === 0 ? ['user root'] : []),
      `listener ${port} 127.0.0.1`,
      'allow_anonymous true',
      'persistence true',
      `persistence_location ${folder}/`,
      'max_inflight_messages 0',
      'max_queued_messages 0',
      'log_dest none',
    ];
    writeFileSync(configurationPath, `${lines.join('\n')}\n`);
    const broker = new SoakBroker(port, configurationPath);
    await broker.start();
    return broker;
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`;
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** @throws Error where it does not answer within 5 s. */
  async start(): Promise<void> {
    const child = endWithUs(
      spawn('mosquitto', ['-c', this.#configurationPath], {
        stdio: 'ignore',
        // In a group of its own: Ctrl-C is for who started it, which stops the device first.
        detached: true,
        // Debian keeps daemons where users do not look.
        env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
      }),
    );
    this.#child = child;
    let failure = '';
    child.once('error', (error) => {
      failure = `: ${error.message}`;
    });
    for (let attempt = 0; attempt < 200 && failure === '' && this.isRunning; attempt++) {
      if (await answers(this.port)) return;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new Error(`mosquitto does not answer on port ${this.port}${failure}`);
  }

  /** Writes sessions and subscriptions to its file, so that they outlive a kill. */
  async save(): Promise<void> {
    this.#child?.kill('SIGUSR1');
    // It says nothing when it has; its file is a few hundred bytes.
    await new Promise((resolve) => setTimeout(resolve, 500));
  }

  /** Waits until it is gone. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (child === undefined || !this.isRunning) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }
}
