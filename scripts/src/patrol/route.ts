import { seededRandom } from '../clip/random.js';
import type { Stretch } from './drive-log.js';

/** A patrol's way: what the sky does over it, and when the receiver is unplugged. */
export interface Route {
  readonly stretches: readonly Stretch[];
  /** Whole seconds of the drive, in order; each begins within an open stretch. */
  readonly outages: readonly { readonly fromSecond: number; readonly untilSecond: number }[];
}

/** Standing at lights is as long as it is: the display must have time to believe it. */
const LIGHTS = { seconds: 15, metresPerSecond: 0 } as const;
const ROUND: readonly Stretch[] = [
  { seconds: 40, metresPerSecond: 13, sky: 'open' },
  { ...LIGHTS, sky: 'open' },
  { seconds: 30, metresPerSecond: 8, sky: 'urban' },
  { ...LIGHTS, sky: 'urban' },
  { seconds: 20, metresPerSecond: 14, sky: 'tunnel' },
  { seconds: 30, metresPerSecond: 11, sky: 'open' },
];
const ROUND_SECONDS = ROUND.reduce((sum, { seconds }) => sum + seconds, 0);
const LIGHTS_SECONDS = 2 * LIGHTS.seconds;
const OUTAGE_SECONDS = 25;
/** Rounds from one unplugged receiver to the next. */
const OUTAGE_EVERY = 4;
/** What a moving stretch is shortened to at most. */
const LEAST_SECONDS = 6;

/**
 * Rounds of open road, lights, streets, lights again, tunnel and open road; a drive that is shorter than a round
 * has one all the same, faster. The same seed gives the same route.
 * @param seconds that are driven at least.
 */
export function planRoute(seed: string, seconds: number): Route {
  const random = seededRandom(`${seed}/route`);
  const hurry = Math.min(1, Math.max(0, (seconds - LIGHTS_SECONDS) / (ROUND_SECONDS - LIGHTS_SECONDS)));
  const stretches: Stretch[] = [];
  const outages: { fromSecond: number; untilSecond: number }[] = [];
  let driven = 0;
  for (let round = 0; driven < seconds; round++) {
    for (const stretch of ROUND) {
      const isLights = stretch.metresPerSecond === 0;
      const varied = stretch.seconds * random.between(0.9, 1.15) * hurry;
      const length = isLights ? stretch.seconds : Math.max(LEAST_SECONDS, Math.round(varied));
      if (stretch === ROUND.at(-1) && round % OUTAGE_EVERY === 0) {
        const fromSecond = driven + 2;
        outages.push({ fromSecond, untilSecond: fromSecond + Math.min(OUTAGE_SECONDS, length - 4) });
      }
      stretches.push({ ...stretch, seconds: length });
      driven += length;
    }
  }
  return { stretches, outages };
}
