import type { Place } from '../../../src/domain/position.js';
import { type Random, seededRandom } from '../clip/random.js';
import { dateField, placeFields, sentence, timeField } from './nmea-text.js';

/**
 * A drive along a made-up road, and what a receiver in the car says of it, once a second: the same seed gives
 * the same drive. The car speeds up and brakes as cars do; the road bends.
 */
export interface DriveOptions {
  readonly seed: string;
  /** UTC, milliseconds, whole seconds: of second 0, by the satellites. */
  readonly beginsAtMs: number;
  readonly stretches: readonly Stretch[];
  /** Where second 0 is; left out: at sea off the Dogger Bank, where no road is. */
  readonly from?: Place;
  readonly talker?: 'GN' | 'GP' | 'GL' | 'GA' | 'GB' | 'BD';
}

export interface Stretch {
  readonly seconds: number;
  /** Speed that the car is brought to; 0: it stands, as at lights. */
  readonly metresPerSecond: number;
  /**
   * open: some metres of error. urban: walls reflect, so errors are tens of metres, some fixes are wildly wrong
   * and some seconds have none. tunnel: no fix, until 2 s after it.
   */
  readonly sky: 'open' | 'urban' | 'tunnel';
}

/** Where the car really is. */
export interface Truth {
  readonly place: Place;
  readonly metresPerSecond: number;
  readonly courseDeg: number;
  readonly sky: Stretch['sky'];
}

const AT_SEA: Place = { latitudeDeg: 54.72, longitudeDeg: 2.31 };
const STEPS_A_SECOND = 10;
const SPEEDING_UP = 2 / STEPS_A_SECOND;
const BRAKING = 3 / STEPS_A_SECOND;
const METRES_A_DEGREE = 111_195;
const KNOTS = 3600 / 1852;
/** After a tunnel, until satellites are found again. */
const FINDING_SECONDS = 2;
/** How much of an error is left a second later: errors wander, they do not jump. */
const ERROR_KEPT = 0.95;

const SKIES = {
  open: { errorMetres: 2, hdop: [0.7, 1.2], satellites: [9, 14], wild: 0, none: 0 },
  urban: { errorMetres: 12, hdop: [2, 6], satellites: [4, 7], wild: 0.04, none: 0.05 },
  tunnel: { errorMetres: 2, hdop: [1, 2], satellites: [5, 8], wild: 0, none: 1 },
} as const;

export class DriveLog {
  readonly seconds: number;
  readonly #options: DriveOptions;
  /** One a tenth of a second. */
  readonly #truths: Truth[] = [];
  /** Of each second. */
  readonly #sentences: (readonly string[])[] = [];

  constructor(options: DriveOptions) {
    this.#options = options;
    this.seconds = options.stretches.reduce((sum, stretch) => sum + stretch.seconds, 0);
    const random = seededRandom(options.seed);
    this.#drive(random.fork('road'));
    this.#receive(random.fork('receiver'));
  }

  /** @param second from 0 to `seconds`, fractions too. */
  truthAt(second: number): Truth {
    const step = Math.min(this.#truths.length - 1, Math.max(0, second * STEPS_A_SECOND));
    const before = this.#truths[Math.floor(step)] as Truth;
    const after = this.#truths[Math.ceil(step)] as Truth;
    const share = step - Math.floor(step);
    const mix = (one: number, other: number) => one + (other - one) * share;
    return {
      ...before,
      metresPerSecond: mix(before.metresPerSecond, after.metresPerSecond),
      place: {
        latitudeDeg: mix(before.place.latitudeDeg, after.place.latitudeDeg),
        longitudeDeg: mix(before.place.longitudeDeg, after.place.longitudeDeg),
      },
    };
  }

  /** UTC, milliseconds: of second 0. */
  get beginsAtMs(): number {
    return this.#options.beginsAtMs;
  }

  /** What the receiver says of a whole second, sentences with their line ends. */
  sentencesAt(second: number): readonly string[] {
    return this.#sentences[second] ?? [];
  }

  /** The whole drive as a recorder would have kept it. */
  get text(): string {
    return this.#sentences.flat().join('');
  }

  #drive(random: Random): void {
    const bends = [1900, 700, 260].map((metres) => ({
      metres: metres * random.between(0.8, 1.25),
      deg: random.between(0.3, 1) * Math.sqrt(metres),
      phase: random.between(0, 2 * Math.PI),
    }));
    const heading = random.between(0, 360);
    const courseAt = (travelled: number) =>
      bends.reduce(
        (sum, bend) => sum + bend.deg * Math.sin((2 * Math.PI * travelled) / bend.metres + bend.phase),
        heading + 3600,
      ) % 360;

    let { latitudeDeg, longitudeDeg } = this.#options.from ?? AT_SEA;
    let [speed, travelled] = [0, 0];
    for (const stretch of this.#options.stretches) {
      for (let step = 0; step < stretch.seconds * STEPS_A_SECOND; step++) {
        const courseDeg = courseAt(travelled);
        const place = { latitudeDeg, longitudeDeg };
        this.#truths.push({ place, metresPerSecond: speed, courseDeg, sky: stretch.sky });
        speed = Math.min(speed + SPEEDING_UP, Math.max(speed - BRAKING, stretch.metresPerSecond));
        const metres = speed / STEPS_A_SECOND;
        const course = (courseDeg * Math.PI) / 180;
        travelled += metres;
        latitudeDeg += (metres * Math.cos(course)) / METRES_A_DEGREE;
        longitudeDeg +=
          (metres * Math.sin(course)) / (METRES_A_DEGREE * Math.cos((latitudeDeg * Math.PI) / 180));
      }
    }
  }

