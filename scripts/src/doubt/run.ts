import { hotlistSchema, platesSchema } from '../../../src/config/schema.js';
import type { Confusions } from '../../../src/domain/confusion.js';
import { loadConfusions } from '../../../src/plates/manifest.js';
import { seededRandom } from '../clip/random.js';
import type { DrawnRead } from './drawn-reads.js';
import { editDistanceOne, exactOnly, testedList, withDoubt } from './matchers.js';
import { roadKeys } from './road-marks.js';
import { type Tally, tallyOf } from './simulation.js';

/** What the simulation is run with. */
export interface SimulationOptions {
  readonly seed: string;
  /** Reads that left the device. */
  readonly reads: readonly DrawnRead[];
  readonly marksOnList: number;
  /** Lists without any of the vehicles. */
  readonly lists: number;
  /** What the device is told of the share of listed vehicles, 0 to 1: one simulation for each. */
  readonly configuredShares: readonly number[];
  /** Of the device's matcher; left out: those of the shipped models. */
  readonly confusions?: Confusions;
}

export interface Simulation {
  readonly exact: Tally;
  readonly editDistance: Tally;
  /** In the order of the configured shares; with every hit that is not hopeless, for any threshold. */
  readonly ours: readonly Tally[];
}

/** A possible hit below it is right once in a hundred thousand times: nobody will publish that. */
const LOWEST_THRESHOLD = 1e-5;

/** Deterministic for the seed and the reads. */
export async function simulate(options: SimulationOptions): Promise<Simulation> {
  const { seed, reads, marksOnList } = options;
  const hotlist = hotlistSchema.parse({});
  const truths = new Set(reads.map(({ truth }) => truth));
  const listed = roadKeys(marksOnList - truths.size, seededRandom(`${seed}/listed`));
  for (const truth of truths) listed.add(truth);
  const lists = {
    listing: testedList(listed),
    without: Array.from({ length: options.lists }, (_, index) => {
      const keys = roadKeys(marksOnList, seededRandom(`${seed}/list ${index}`));
      for (const truth of truths) keys.delete(truth);
      return testedList(keys);
    }),
  };
  const confusions = options.confusions ?? (await loadConfusions(platesSchema.parse({}).modelsFolder));
  return {
    exact: tallyOf(exactOnly, reads, lists),
    editDistance: tallyOf(editDistanceOne, reads, lists),
    ours: options.configuredShares.map((listedShare) => {
      const settings = {
        publishFrom: LOWEST_THRESHOLD,
        alertFrom: hotlist.alertFrom,
        listedShare,
        maximumAgeMs: hotlist.maximumAgeHours * 3_600_000,
      };
      return tallyOf(withDoubt(confusions, settings), reads, lists);
    }),
  };
}
