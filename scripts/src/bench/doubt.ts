import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hotlistSchema } from '../../../src/config/schema.js';
import { packageRoot } from '../../../src/lib/package-root.js';
import { lineChart } from '../chart/line-chart.js';
import { type DrawnRead, drawnReads } from '../doubt/drawn-reads.js';
import { falseHitsADay, foundOf, namedOf, ONE_WRONG, type Road } from '../doubt/figures.js';
import { renderByShare, renderKinds, renderMix, renderStated, renderThresholds } from '../doubt/markdown.js';
import { type Simulation, simulate } from '../doubt/run.js';
import type { Misreading, Tally } from '../doubt/simulation.js';
import type { Rate } from '../reading/rate.js';
import { type AreaReport, describeMachine, type Figure } from './report.js';

/**
 * What matching makes of what the reader is not sure of: vehicles drawn as they come by, read by the
 * shipped models, matched against a million marks. Writes the curve to models/figures.
 */
const SEED = 'doubt test';
export const VEHICLES = 16_000;
/** One in fifty is read with a wrong character: of fewer vehicles there may be none. */
export const FEWEST_VEHICLES = 1000;
const PROGRESS_STEP = 1000;
const MARKS_ON_LIST = 1_000_000;
const LISTS = 4;
const VEHICLES_A_DAY = 20_000;
/** Of the vehicles on the road: a million of forty million are one in forty where they drive like all. */
const LISTED_SHARES = [0.001, 0.01, 0.025] as const;
const FOUND_AT_LEAST = 95;
const RATIO_AT_MOST = 0.1;

export async function benchDoubt(say: (line: string) => void, vehicles: number): Promise<AreaReport> {
  const read: DrawnRead[] = [];
  for await (const one of drawnReads(SEED, vehicles)) {
    read.push(one);
    if (read.length % PROGRESS_STEP === 0) say(`${read.length} of at most ${vehicles} reads`);
  }
  return reportOf(read, vehicles, say);
}

/** @param read what was read of so many vehicles, sure or not */
export async function reportOf(
  read: readonly DrawnRead[],
  vehicles: number,
  say: (line: string) => void,
): Promise<AreaReport> {
  const reads = read.filter(({ isReported }) => isReported);
  say(`matching ${reads.length} reads against ${LISTS + 1} lists of ${MARKS_ON_LIST} marks`);
  const { listedShare, publishFrom } = hotlistSchema.parse({});
  const simulation = await simulate({
    seed: SEED,
    reads,
    marksOnList: MARKS_ON_LIST,
    lists: LISTS,
    configuredShares: [listedShare, ...LISTED_SHARES],
  });
  const { exact, editDistance } = simulation;
  const ours = simulation.ours[0] as Tally;
  const road: Road = { vehiclesADay: VEHICLES_A_DAY, listedShare, reportedShare: reads.length / vehicles };
  const folder = join(packageRoot(import.meta.dirname), 'models', 'figures');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'doubt.svg'), await chartOf(simulation, road, publishFrom));

  const every = everyMisreading(ours);
  const falseHits = falseHitsADay(ours, road, publishFrom);
  const falseHitsOfDistance = falseHitsADay(editDistance, road, 0);
  const figures: Record<string, Figure> = {
    'vehicles read': percent(rateOfCount(reads.length, vehicles)),
    'reads of them wrong': percent(namedOf(exact, every, 0), (share) => 1 - share),
    'listed and read, found: exact only': percent(foundOf(exact, every, 0)),
    'listed and read, found: edit distance 1': percent(namedOf(editDistance, every, 0)),
    'listed and read, found: with doubt': percent(foundOf(ours, every, publishFrom)),
    'with one wrong character': { value: foundOf(ours, ONE_WRONG, 0).of, unit: 'reads' },
    'one wrong character, found: edit distance 1': percent(namedOf(editDistance, ONE_WRONG, 0)),
    'one wrong character, found: with doubt': {
      ...percent(foundOf(ours, ONE_WRONG, publishFrom)),
      bar: { is: 'at least', value: FOUND_AT_LEAST },
    },
  };
  for (const misreading of ONE_WRONG.filter((one) => every.includes(one)))
    figures[`character ${misreading}, found: with doubt`] = percent(foundOf(ours, [misreading], publishFrom));
  figures['false hits a day: exact only'] = { value: falseHitsADay(exact, road, 0), unit: 'a day' };
  figures['false hits a day: edit distance 1'] = { value: falseHitsOfDistance, unit: 'a day' };
  figures['false hits a day: with doubt'] = { value: falseHits, unit: 'a day' };
  figures['false hits against edit distance 1'] = {
    value: falseHits / falseHitsOfDistance,
    unit: 'times',
    bar: { is: 'at most', value: RATIO_AT_MOST },
  };
  return {
    area: 'doubt',
    machine: describeMachine(),
    figures,
    appendix: [
      renderMix(read),
      renderThresholds({ ours, editDistance, road, publishFrom }),
      renderByShare({
        editDistance,
        roads: LISTED_SHARES.map((share, index) => ({
          road: { ...road, listedShare: share },
          asConfigured: ours,
          asTold: simulation.ours[index + 1] as Tally,
        })),
        publishFrom,
      }),
      renderKinds({ exact, editDistance, ours, road, publishFrom }),
      ...LISTED_SHARES.map((share, index) =>
        renderStated(simulation.ours[index + 1] as Tally, { ...road, listedShare: share }),
      ),
    ].join('\n\n'),
  };
}

