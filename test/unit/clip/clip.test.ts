import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { KERB_CAMERA, pinhole } from '../../../scripts/src/clip/camera.js';
import { isInside, plateQuadAt, unitSquareOf } from '../../../scripts/src/clip/plate-view.js';
import { ClipRenderer, renderClip } from '../../../scripts/src/clip/render-clip.js';
import { distanceAt, planTraffic, REFERENCE_M, type VehiclePlan } from '../../../scripts/src/clip/traffic.js';
import { plateSize, type Quad } from '../../../src/domain/geometry.js';
import { foldVrm } from '../../../src/domain/vrm.js';

/** The clip that the demo and the end-to-end tests stand on: repeatable, and its truth is true. */

const SEED = 'a-test';
const camera = pinhole(KERB_CAMERA);

describe('the camera', () => {
  it('finds the place on the road that it projected', () => {
    const place = { x: 1.2, y: 18, z: 0 };
    const point = camera.project(place);
    const found = point && camera.onRoad(point);
    expect(found?.x).toBeCloseTo(place.x);
    expect(found?.y).toBeCloseTo(place.y);
  });

  it('sees nothing behind it, and no road in the sky', () => {
    expect(camera.project({ x: 0, y: -5, z: 1 })).toBeUndefined();
    expect(camera.onRoad({ x: 640, y: -2000 })).toBeUndefined();
  });
});

describe('traffic', () => {
  const plans = planTraffic(SEED, 16);

  it('is the same for a seed, other for another, and begins the same however long it is', () => {
    expect(planTraffic(SEED, 16)).toEqual(plans);
    expect(planTraffic(SEED, 5)).toEqual(plans.slice(0, 5));
    expect(planTraffic('another', 16)).not.toEqual(plans);
  });

  it('has fronts and rears, one line and two, several speeds, and one that stops', () => {
    expect(new Set(plans.map((plan) => plan.direction))).toEqual(new Set(['towards', 'away']));
    expect(new Set(plans.map((plan) => plan.form))).toEqual(new Set(['one-line', 'square', 'motorcycle']));
    expect(plans.filter((plan) => plan.standsForS > 0)).toHaveLength(1);
    const speeds = plans.map((plan) => plan.speedMps);
    expect(Math.max(...speeds) / Math.min(...speeds)).toBeGreaterThan(3);
  });

  it('shows no mark twice, and no two that differ only in O and 0 or I and 1', () => {
    const many = planTraffic(SEED, 200).map((plan) => foldVrm(plan.mark.vrm));
    expect(new Set(many).size).toBe(many.length);
  });

  it.each([0, -1, 2.5, 201])('refuses %d vehicles', (count) => {
    expect(() => planTraffic(SEED, count)).toThrow(RangeError);
  });

  it('moves smoothly, passes the reference when it should, and stands as long as it should', () => {
    for (const plan of plans) {
      expect(distanceAt(plan, plan.passAtS)).toBeCloseTo(REFERENCE_M);
      const sign = plan.direction === 'away' ? 1 : -1;
      for (let t = plan.passAtS - 8; t < plan.passAtS + 16; t += 0.04) {
        const moved = sign * (distanceAt(plan, t + 0.04) - distanceAt(plan, t));
        expect(moved).toBeGreaterThanOrEqual(-1e-9);
        expect(moved).toBeLessThanOrEqual(plan.speedMps * 0.04 + 1e-9);
      }
      expect(distanceAt(plan, plan.passAtS + plan.standsForS)).toBeCloseTo(REFERENCE_M);
    }
  });
});

