import { describe, expect, it } from 'vitest';
import { planKills, TARGETS } from '../../../scripts/src/soak/kills-plan.js';
import { planDrive, ROAD_KINDS } from '../../../scripts/src/soak/road-timeline.js';
import { listedMarks, vehicleOf } from '../../../scripts/src/soak/traffic-orders.js';
import { UpTime } from '../../../scripts/src/soak/up-time.js';

/** What a soak does, from its seed alone. */

describe('the plan of kills', () => {
  const plan = planKills('a', 300, 4_000);

  it('is the same for the same seed, and another for another', () => {
    expect(planKills('a', 300, 4_000)).toEqual(plan);
    expect(planKills('b', 300, 4_000)).not.toEqual(plan);
  });

  it('kills each kind often, at gaps of the mean asked for, some at once with the one before', () => {
    for (const target of TARGETS) {
      expect(plan.filter((kill) => kill.target === target).length).toBeGreaterThan(60);
    }
    const mean = plan.reduce((sum, { afterMs }) => sum + afterMs, 0) / plan.length;
    expect(mean).toBeGreaterThan(3_500);
    expect(mean).toBeLessThan(4_500);
    expect(plan.filter(({ afterMs }) => afterMs < 50).length).toBeGreaterThan(10);
  });
});

describe('the plan of a drive', () => {
  it('has every kind of road in each round, with clear road before each, and lasts as long as asked', () => {
    const plan = planDrive('a', 3_600_000);
    expect(plan.reduce((sum, { lengthMs }) => sum + lengthMs, 0)).toBeCloseTo(3_600_000);
    for (const kind of ROAD_KINDS) {
      expect(plan.filter((stretch) => stretch.kind === kind).length).toBeGreaterThanOrEqual(3);
    }
    plan.forEach(({ kind }, index) => {
      expect(kind === 'clear').toBe(index % 2 === 0);
    });
    expect(planDrive('a', 3_600_000)).toEqual(plan);
  });
});

describe('the traffic', () => {
  it('has vehicles on the list as often as asked, and no two alike that follow one another', () => {
    const listed = listedMarks('a');
    const vehicles = Array.from({ length: 2_000 }, (_, count) =>
      vehicleOf(count, { seed: 'a', listedShare: 0.05 }, listed),
    );
    const onList = vehicles.filter(({ isListed }) => isListed);
    expect(onList.length).toBeGreaterThan(60);
    expect(onList.length).toBeLessThan(150);
    expect(new Set(vehicles.map(({ mark }) => mark)).size).toBe(vehicles.length);
    for (const { mark } of onList) expect(listed).toContain(mark);
  });
});

describe('up time', () => {
  const upTime = new UpTime();
  upTime.up(1_000);
  upTime.up(1_500);
  upTime.down(2_000);
  upTime.down(2_500);
  upTime.up(5_000);

  it('counts what of a time the link was up', () => {
    expect(upTime.within(0, 1_200)).toBe(200);
    expect(upTime.within(1_200, 1_300)).toBe(100);
    expect(upTime.within(1_500, 5_250)).toBe(750);
    expect(upTime.within(2_100, 4_900)).toBe(0);
  });

  it('says how long it takes from a moment until the link is up', () => {
    expect(upTime.waitFrom(1_200)).toBe(0);
    expect(upTime.waitFrom(2_000)).toBe(3_000);
    expect(new UpTime().waitFrom(0)).toBeUndefined();
  });
});
