import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { register } from '../../src/cli/hotlist/command.js';
import { type CommandOutcome, runCommand } from './command.js';
import { keyFileIn } from './storage-key.js';

/** A device of a test's own for anprctl hotlist: a folder with its configuration, its key and its lists. */

export let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'anprd-command-'));
});
afterEach(() => {
  process.exitCode = undefined;
  rmSync(folder, { recursive: true, force: true });
});

export const run = (args: readonly string[]) => runCommand(register, ['hotlist', ...args]);

/** On a device of the test's own: its configuration names its database, its key and its lists. */
export function anprctl(...args: string[]): Promise<CommandOutcome> {
  const path = join(folder, 'anprd.yaml');
  if (!existsSync(path)) configure([]);
  return run([...args, '--config', path]);
}

export function configure(lists: readonly { id: string; publicKeys: readonly string[] }[]): void {
  const hotlist = { path: join(folder, 'hotlist.db'), lists };
  const storage = { keyFile: keyFileIn(folder) };
  const control = { socketPath: join(folder, 'control.sock') };
  writeFileSync(join(folder, 'anprd.yaml'), JSON.stringify({ hotlist, storage, control }));
}

export function csv(text: string | Uint8Array, name = 'list.csv'): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}