describe('the truth', () => {
  const plans = planTraffic(SEED, 16);
  const { truth } = new ClipRenderer({ seed: SEED, vehicles: plans });
  const planOf = (vrm: string) => plans.find((plan) => plan.mark.vrm === vrm) as VehiclePlan;
  const readable = (plan: VehiclePlan, atS: number) => {
    const quad = plateQuadAt(plan, camera, atS);
    return quad !== undefined && isInside(quad, camera) && plateSize(quad).widthPx >= 33;
  };

  it('knows every vehicle, in time, and how it looks', () => {
    expect(truth.vehicles.map((vehicle) => vehicle.vrm)).toEqual(plans.map((plan) => plan.mark.vrm));
    for (const vehicle of truth.vehicles) {
      const plan = planOf(vehicle.vrm);
      expect(vehicle.direction).toBe(plan.direction);
      expect(vehicle.lines).toBe(plan.form === 'one-line' ? 1 : 2);
      expect(vehicle.stops).toBe(plan.standsForS > 0);
      expect(vehicle.lastVisibleS).toBeLessThan(truth.frameCount / truth.framesPerSecond);
    }
  });

  it('says from when to when a plate is in the picture', () => {
    const frameS = 1 / truth.framesPerSecond;
    for (const { vrm, firstVisibleS, lastVisibleS, direction } of truth.vehicles) {
      const plan = planOf(vrm);
      for (let t = firstVisibleS; t <= lastVisibleS + 1e-9; t += frameS)
        expect(readable(plan, t), `${vrm} at ${t}`).toBe(true);
      // What comes leaves at the picture's edge, what goes enters there.
      const beyond = direction === 'towards' ? lastVisibleS + frameS : firstVisibleS - frameS;
      expect(readable(plan, beyond)).toBe(false);
    }
  });

  it('shows every plate large enough to be read', () => {
    for (const { lines, widestPx } of truth.vehicles)
      expect(widestPx).toBeGreaterThan(lines === 1 ? 105 : 60);
  });

  it('leaves out who never comes into view', () => {
    const { truth: short } = new ClipRenderer({ seed: SEED, vehicles: plans, seconds: 8 });
    expect(short.frameCount).toBe(200);
    expect(short.vehicles.length).toBeLessThan(4);
  });
});

describe('the pictures', () => {
  const vehicles = planTraffic(SEED, 3);
  const renderer = new ClipRenderer({ seed: SEED, vehicles });

  it('are the same bytes for the same seed', () => {
    const again = new ClipRenderer({ seed: SEED, vehicles });
    for (const index of [0, 70, 71])
      expect(Buffer.compare(again.frame(index).pixels, renderer.frame(index).pixels)).toBe(0);
    expect(Buffer.compare(renderer.frame(0).pixels, renderer.frame(1).pixels)).not.toBe(0);
  });

  it('show a bright plate with dark characters in a dark scene, where the truth says', () => {
    const [plan] = vehicles as [VehiclePlan, ...VehiclePlan[]];
    const [vehicle] = renderer.truth.vehicles as [(typeof renderer.truth.vehicles)[number]];
    const index = Math.round(vehicle.lastVisibleS * 25);
    const { pixels, widthPx } = renderer.frame(index);
    const quad = plateQuadAt(plan, camera, index / 25) as Quad;
    const inside: number[] = [];
    const outside: number[] = [];
    const h = unitSquareOf(quad) as [number, number, number, number, number, number, number, number, number];
    for (let i = 0; i < pixels.length; i++) {
      const x = (i % widthPx) + 0.5;
      const y = Math.floor(i / widthPx) + 0.5;
      const w = h[6] * x + h[7] * y + h[8];
      const u = (h[0] * x + h[1] * y + h[2]) / w;
      const v = (h[3] * x + h[4] * y + h[5]) / w;
      (u > 0 && u < 1 && v > 0 && v < 1 ? inside : outside).push(pixels[i] as number);
    }
    const share = (values: number[], accept: (value: number) => boolean) =>
      values.filter(accept).length / values.length;
    expect(share(inside, (value) => value > 170)).toBeGreaterThan(0.4);
    expect(share(inside, (value) => value < 90)).toBeGreaterThan(0.08);
    expect(share(outside, (value) => value < 90)).toBeGreaterThan(0.95);
  });
});

describe('unitSquareOf', () => {
  it('takes the corners of a quad to those of the unit square', () => {
    const quad: Quad = [
      { x: 10, y: 20 },
      { x: 110, y: 32 },
      { x: 104, y: 60 },
      { x: 12, y: 44 },
    ];
    const h = unitSquareOf(quad) as [number, number, number, number, number, number, number, number, number];
    const seen = quad.map(({ x, y }) => {
      const w = h[6] * x + h[7] * y + h[8];
      return [(h[0] * x + h[1] * y + h[2]) / w, (h[3] * x + h[4] * y + h[5]) / w];
    });
    for (const [i, corner] of [
      [0, 0],
      [1, 0],
      [1, 1],
      [0, 1],
    ].entries()) {
      expect(seen[i]?.[0]).toBeCloseTo(corner[0] as number);
      expect(seen[i]?.[1]).toBeCloseTo(corner[1] as number);
    }
  });
});

describe('renderClip', () => {
  const folder = mkdtempSync(join(tmpdir(), 'anprd-clip-'));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('writes a video of the frames that it promised, telling how far it is', async () => {
    const path = join(folder, 'clip.avi');
    const told: number[] = [];
    const truth = await renderClip(
      path,
      { seed: SEED, vehicles: planTraffic(SEED, 1), seconds: 0.4 },
      (frame) => told.push(frame),
    );
    expect(truth.frameCount).toBe(10);
    expect(told).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(statSync(path).size).toBeGreaterThan(100_000);
  });
});
