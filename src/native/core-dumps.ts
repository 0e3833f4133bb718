import { addon } from './addon.js';

/**
 * From now on a crash of this process leaves no picture of its memory, in which VRMs and places stand in
 * clear, and no other process of the same user may look into it. What it starts inherits the limit but
 * not the whole ban: each process of ours calls this for itself.
 * @returns whether the kernel took it.
 * @throws DeviceError addon.missing
 */
export function forbidCoreDumps(): boolean {
  return addon().forbidCoreDumps() === 0;
}
