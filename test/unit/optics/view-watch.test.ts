import { describe, expect, it } from 'vitest';
import type { ViewLook } from '../../../src/domain/optics.js';
import type { GreyPixels } from '../../../src/native/kernels.js';
import { SAMPLE_EVERY_MS, SAMPLES_A_VIEW, ViewWatch } from '../../../src/optics/view-watch.js';
import { dayOf, litBy, nightRoad, noisy, offsetPxOf, withLorry } from '../../support/roads.js';

const night = nightRoad();

class Camera {
  readonly views: (readonly Uint8Array[])[] = [];
  readonly watch: ViewWatch;
  #monoMs = 0;

  constructor(views?: readonly Uint8Array[]) {
    this.watch = new ViewWatch({
      ...(views && { views }),
      onViews: (learned) => this.views.push(learned),
    });
  }

  /** Shows a picture for so many views of a minute each. @returns what is said after each. */
  sees(picture: GreyPixels, minutes = 1, noise: { sigma?: number; drops?: number } = {}): ViewLook[] {
    const variants = [0, 1, 2].map((index) => noisy(picture, `noise ${index}`, noise));
    return Array.from({ length: minutes }, () => {
      for (let sample = 0; sample < SAMPLES_A_VIEW; sample++) {
        this.#monoMs += SAMPLE_EVERY_MS;
        this.watch.observe(variants[sample % variants.length] as GreyPixels, this.#monoMs);
      }
      return this.watch.look;
    });
  }
}

const states = (looks: readonly ViewLook[]) => looks.map(({ state }) => state);
const onlySame = (looks: readonly ViewLook[]) => [...new Set(states(looks))];

/** A camera that has learned what it looks at. */
function settled(): Camera {
  const camera = new Camera();
  expect(states(camera.sees(night, 4))).toEqual(['learning', 'learning', 'same', 'same']);
  return camera;
}

describe('a camera that stays where it is', () => {
  it('looks at the same road in rain, in weaker light and in more noise', () => {
    const camera = settled();
    expect(onlySame(camera.sees(night, 2, { sigma: 8 }))).toEqual(['same']);
    expect(onlySame(camera.sees(night, 2, { drops: 200 }))).toEqual(['same']);
    expect(onlySame(camera.sees(litBy(night, 0.4), 2))).toEqual(['same']);
  });

  it('looks at the same road from night through a day of wandering shadows to night', () => {
    const camera = settled();
    for (let hour = 6; hour <= 18; hour += 2) {
      expect(onlySame(camera.sees(dayOf(night, hour))), `at ${hour}`).toEqual(['same']);
    }
    expect(onlySame(camera.sees(night))).toEqual(['same']);
  });

  it('says nothing for a lorry that stops in half of the picture, or in nearly all of it for a while', () => {
    expect(onlySame(settled().sees(withLorry(night, 0.45), 16))).toEqual(['same']);
    const camera = settled();
    expect(onlySame(camera.sees(withLorry(night, 0.9), 6))).toEqual(['unclear']);
    expect(onlySame(camera.sees(night))).toEqual(['same']);
  });

  it('says nothing in fog or in the dark', () => {
    const camera = settled();
    const { widthPx, heightPx } = night;
    const flat = { pixels: new Uint8Array(widthPx * heightPx).fill(90), widthPx, heightPx };
    expect(onlySame(camera.sees(flat, 20))).toEqual(['unclear']);
    expect(onlySame(camera.sees(litBy(night, 0.01), 20))).toEqual(['unclear']);
    expect(onlySame(camera.sees(night))).toEqual(['same']);
  });
});

describe('a camera that was knocked', () => {
  it.each([
    { what: 'a little to the side', yawDegrees: 1 },
    { what: 'far to the side', yawDegrees: -3 },
    { what: 'down', pitchDegrees: 1.5 },
  ])('$what is told of after some minutes, with how far it is off', ({ what: _, ...knock }) => {
    const camera = settled();
    const looks = camera.sees(nightRoad(knock), 6);
    expect(looks[0]?.state).not.toBe('moved');
    expect(looks.at(-1)?.state).toBe('moved');
    // A degree is a 26th of what this lens sees.
    const degrees = Math.hypot(knock.yawDegrees ?? 0, knock.pitchDegrees ?? 0);
    expect(looks.at(-1)?.shiftShare).toBeCloseTo(degrees / 26, 1);
  });

  it('by day is told of too, though it was learned by night', () => {
    const camera = settled();
    camera.sees(dayOf(night, 10));
    const knocked = dayOf(nightRoad({ yawDegrees: 2 }), 10, offsetPxOf(2));
    expect(camera.sees(knocked, 6).at(-1)?.state).toBe('moved');
  });

  it('that looks at something else altogether is told of later', () => {
    const camera = settled();
    const looks = camera.sees(nightRoad({ yawDegrees: 60, seed: 'field' }), 16);
    expect(looks[6]?.state).toBe('unclear');
    expect(looks.at(-1)).toEqual({ state: 'moved' });
  });

  it('sinking a little each hour is told of, though every view is like the one before', () => {
    const camera = settled();
    const looks = Array.from({ length: 16 }, (_, hour) =>
      camera.sees(nightRoad({ pitchDegrees: -0.12 * hour }), 1),
    ).flat();
    expect(looks[1]?.state).toBe('same');
    expect(looks.at(-1)?.state).toBe('moved');
  });

  it('is well again when it is aimed as it was', () => {
    const camera = settled();
    expect(camera.sees(nightRoad({ yawDegrees: 2 }), 6).at(-1)?.state).toBe('moved');
    expect(states(camera.sees(night, 3))).toEqual(['moved', 'same', 'same']);
  });
});

describe('what a camera looks at', () => {
  it('is handed to the next process, which sees at once that it was knocked in between', () => {
    const camera = settled();
    const next = new Camera(camera.views.at(-1));
    expect(states(next.sees(night, 2))).toEqual(['same', 'same']);
    const knocked = new Camera(camera.views.at(-1));
    expect(knocked.sees(nightRoad({ yawDegrees: 2 }), 5).at(-1)?.state).toBe('moved');
  });

  it('is never learned by one that drives', () => {
    const camera = new Camera();
    for (let minute = 0; minute < 8; minute++) {
      camera.sees(nightRoad({ yawDegrees: 20 * minute, seed: `place ${minute}` }));
    }
    expect(camera.watch.look.state).toBe('learning');
    expect(camera.views).toEqual([]);
  });

  it('is remembered in a few kilobytes, however long the camera stands there', () => {
    const camera = settled();
    for (let day = 0; day < 2; day++) {
      for (let hour = 4; hour <= 20; hour += 1) camera.sees(dayOf(night, hour));
    }
    const kept = camera.views.at(-1) ?? [];
    expect(kept.length).toBeLessThanOrEqual(12);
    expect(Math.max(...kept.map(({ length }) => length))).toBeLessThan(8_000);
  });
});
