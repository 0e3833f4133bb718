import { describe, expect, it } from 'vitest';
import { planRoute } from '../../../scripts/src/patrol/route.js';

describe('the route of a patrol', () => {
  it('is the same for the same seed', () => {
    expect(planRoute('one', 600)).toEqual(planRoute('one', 600));
    expect(planRoute('one', 600)).not.toEqual(planRoute('other', 600));
  });

  it.each([60, 180, 3_600])(
    'of %i s is driven so long at least, under every sky, with lights on the way',
    (seconds) => {
      const { stretches, outages } = planRoute('tour', seconds);
      const length = stretches.reduce((sum, stretch) => sum + stretch.seconds, 0);
      expect(length).toBeGreaterThanOrEqual(seconds);
      expect(new Set(stretches.map(({ sky }) => sky))).toEqual(new Set(['open', 'urban', 'tunnel']));
      // A car that brakes from 13 m/s has stood for 8 s or more when it drives on.
      const lights = stretches.filter(({ metresPerSecond }) => metresPerSecond === 0);
      expect(lights.length).toBeGreaterThan(1);
      for (const { seconds: standing } of lights) expect(standing).toBeGreaterThanOrEqual(15);
      expect(outages.length).toBeGreaterThan(0);
    },
  );

  it('has its receiver unplugged under open sky alone, and plugged in again before that ends', () => {
    const { stretches, outages } = planRoute('tour', 3_600);
    for (const { fromSecond, untilSecond } of outages) {
      let began = 0;
      const stretch = stretches.find(({ seconds }) => {
        began += seconds;
        return began > fromSecond;
      });
      expect(stretch?.sky).toBe('open');
      expect(untilSecond).toBeGreaterThan(fromSecond);
      expect(untilSecond).toBeLessThan(began);
    }
  });
});
