import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const FOLDER = join(import.meta.dirname, '../../native/test');

it('the C++ core passes its own test under AddressSanitizer and UndefinedBehaviorSanitizer', async () => {
  const { stdout } = await promisify(execFile)('make', ['--directory', FOLDER], { timeout: 300_000 });
  expect(stdout).toContain('core: all passed');
}, 300_000);
