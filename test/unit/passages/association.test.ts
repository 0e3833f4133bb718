import { describe, expect, it } from 'vitest';
import { associate, pairCost } from '../../../src/passages/association.js';
import { Motion, placementOf } from '../../../src/passages/motion.js';
import { quadAt } from '../../support/drives.js';

const at = (monoMs: number, x: number, heightPx = 20) =>
  placementOf(quadAt({ x, y: 300, heightPx, text: '' }), monoMs);
const sure = (text: string) => ({ text, certainty: 0.95 });

function moving(...xs: readonly number[]): Motion {
  const [first, ...others] = xs.map((x, index) => at(index * 100, x));
  const motion = new Motion(first as ReturnType<typeof at>);
  for (const place of others) motion.add(place);
  return motion;
}

describe('a plate and a track', () => {
  it('fit where the plate is expected, and less so beside it', () => {
    const track = { motion: moving(100, 200, 300) };
    const there = pairCost(track, { placement: at(300, 400) });
    const beside = pairCost(track, { placement: at(300, 440) });
    expect(there).toBeLessThan(beside as number);
  });

  it('do not fit where a steady track cannot have come', () => {
    expect(pairCost({ motion: moving(100, 110, 120) }, { placement: at(300, 700) })).toBeUndefined();
  });

  it('fit several plate widths on, while the speed is not known yet', () => {
    expect(pairCost({ motion: moving(100) }, { placement: at(100, 500) })).toBeGreaterThan(0);
    expect(pairCost({ motion: moving(100) }, { placement: at(100, 900) })).toBeUndefined();
  });

  it('fit further on when both say the same', () => {
    const track = { motion: moving(100, 110, 120), text: sure('AB12CDE') };
    expect(pairCost(track, { placement: at(300, 700), text: sure('AB12CDE') })).toBeGreaterThan(0);
  });

  it('do not fit in one place when they say different things', () => {
    const track = { motion: moving(100, 100, 100), text: sure('AB12CDE') };
    expect(pairCost(track, { placement: at(300, 100), text: sure('LM08XKV') })).toBeUndefined();
    const doubtful = { text: 'LM08XKV', certainty: 0.1 };
    expect(pairCost(track, { placement: at(300, 100), text: doubtful })).toBeGreaterThan(0);
  });

  it('do not fit when the sizes are far apart', () => {
    expect(pairCost({ motion: moving(100, 100) }, { placement: at(200, 100, 45) })).toBeUndefined();
  });
});

describe('associate', () => {
  it('keeps two vehicles apart that pass each other', () => {
    const right = { motion: moving(100, 200, 300) };
    const left = { motion: moving(600, 500, 400) };
    const found = [{ placement: at(300, 310) }, { placement: at(300, 395) }];
    // Each goes on its way: the one from the left is now the one further right.
    expect(associate([right, left], found)).toEqual([1, 0]);
  });

  it('has nothing to pair where nothing was found', () => {
    expect(associate([{ motion: moving(100) }], [])).toEqual([undefined]);
    expect(associate([], [{ placement: at(0, 0) }])).toEqual([]);
  });
});
