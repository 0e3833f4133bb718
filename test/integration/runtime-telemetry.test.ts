import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { stripSources } from '../support/child.js';

const MODELS = resolve(import.meta.dirname, '../../models');

/**
 * The builds of ONNX Runtime that npm has report to their maker unless they are told not to. Whether they do
 * shows on the disk: a mark of the machine and a queue of events below the user's caches.
 */
describe('ONNX Runtime', () => {
  const sources = stripSources();
  const home = mkdtempSync(join(tmpdir(), 'anprd-home-'));
  afterAll(() => {
    sources.remove();
    rmSync(home, { recursive: true });
  });

  it('marks no machine and queues no reports where our models run', async () => {
    const child = sources.run(
      `import { readFileSync } from 'node:fs';
       import { openSession } from './src/plates/session.js';
       const path = ${JSON.stringify(join(MODELS, 'reader.onnx'))};
       // Names of inputs that it has not: it is loaded all the same, and what it has is told.
       const names = { input: 'none', outputs: [] };
       await openSession({ path, onnx: readFileSync(path) }, names, 1).catch((error) => console.log(error.code));`,
      { shellPrefix: `unset ORT_DISABLE_TELEMETRY CI; export HOME=${home} XDG_CACHE_HOME=${home};` },
    );
    let output = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    await once(child, 'close');
    expect(output).toBe('models.load-failed\n');
    expect(readdirSync(home, { recursive: true })).toEqual([]);
  });
});
