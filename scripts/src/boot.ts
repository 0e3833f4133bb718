import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { messageOf } from '../../src/lib/errors.js';
import { packageRoot } from '../../src/lib/package-root.js';
import { CHECKS } from './boot/checks.js';
import { ENDINGS } from './boot/endings.js';
import { Machine } from './boot/machine.js';

/** `scripts/boot --help` explains it. */
async function main(): Promise<number> {
  const { values } = parseArgs({ options: { root: { type: 'string' } } });
  const installation = packageRoot(import.meta.dirname);
  const run = join(installation, '.run');
  mkdirSync(run, { recursive: true });
  const machine = new Machine({
    root: values.root ?? join(run, 'boot-root'),
    installation,
    consolePath: join(run, 'boot-console.log'),
  });
  let failed = 0;
  try {
    await machine.boot();
    for (const check of [...CHECKS, ...ENDINGS]) {
      try {
        const seen = await check.run(machine);
        process.stdout.write(`ok      ${check.name}\n          ${seen}\n`);
      } catch (error) {
        failed++;
        process.stdout.write(`FAILED  ${check.name}\n          ${messageOf(error)}\n`);
      }
    }
  } finally {
    await machine.off();
  }
  const count = CHECKS.length + ENDINGS.length;
  process.stdout.write(`${count - failed} of ${count} checks hold\n`);
  return failed === 0 ? 0 : 1;
}

process.exitCode = await main();
