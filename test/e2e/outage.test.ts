import { describe, expect, it } from 'vitest';
import { runSoak } from '../support/soak.js';

/** Two hours without a broker; `scripts/soak outage` measures a week, and the time that everything takes. */
describe('a device that comes out of an outage', () => {
  it('delivers what it held, and fresh hits meanwhile', async () => {
    // The exit code tells of times as well, which are this machine's.
    const { figures, stderr } = await runSoak('outage', '--reads', '1500');
    expect(figures['reads held']?.value, stderr).toBe(1_500);
    expect(figures['backlog reads received, by id']?.value).toBeGreaterThanOrEqual(1_500);
    expect(figures['messages that came again while the unit sent']?.value).toBe(0);
    expect(figures['fresh hits while pictures drain']?.value).toBeGreaterThan(0);
  }, 300_000);
});
