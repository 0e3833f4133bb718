import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { runSoak } from '../support/soak.js';

/** Without socat there is no receiver to be plugged in. */
const hasSocat = spawnSync('socat', ['-V']).status === 0;

/**
 * A minute of what `scripts/soak patrol` does in an hour. Its exit code tells of times and of shares as well,
 * which are this machine's.
 */
describe.skipIf(!hasSocat)('a patrol, from the start to the ignition being off (needs socat)', () => {
  it('brings the centre all that was committed, and nobody the places where it was', async () => {
    const { figures, stderr } = await runSoak('patrol', '--minutes', '1');
    // It keeps what the daemon wrote when it was slow, or wrote much.
    const [, folder] = / left in (\S+)/.exec(stderr) ?? [];
    if (folder !== undefined) rmSync(folder, { recursive: true });
    const value = (name: string) => figures[name]?.value;
    expect(value('vehicles read right'), stderr).toBeGreaterThan(0);

    for (const name of ['hits', 'reads', 'events', 'pictures']) {
      expect(value(`${name} committed`), `${name}\n${stderr}`).toBeGreaterThan(0);
      expect(value(`${name} received, by id`), `${name}\n${stderr}`).toBe(value(`${name} committed`));
    }
    for (const name of [
      'records with two hits',
      'statements that came with another text',
      'breaks in the chain',
      'still waiting in the store at the end',
      'sounds without a hit',
      'decisions of the crew that did not come',
      'decisions taken from a driver',
      'exit code',
      'places found in clear',
    ]) {
      expect(value(name), `${name}\n${stderr}`).toBe(0);
    }
    for (const kind of ['cabinet opened', 'cabinet closed', 'ignition off']) {
      expect(value(`events received: ${kind}`), `${kind}\n${stderr}`).toBe(1);
    }
    expect(figures['display told after ignition off']?.ok, stderr).toBe(true);
    expect(value('statements with a position')).toBeGreaterThan(0);
    expect(value('found by the same search in what the centre opened')).toBeGreaterThan(0);
  }, 300_000);
});
