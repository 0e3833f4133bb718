import { describe, expect, it } from 'vitest';
import { linesSchema, positionSchema } from '../../../src/config/site-schema.js';
import { NO_OPTICS, type OpticsLook, type PlateLook } from '../../../src/domain/optics.js';
import {
  FEWEST_DARK_VEHICLES,
  FEWEST_VEHICLES,
  HAZE_LASTS_MS,
  isFixedUnit,
  OpticsWatch,
} from '../../../src/health/optics-watch.js';
import { drawnLooks, veiled } from '../../support/plate-looks.js';
import { litBy, noisy } from '../../support/roads.js';

const NIGHT = { brightness: 20, saturatedShare: 0, contrast: 60 };
const DAY = { brightness: 120, saturatedShare: 0.01, contrast: 150 };

const good = drawnLooks({ count: FEWEST_VEHICLES });

/** A camera over which vehicles drive, one every ten seconds. */
class Road {
  readonly watch: OpticsWatch;
  isIlluminatorOn: boolean | undefined = true;
  picture = NIGHT;
  view: OpticsLook['view'] = { state: 'same' };
  exposure: OpticsLook['exposure'] = { state: 'off' };
  #nowMono = 1_000_000;
  #newest: OpticsLook['vehicles'] = [];

  constructor(isFixed = true) {
    this.watch = new OpticsWatch({ isFixed });
  }

