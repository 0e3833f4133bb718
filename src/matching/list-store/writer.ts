import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import type { Clock } from '../../lib/clock.js';

/**
 * Who builds a generation, and whether they still live, told apart across processes, restarts and
 * containers that share the file.
 *
 * Nothing here trusts the wall clock: it may be wrong by years and be set right at any moment. Times
 * are on the clock since boot, together with which boot it was.
 */
export interface Moment {
  readonly boot: string;
  /** Milliseconds, of one scale in all processes of that boot. */
  readonly monoMs: number;
}

const BOOT = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();

export function momentOf(clock: Clock): Moment {
  return { boot: BOOT, monoMs: clock.monoMs() };
}

/** @returns Infinity where it was in another boot: no process of then is left. */
export function elapsedMs(since: Moment, now: Moment): number {
  return since.boot === now.boot ? now.monoMs - since.monoMs : Number.POSITIVE_INFINITY;
}

interface Writer {
  readonly boot: string;
  /** Process numbers mean something within one namespace only. */
  readonly pidNamespace: string;
  readonly pid: number;
  /** With its start, a process number is not taken for a later process that was given it again. */
  readonly startedAt: string;
  /** Threads of one process share the above. */
  readonly thread: string;
}

const THIS_WRITER: Writer = {
  boot: BOOT,
  pidNamespace: readlinkSync('/proc/self/ns/pid'),
  pid: process.pid,
  startedAt: startOf(process.pid) ?? '',
  thread: randomUUID(),
};

/** This thread of this process, as it is kept with what it builds. */
export const thisWriter: string = JSON.stringify(THIS_WRITER);

/** Whether that writer is known to be gone; false where it lives and where nobody can say. */
export function isGone(writer: string): boolean {
  const { boot, pidNamespace, pid, startedAt } = JSON.parse(writer) as Writer;
  if (boot !== BOOT) return true;
  return pidNamespace === THIS_WRITER.pidNamespace && startOf(pid) !== startedAt;
}

/** When the process started, in ticks since boot; undefined where there is none, or only its remains. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name, in brackets, may hold spaces and brackets; the state follows it.
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' || state === 'X' ? undefined : fields[18];
  } catch {
    return undefined;
  }
}
