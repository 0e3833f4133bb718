import { describe, expect, it } from 'vitest';
import { Debounce, RESTLESS_MS, type Settled } from '../../../src/gpio/debounce.js';
import { repeatable } from '../../support/repeatable.js';

/** A contact, looked at every 25 ms, a character for each look: # on, . off. */
function settle(levels: string, restMs = 50): Settled[] {
  const debounce = new Debounce(restMs);
  return [...levels].flatMap((level, look) => debounce.see(level === '#', look * 25) ?? []);
}

describe('a switch', () => {
  it.each([
    ['is believed when it has rested, from when it came to rest', '....####', [{ isOn: true, atMono: 100 }]],
    ['is off from the start, and needs not say so', '........', []],
    ['is on from the start', '####', [{ isOn: true, atMono: 0 }]],
    ['bounces when it closes', '..#.#..####', [{ isOn: true, atMono: 175 }]],
    [
      'bounces when it opens',
      '####.#..#....',
      [
        { isOn: true, atMono: 0 },
        { isOn: false, atMono: 225 },
      ],
    ],
    ['sparks', '..#.....#.....##....', []],
  ])('%s', (_what, levels, expected) => {
    expect(settle(levels)).toEqual(expected);
  });

  it('counts as on when it never rests, from when it lost its rest, and is off again when it rests so', () => {
    const looks = Math.ceil(RESTLESS_MS / 25) + 1;
    const rattle = '#.'.repeat(looks);
    expect(settle(`....${rattle}${rattle}`)).toEqual([{ isOn: true, atMono: 100 }]);
    expect(settle(`....${rattle}....`)).toEqual([
      { isOn: true, atMono: 100 },
      { isOn: false, atMono: 100 + (2 * looks - 1) * 25 },
    ]);
    expect(settle(`....${rattle}####`)).toEqual([{ isOn: true, atMono: 100 }]);
  });

  it('keeps to a long rest that is configured', () => {
    expect(settle('#'.repeat(80), 2_000)).toEqual([]);
    expect(settle('#'.repeat(81), 2_000)).toEqual([{ isOn: true, atMono: 0 }]);
  });

  it('says on and off in turn, whatever its contacts do', () => {
    for (let seed = 1; seed <= 50; seed++) {
      const random = repeatable(seed);
      const levels = Array.from({ length: 400 }, () => (random() < 0.5 ? '#' : '.')).join('');
      const said = settle(`${levels}....`);
      expect(said.length).toBeGreaterThan(1);
      expect(said.map(({ isOn }) => isOn)).toEqual(said.map((_settled, index) => index % 2 === 0));
      expect(said.at(-1)?.isOn).toBe(false);
    }
  });
});
