import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { askControl } from '../../src/control/client.js';
import type { DeviceSnapshot } from '../../src/device-snapshot.js';

/** The built daemon as systemd would run it; `scripts/test` has built it. */
export interface Daemon {
  /** Everything it has logged so far. */
  readonly log: () => string;
  readonly pid: number;
  status(): Promise<DeviceSnapshot>;
  /** Asks until the condition holds. */
  until(condition: (snapshot: DeviceSnapshot) => boolean, withinMs: number): Promise<DeviceSnapshot>;
  /** How it ended: the exit code, or the signal; undefined while it runs. */
  readonly ended: () => number | NodeJS.Signals | undefined;
  /** @returns the exit code, or the signal that ended it. */
  stop(signal?: NodeJS.Signals): Promise<number | NodeJS.Signals>;
}

const ROOT = resolve(import.meta.dirname, '../..');

/** @param env beside this process's own. */
export function startDaemon(configPath: string, socketPath: string, env: NodeJS.ProcessEnv = {}): Daemon {
  const child = spawn(process.execPath, [resolve(ROOT, 'dist/src/main.js'), '--config', configPath], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...env },
  });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  const status = async () => (await askControl(socketPath, '/status')) as DeviceSnapshot;
  return {
    log: () => log,
    pid: child.pid as number,
    status,
    until: async (condition, withinMs) => {
      const untilMs = Date.now() + withinMs;
      let last: unknown;
      while (Date.now() < untilMs) {
        if (child.exitCode !== null) throw new Error(`the daemon ended with ${child.exitCode}:\n${log}`);
        try {
          const snapshot = await status();
          if (condition(snapshot)) return snapshot;
          last = snapshot;
        } catch (error) {
          last = error;
        }
        await new Promise((wake) => setTimeout(wake, 50));
      }
      throw new Error(`not within ${withinMs} ms; last: ${JSON.stringify(last)}\n${log}`);
    },
    ended: () => child.exitCode ?? child.signalCode ?? undefined,
    stop: (signal = 'SIGTERM') => end(child, signal),
  };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | NodeJS.Signals> {
  if (child.exitCode === null && child.signalCode === null) {
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }
  return child.exitCode ?? (child.signalCode as NodeJS.Signals);
}

/** Runs the built daemon with arguments until it ends by itself. */
export async function runDaemonOnce(
  args: readonly string[],
): Promise<{ exitCode: number | null; stdout: string; stderr: string }> {
  return runBuilt('dist/src/main.js', args);
}

/** Runs the built anprctl. */
export async function runAnprctl(
  args: readonly string[],
): Promise<{ exitCode: number | null; stdout: string; stderr: string }> {
  return runBuilt('dist/src/cli/anprctl.js', args);
}

async function runBuilt(
  entry: string,
  args: readonly string[],
): Promise<{ exitCode: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [resolve(ROOT, entry), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  await once(child, 'close');
  return { exitCode: child.exitCode, stdout, stderr };
}
