import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';

/** A broker, or a cluster of them, that simulated devices publish to and a consumer reads from. */
export interface FleetBroker {
  readonly name: string;
  /** For devices, in their order of preference; TLS with client certificates. */
  readonly deviceUrls: readonly string[];
  /** For the reference consumer. */
  readonly consumerUrls: readonly string[];
  stop(): Promise<void>;
}

/**
 * Starts a program that ends with this one, whatever ends it: the kernel sees to that (setpriv is part of
 * Debian's base). In a group of its own, because Ctrl-C is for this one, which ends the others in order.
 */
export function spawnTied(
  program: string,
  args: readonly string[],
  options: { readonly env?: NodeJS.ProcessEnv; readonly cwd?: string; readonly stdio: StdioOptions },
): ChildProcess {
  return spawn('setpriv', ['--pdeathsig', 'KILL', program, ...args], { ...options, detached: true });
}

/** Waits until it is gone. */
export async function end(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill(signal);
  await gone;
}

/**
 * A shipped configuration with each text on the left replaced by the one on the right.
 * @throws Error where one is not in it: the file has changed, and would be run as somebody else's.
 */
export function fillIn(text: string, values: Readonly<Record<string, string>>): string {
  let filled = text;
  for (const [shipped, here] of Object.entries(values)) {
    if (!filled.includes(shipped))
      throw new Error(`expected ${JSON.stringify(shipped)} in the configuration`);
    filled = filled.replaceAll(shipped, here);
  }
  return filled;
}