  /** @returns what is held when the last of them has gone by. */
  sees(plates: readonly PlateLook[], times = 1): string[] {
    let held = this.waits(20_000);
    for (let time = 0; time < times; time++) {
      for (const plate of plates) {
        this.#nowMono += 10_000;
        const vehicle = { atMono: this.#nowMono, heightPx: plate.heightPx, plate };
        this.#newest = [...this.#newest, vehicle].slice(-8);
        held = this.#look();
      }
    }
    return held;
  }

  waits(ms: number): string[] {
    this.#nowMono += ms;
    return this.#look();
  }

  details(): string[] {
    return this.watch
      .look(this.#optics(), { isIlluminatorOn: this.isIlluminatorOn, nowMono: this.#nowMono })
      .flatMap(([, detail]) => detail ?? []);
  }

  #optics(): OpticsLook {
    const { picture, view, exposure } = this;
    return { ...NO_OPTICS, picture, vehicles: this.#newest, view, exposure };
  }

  #look(): string[] {
    return this.watch
      .look(this.#optics(), { isIlluminatorOn: this.isIlluminatorOn, nowMono: this.#nowMono })
      .flatMap(([code, detail]) => (detail === undefined ? [] : [code]));
  }
}

describe('a camera with which nothing is wrong', () => {
  it.each([
    { what: 'by night', looks: drawnLooks({ conditions: { bloomStops: 0 } }) },
    { what: 'by day and night', looks: drawnLooks({ seed: 'other' }) },
    { what: 'with dirty vehicles', looks: drawnLooks({ conditions: { dirtShare: 0.2 } }) },
    { what: 'with fast ones', looks: drawnLooks({ conditions: { motionStrokes: 1 } }) },
    {
      what: 'in heavy rain',
      looks: drawnLooks({}, (picture, index) => noisy(picture, `rain ${index}`, { sigma: 5, drops: 150 })),
    },
    { what: 'with the lamp a little too bright', looks: drawnLooks({ conditions: { bloomStops: 2 } }) },
    { what: 'by a weak lamp', looks: drawnLooks({}, (picture) => litBy(picture, 0.55)) },
    { what: 'a little out of focus', looks: drawnLooks({ conditions: { defocusStrokes: 0.7 } }) },
  ])('$what raises nothing', ({ looks }) => {
    const road = new Road();
    expect(road.sees(looks, 10)).toEqual([]);
  });

  it('raises nothing on an empty road, for a day', () => {
    const road = new Road();
    for (let hour = 0; hour < 24; hour++) expect(road.waits(3_600_000)).toEqual([]);
  });
});

describe('a fault that is drawn', () => {
  it.each([
    {
      code: 'out-of-focus',
      looks: drawnLooks({ count: FEWEST_VEHICLES, conditions: { defocusStrokes: 2 } }),
    },
    {
      code: 'plates-too-small',
      looks: drawnLooks({ count: FEWEST_VEHICLES, carriers: ['one line'], characterHeightPx: 8 }),
    },
    {
      code: 'illuminator-failed',
      looks: drawnLooks({ count: FEWEST_VEHICLES }, (picture) => litBy(picture, 0.15)),
    },
  ])('is told of as $code once enough vehicles have shown it, and no longer when it is mended', (fault) => {
    const road = new Road();
    expect(road.sees(good)).toEqual([]);
    expect(road.sees(fault.looks.slice(0, 3))).toEqual([]);
    expect(road.sees(fault.looks, 2)).toEqual([fault.code]);
    expect(road.waits(3_600_000)).toEqual([fault.code]);
    expect(road.sees(good, 2)).toEqual([]);
  });

  it('as dirt on the lens is told of when it has lasted for longer than a shower', () => {
    const hazy = drawnLooks({ count: FEWEST_VEHICLES }, (picture) => veiled(picture, 0.6));
    const shower = Math.floor(HAZE_LASTS_MS / 10_000 / hazy.length) - 1;
    const road = new Road();
    expect(road.sees(hazy, shower)).toEqual([]);
    expect(road.sees(good, 2)).toEqual([]);
    expect(road.sees(hazy, shower + 3)).toEqual(['lens-dirty']);
    expect(road.sees(good, 2)).toEqual([]);
  });

  it('is not told of twice: blur and burnt-out plates have little contrast, and no dirt', () => {
    const blurred = drawnLooks({ count: FEWEST_VEHICLES, conditions: { defocusStrokes: 2.5 } });
    expect(new Road().sees(blurred, 12)).toEqual(['out-of-focus']);
    const burnt = drawnLooks({ count: FEWEST_VEHICLES, conditions: { bloomStops: 4 } });
    expect(new Road().sees(burnt, 12)).toEqual([]);
  });

  it('takes more than a few vehicles, and more than every third one', () => {
    const blurred = drawnLooks({ count: FEWEST_VEHICLES, conditions: { defocusStrokes: 2 } });
    expect(new Road().sees(blurred.slice(0, FEWEST_VEHICLES - 1))).toEqual([]);
    const mixed = good.flatMap((look, index) =>
      index % 3 === 0 ? [blurred[index] as PlateLook, look, look] : [],
    );
    expect(new Road().sees(mixed, 4)).toEqual([]);
  });
});

describe('the illuminator', () => {
  const dark = drawnLooks({ count: FEWEST_DARK_VEHICLES }, (picture) => litBy(picture, 0.12));

  it('has not failed where it is off, where there is none, or where the sun shines', () => {
    for (const isIlluminatorOn of [false, undefined]) {
      const road = new Road();
      road.isIlluminatorOn = isIlluminatorOn;
      expect(road.sees(dark, 4)).toEqual([]);
    }
    const road = new Road();
    road.picture = DAY;
    expect(road.sees(dark, 4)).toEqual([]);
  });

  it('is not judged by vehicles from before it was switched on', () => {
    const road = new Road();
    road.isIlluminatorOn = false;
    road.sees(dark, 4);
    road.isIlluminatorOn = true;
    expect(road.waits(60_000)).toEqual([]);
    expect(road.sees(good)).toEqual([]);
  });

  it('that failed stays failed over the day, until plates shine again', () => {
    const road = new Road();
    expect(road.sees(dark, 2)).toEqual(['illuminator-failed']);
    road.isIlluminatorOn = false;
    road.picture = DAY;
    expect(road.sees(good, 2)).toEqual(['illuminator-failed']);
    road.isIlluminatorOn = true;
    road.picture = NIGHT;
    expect(road.sees(good, 2)).toEqual([]);
  });
});

describe('what the vision process found out itself', () => {
  it('as a camera that was moved is told, with by how much, until it is seen to be back', () => {
    const road = new Road();
    road.view = { state: 'moved', shiftShare: 0.062 };
    expect(road.waits(1_000)).toEqual(['camera-moved']);
    expect(road.details()).toEqual(['The picture is off by 6 % of its width.']);
    road.view = { state: 'unclear' };
    expect(road.waits(1_000)).toEqual(['camera-moved']);
    road.view = { state: 'same' };
    expect(road.waits(1_000)).toEqual([]);
  });

  it('is not told of a camera in a car', () => {
    const car = new Road(false);
    car.view = { state: 'moved' };
    expect(car.waits(1_000)).toEqual([]);
    const cabinet = {
      position: positionSchema.parse({ surveyedFile: 'place', receiver: { kind: 'gpsd' } }),
      lines: linesSchema.parse({}),
    };
    expect(isFixedUnit(cabinet)).toBe(true);
    expect(isFixedUnit({ ...cabinet, position: positionSchema.parse({}) })).toBe(true);
    expect(isFixedUnit({ ...cabinet, position: positionSchema.parse({ receiver: { kind: 'gpsd' } }) })).toBe(
      false,
    );
    const lines = linesSchema.parse({ ignition: { line: 4 } });
    expect(isFixedUnit({ position: positionSchema.parse({}), lines })).toBe(false);
  });

  it('as an exposure that cannot be set is told in its own words', () => {
    const road = new Road();
    road.exposure = { state: 'uncontrolled', detail: 'there is no v4l2-ctl. Install v4l-utils.' };
    expect(road.waits(1_000)).toEqual(['exposure-uncontrolled']);
    expect(road.details()).toEqual(['there is no v4l2-ctl. Install v4l-utils.']);
  });
});

it('shows medians of the newest vehicles, and nothing before the first', () => {
  const road = new Road();
  expect(road.watch.snapshot()).toEqual({ vehicles: 0 });
  road.sees(good, 4);
  const { vehicles, blur, ...rest } = road.watch.snapshot();
  expect(vehicles).toBe(30);
  expect(blur).toBeGreaterThan(0.7);
  expect(blur).toBeLessThan(1.2);
  expect(rest).toMatchObject({ heightPx: expect.any(Number), contrast: expect.any(Number) });
});
