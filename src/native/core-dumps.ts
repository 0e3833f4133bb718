import { writeFileSync } from 'node:fs';
import { addon } from './addon.js';

/**
 * From now on a crash of this process, or of one that it starts, leaves no picture of its memory, in which
 * VRMs and places stand in clear.
 *
 * The limit is what the kernel keeps when it writes a core file itself. A handler that dumps are piped to
 * may overlook it, so what goes into a dump is emptied as well: it then holds no page of memory. (To make
 * the process undumpable instead would hide its own counters in /proc from it.)
 * @returns whether the kernel took both.
 * @throws DeviceError addon.missing
 */
export function forbidCoreDumps(): boolean {
  const isLimited = addon().forbidCoreDumps() === 0;
  try {
    writeFileSync('/proc/self/coredump_filter', '0');
    return isLimited;
  } catch {
    return false;
  }
}