function everyMisreading({ listed }: Tally): Misreading[] {
  return [...new Set(listed.map(({ misreading }) => misreading))];
}

function rateOfCount(count: number, of: number): Pick<Rate, 'share'> {
  return { share: count / of };
}

function percent({ share }: Pick<Rate, 'share'>, of: (share: number) => number = (value) => value): Figure {
  return { value: 100 * of(share), unit: '%' };
}

const CURVE_THRESHOLDS = Array.from({ length: 25 }, (_, step) => 10 ** (-5 + step / 6));
/** What is never seen in so many reads: the end of a logarithmic axis. */
const FEWEST_A_DAY = 0.5;

function chartOf(
  { exact, editDistance, ours: [ours] }: Simulation,
  road: Road,
  publishFrom: number,
): Promise<string> {
  const point = (tally: Tally, rate: Rate, from: number) => ({
    x: Math.max(FEWEST_A_DAY, falseHitsADay(tally, road, from)),
    y: 100 * rate.share,
    low: 100 * rate.low,
    high: 100 * rate.high,
  });
  const withDoubt = ours as Tally;
  return lineChart({
    title: 'Listed vehicles read with one wrong character',
    subtitle: `${foundOf(withDoubt, ONE_WRONG, 0).of} such reads; a list of a million marks, ${VEHICLES_A_DAY} vehicles a day, ${100 * road.listedShare} % of them listed`,
    x: {
      title: 'false hits a day',
      isLogarithmic: true,
      domain: [FEWEST_A_DAY, 10_000],
      ticks: [1, 10, 100, 1000, 10_000],
    },
    y: { title: 'found, %', domain: [0, 100] },
    series: [
      {
        name: 'with doubt, by publishFrom',
        points: CURVE_THRESHOLDS.map((from) => point(withDoubt, foundOf(withDoubt, ONE_WRONG, from), from)),
      },
      {
        name: `the default, ${publishFrom}`,
        points: [point(withDoubt, foundOf(withDoubt, ONE_WRONG, publishFrom), publishFrom)],
      },
      { name: 'edit distance 1', points: [point(editDistance, namedOf(editDistance, ONE_WRONG, 0), 0)] },
      { name: 'exact only', points: [point(exact, foundOf(exact, ONE_WRONG, 0), 0)] },
    ],
    bars: [{ y: FOUND_AT_LEAST, label: `asked for: ${FOUND_AT_LEAST} %` }],
  });
}
