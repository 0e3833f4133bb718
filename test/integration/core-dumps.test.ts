import { once } from 'node:events';
import { afterAll, describe, expect, it } from 'vitest';
import { type Sources, stripSources } from '../support/child.js';

/** In a process of its own: the ban cannot be lifted again. */
describe('forbidCoreDumps', () => {
  const sources: Sources = stripSources();
  afterAll(() => sources.remove());

  it('holds for the process and for what it starts, whoever handles dumps', async () => {
    const child = sources.run(`
      import { execFileSync } from 'node:child_process';
      import { forbidCoreDumps } from './src/native/core-dumps.js';
      const shown = () => execFileSync('sh', ['-c', 'ulimit -Sc; ulimit -Hc; cat /proc/self/coredump_filter'], {
        encoding: 'utf8',
      });
      const before = shown();
      const isForbidden = forbidCoreDumps();
      console.log(JSON.stringify({ before, isForbidden, after: shown() }));`);
    let output = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    await once(child, 'close');
    const { before, isForbidden, after } = JSON.parse(output);
    expect(isForbidden).toBe(true);
    // A soft limit, a hard one, and a mask of what is dumped.
    expect(after.split('\n')).toEqual(['0', '0', '00000000', '']);
    expect(before).not.toContain('00000000');
  });
});
