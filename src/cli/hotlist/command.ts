import type { Command } from 'commander';
import { register as registerCheck } from './check.js';
import { register as registerDiff } from './diff.js';
import { register as registerExport } from './export.js';
import { register as registerImport } from './import.js';
import { register as registerKeygen } from './keygen.js';
import { register as registerPublish } from './publish.js';
import { register as registerRemove } from './remove.js';
import { register as registerStatus } from './status.js';

/** Looking first, then what changes a device, then the owner's side. */
export function register(program: Command): void {
  const hotlist = program
    .command('hotlist')
    .description('take VOI lists over, publish them, and ask what is on them');
  for (const registerOne of [
    registerStatus,
    registerCheck,
    registerDiff,
    registerImport,
    registerRemove,
    registerExport,
    registerPublish,
    registerKeygen,
  ]) {
    registerOne(hotlist);
  }
}
