import { describe, expect, it } from 'vitest';
import { runSoak } from '../support/soak.js';

/** A minute of `scripts/soak kills`, which does the same for as long as one likes. */
describe('a device of which everything is killed at random moments', () => {
  it('delivers every hit and read that it has committed, once by id, in one chain', async () => {
    const { exitCode, figures, stderr } = await runSoak('kills', '--kills', '12', '--seed', 'e2e');
    expect(exitCode, stderr).toBe(0);
    for (const target of ['main', 'vision', 'broker']) {
      expect(figures[`kills of ${target}`]?.value).toBeGreaterThan(0);
    }
    expect(figures['hits committed']?.value).toBeGreaterThan(10);
    expect(figures['hits received, by id']?.value).toBe(figures['hits committed']?.value);
    expect(figures['reads received, by id']?.value).toBe(figures['reads committed']?.value);
    expect(figures['statements received']?.value).toBeGreaterThan(100);
  }, 240_000);
});
