import { describe, expect, it } from 'vitest';
import { displacement, Motion, placementOf } from '../../../src/passages/motion.js';
import { jitter, quadAt } from '../../support/drives.js';

const at = (monoMs: number, x: number, y = 300, heightPx = 20) =>
  placementOf(quadAt({ x, y, heightPx, text: '' }), monoMs);

/** A plate shown at each place, 40 ms apart. */
function shown(...places: readonly (readonly [x: number, y?: number, heightPx?: number])[]): Motion {
  const [first, ...others] = places.map(([x, y, heightPx], index) => at(index * 40, x, y, heightPx));
  const motion = new Motion(first as ReturnType<typeof at>);
  for (const place of others) motion.add(place);
  return motion;
}

describe('a prediction', () => {
  it('is the last place, for what was seen once', () => {
    expect(shown([100]).predict(500).centre.x).toBe(100);
  });

  it('goes on at the speed it had', () => {
    expect(shown([100], [120], [140]).predict(160).centre.x).toBeCloseTo(180, 0);
  });

  it('grows with what grows', () => {
    const grown = shown([100, 300, 20], [100, 310, 22], [100, 320, 24]).predict(160);
    expect(grown.widthPx).toBeGreaterThan(24 * 4.7);
    expect(grown.box.width / grown.widthPx).toBeCloseTo(1, 5);
  });

  it('does not grow beyond all bounds while it is lost', () => {
    const lost = shown([100, 300, 20], [100, 310, 26]).predict(10_000);
    expect(lost.heightPx).toBeLessThan(60);
  });

  it('stands still for a frame that comes out of order', () => {
    expect(shown([100], [120]).predict(0).centre.x).toBe(120);
  });
});

describe('having travelled', () => {
  it('takes a vehicle a few frames', () => {
    expect(shown([100], [105], [110], [115]).travelled).toBe(true);
    expect(shown([100], [105]).travelled).toBe(false);
  });

  it('is not claimed by jitter, however long it lasts', () => {
    const shake = jitter(5);
    const motion = new Motion(at(0, 500));
    for (let i = 1; i < 3_000; i++) motion.add(at(i * 40, 500 + 1.5 * shake(), 300 + 1.5 * shake()));
    expect(motion.travelled).toBe(false);
    expect(motion.standingMs).toBeGreaterThan(60_000);
  });

  it('is not claimed by what stood and hops', () => {
    const motion = new Motion(at(0, 500));
    for (let i = 1; i < 300; i++) motion.add(at(i * 40, 500 + 150 * Math.floor(i / 100)));
    expect(motion.travelled).toBe(false);
    expect(motion.stepped).toBe(true);
  });

  it('is seen when what stood drives off', () => {
    const motion = new Motion(at(0, 500));
    for (let i = 1; i < 100; i++) motion.add(at(i * 40, 500));
    for (let i = 0; i < 10; i++) motion.add(at(4_000 + i * 40, 500 + 3 * i));
    expect(motion.travelled).toBe(true);
  });
});

describe('direction', () => {
  it('follows the size of the plate, through its jitter', () => {
    const shake = jitter(9);
    const motion = new Motion(at(0, 500, 200, 15));
    for (let i = 1; i < 30; i++) motion.add(at(i * 40, 500, 200 + 8 * i, 15 + i * 0.3 + 0.6 * shake()));
    expect(motion.direction).toBe('towards');
  });

  it('is unknown from two frames', () => {
    expect(shown([100, 300, 20], [200, 305, 26]).direction).toBe('unknown');
  });
});

describe('displacement', () => {
  it('counts plate heights, and growth to both sides', () => {
    expect(displacement(at(0, 100), at(0, 120))).toBeCloseTo(1, 5);
    expect(displacement(at(0, 100, 300, 20), at(0, 100, 300, 24))).toBeCloseTo((4 * 4.7) / 2 / 22, 5);
  });

  it('is small while something moves in front of a plate that stands', () => {
    const whole = placementOf(quadAt({ x: 500, y: 300, heightPx: 40, text: '' }), 0);
    const [tl, tr, br, bl] = quadAt({ x: 500, y: 300, heightPx: 40, text: '' });
    const leftHalf = placementOf([tl, { ...tr, x: 500 }, { ...br, x: 500 }, bl], 0);
    expect(displacement(whole, leftHalf)).toBe(0);
  });
});