  #receive(random: Random): void {
    const { talker = 'GN', beginsAtMs } = this.#options;
    const error = { north: 0, east: 0 };
    let findsAfter = 0;
    for (let second = 0; second < this.seconds; second++) {
      const truth = this.truthAt(second);
      const sky = SKIES[truth.sky];
      // Of one spread over time, however long an error lasts.
      const spread = sky.errorMetres * Math.sqrt(3 * (1 - ERROR_KEPT ** 2));
      error.north = error.north * ERROR_KEPT + random.between(-spread, spread);
      error.east = error.east * ERROR_KEPT + random.between(-spread, spread);
      const wildMetres = random.chance(sky.wild) ? random.between(60, 250) : 0;
      if (truth.sky === 'tunnel') findsAfter = second + FINDING_SECONDS;
      const isVoid = random.chance(sky.none) || second < findsAfter;
      const atMs = beginsAtMs + second * 1000;
      const heard = {
        place: shifted(truth.place, error.north + wildMetres, error.east),
        hdop: random.between(sky.hdop[0], sky.hdop[1]),
        satellites: random.whole(sky.satellites[0], sky.satellites[1]),
      };
      this.#sentences.push(isVoid ? voidSentences(talker, atMs) : fixSentences(talker, atMs, truth, heard));
    }
  }
}

function shifted({ latitudeDeg, longitudeDeg }: Place, northMetres: number, eastMetres: number): Place {
  return {
    latitudeDeg: latitudeDeg + northMetres / METRES_A_DEGREE,
    longitudeDeg: longitudeDeg + eastMetres / (METRES_A_DEGREE * Math.cos((latitudeDeg * Math.PI) / 180)),
  };
}

function fixSentences(
  talker: string,
  atMs: number,
  { metresPerSecond, courseDeg }: Truth,
  { place, hdop, satellites }: { readonly place: Place; readonly hdop: number; readonly satellites: number },
): string[] {
  const [time, where] = [timeField(atMs), placeFields(place)];
  const knots = (metresPerSecond * KNOTS).toFixed(3);
  // Receivers leave the course out while they stand.
  const course = metresPerSecond < 0.5 ? '' : courseDeg.toFixed(2);
  const dop = hdop.toFixed(2);
  return [
    `${talker}RMC,${time},A,${where},${knots},${course},${dateField(atMs)},,,A`,
    `${talker}VTG,${course},T,,M,${knots},N,${(metresPerSecond * 3.6).toFixed(3)},K,A`,
    `${talker}GGA,${time},${where},1,${String(satellites).padStart(2, '0')},${dop},12.0,M,45.0,M,,`,
    `${talker}GSA,A,3,02,05,12,25,,,,,,,,,${(hdop * 1.6).toFixed(2)},${dop},${(hdop * 1.2).toFixed(2)}`,
    `GPGSV,1,1,04,02,41,120,38,05,62,210,41,12,18,045,29,25,33,310,35`,
  ].map(sentence);
}

function voidSentences(talker: string, atMs: number): string[] {
  return [
    `${talker}RMC,${timeField(atMs)},V,,,,,,,${dateField(atMs)},,,N`,
    `${talker}VTG,,,,,,,,,N`,
    `${talker}GGA,${timeField(atMs)},,,,,0,00,99.99,,,,,,`,
    `${talker}GSA,A,1,,,,,,,,,,,,,99.99,99.99,99.99`,
    `GPGSV,1,1,00`,
  ].map(sentence);
}
