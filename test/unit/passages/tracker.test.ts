import { describe, expect, it } from 'vitest';
import { placementOf } from '../../../src/passages/motion.js';
import { Tracker } from '../../../src/passages/tracker.js';
import { quadAt } from '../../support/drives.js';
import { repeatable } from '../../support/repeatable.js';

const found = (monoMs: number, x: number, y = 300) => ({
  placement: placementOf(quadAt({ x, y, heightPx: 20, text: '' }), monoMs),
});

describe('a tracker', () => {
  it('gives a plate that moves on the same track', () => {
    const tracker = new Tracker({ lostAfterMs: 800 });
    const first = tracker.observe(0, [found(0, 100)]).placed[0];
    expect(tracker.observe(40, [found(40, 110)]).placed).toEqual([first]);
    expect(tracker.tracks).toEqual([first]);
  });

  it('loses what was not seen for too long, and only once', () => {
    const tracker = new Tracker({ lostAfterMs: 800 });
    const [track] = tracker.observe(0, [found(0, 100)]).placed;
    expect(tracker.observe(800, []).lost).toEqual([]);
    expect(tracker.observe(801, []).lost).toEqual([track]);
    expect(tracker.observe(900, []).lost).toEqual([]);
    expect(tracker.flush()).toEqual([]);
  });

  it('gives a plate its chance before it is lost, at one frame a second', () => {
    const tracker = new Tracker({ lostAfterMs: 800 });
    const [track] = tracker.observe(0, [found(0, 100)]).placed;
    expect(tracker.observe(1_000, [found(1_000, 105)])).toEqual({ placed: [track], lost: [] });
  });

  it('matches without changing anything', () => {
    const tracker = new Tracker({ lostAfterMs: 800 });
    const [track] = tracker.observe(0, [found(0, 100)]).placed;
    expect(tracker.match([found(40, 700), found(40, 101)])).toEqual([undefined, track]);
    expect(track?.motion.sightings).toBe(1);
  });

  it('begins and ends every track exactly once, whatever is shown to it', () => {
    const random = repeatable(11);
    const tracker = new Tracker({ lostAfterMs: 200 });
    const begun = new Set<number>();
    const ended: number[] = [];
    for (let monoMs = 0; monoMs < 40_000; monoMs += 40) {
      const plates = Array.from({ length: Math.floor(random() * 5) }, () =>
        found(monoMs, random() * 1280, random() * 720),
      );
      const { placed, lost } = tracker.observe(monoMs, plates);
      expect(placed).toHaveLength(plates.length);
      expect(new Set(placed).size).toBe(placed.length);
      for (const { id } of placed) begun.add(id);
      ended.push(...lost.map(({ id }) => id));
    }
    ended.push(...tracker.flush().map(({ id }) => id));
    expect(ended.sort((a, b) => a - b)).toEqual([...begun].sort((a, b) => a - b));
  });
});
