import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { answers, freePort } from '../loopback.js';

export interface Broker {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Starts a Mosquitto of the demo's own on a free loopback port; without a configuration it listens
 * there only and keeps nothing on disk.
 * @throws Error where there is no mosquitto, or it does not answer within 5 s
 */
export async function startBroker(): Promise<Broker> {
  const port = await freePort();
  const child = spawn('mosquitto', ['-p', String(port)], {
    stdio: 'ignore',
    // In a group of its own: Ctrl-C is for the demo, which stops the daemon before the broker.
    detached: true,
    // Debian keeps daemons where users do not look.
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
  });
  const failed = once(child, 'error').then(([error]) => Promise.reject(error));
  failed.catch(() => undefined);
  await Promise.race([failed, answering(port, child)]);
  return {
    url: `mqtt://127.0.0.1:${port}`,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
    },
  };
}

async function answering(port: number, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 100 && child.exitCode === null; attempt++) {
    if (await answers(port)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  child.kill();
  throw new Error(`mosquitto does not answer on port ${port}; run mosquitto -p ${port} to see why`);
}
