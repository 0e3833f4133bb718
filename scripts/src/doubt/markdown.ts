import { renderRate } from '../reading/rate.js';
import { TROUBLES } from './conditions.js';
import type { DrawnRead } from './drawn-reads.js';
import {
  falseHitsADay,
  falseHitsByKind,
  falseHitsSeen,
  foundOf,
  ONE_WRONG,
  type Road,
  statedRanges,
} from './figures.js';
import { type Misreading, misreadingOf, type Tally } from './simulation.js';

/** What the reads are made of: vehicles by what troubles them and by the frames that were fused. */
export function renderMix(read: readonly DrawnRead[]): string {
  const groups: (readonly [string, readonly DrawnRead[]])[] = [
    ...TROUBLES.map((trouble) => [trouble, read.filter((one) => one.trouble === trouble)] as const),
    ['one frame', read.filter(({ frames }) => frames === 1)],
    ['three frames fused', read.filter(({ frames }) => frames > 1)],
    ['all', read],
  ];
  const rows = groups.map(([name, reads]) => {
    const reported = reads.filter(({ isReported }) => isReported);
    const count = (wanted: readonly string[]) =>
      reported.filter(({ truth, read: { matchKey } }) => wanted.includes(misreadingOf(truth, matchKey)))
        .length;
    const counts = [...ONE_WRONG.map((kind) => count([kind])), count(['several'])];
    return [name, reads.length, reported.length, ...counts];
  });
  return table(
    ['vehicles', 'read', 'of these sure enough', ...ONE_WRONG.map((kind) => `one ${kind}`), 'more wrong'],
    rows,
  );
}

const THRESHOLDS = [1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.5] as const;

/** What each publishFrom would find, and what it would cost. */
export function renderThresholds({
  ours,
  editDistance,
  road,
  publishFrom,
}: {
  readonly ours: Tally;
  readonly editDistance: Tally;
  readonly road: Road;
  readonly publishFrom: number;
}): string {
  const allowed = falseHitsADay(editDistance, road, 0);
  const thresholds = [...new Set([...THRESHOLDS, publishFrom])].sort((a, b) => a - b);
  const rows = thresholds.map((from) => {
    const falseHits = falseHitsADay(ours, road, from);
    return [
      from === publishFrom ? `**${from}** (default)` : String(from),
      renderRate(foundOf(ours, ONE_WRONG, from)),
      ...ONE_WRONG.map((kind) => renderFound(ours, kind, from)),
      renderFound(ours, 'several', from),
      `${falseHits.toFixed(1)} (${falseHitsSeen(ours, from)} seen)`,
      (falseHits / allowed).toFixed(4),
    ];
  });
  return table(
    [
      'publishFrom',
      'one wrong character: found',
      ...ONE_WRONG,
      'more wrong: found',
      'false hits a day',
      'of edit distance 1',
    ],
    rows,
  );
}

/** The default on roads with other shares of listed vehicles, whether the device is told or not. */
export function renderByShare({
  editDistance,
  roads,
  publishFrom,
}: {
  readonly editDistance: Tally;
  readonly roads: readonly { readonly road: Road; readonly asConfigured: Tally; readonly asTold: Tally }[];
  readonly publishFrom: number;
}): string {
  const rows = roads.flatMap(({ road, asConfigured, asTold }) =>
    [
      { name: 'default', tally: asConfigured },
      { name: 'that share', tally: asTold },
    ].map(({ name, tally }) => [
      `${100 * road.listedShare} %`,
      name,
      renderRate(foundOf(tally, ONE_WRONG, publishFrom)),
      falseHitsADay(tally, road, publishFrom).toFixed(1),
      falseHitsADay(editDistance, road, 0).toFixed(0),
    ]),
  );
  return table(
    [
      'listed of the vehicles',
      'listedShare configured',
      'one wrong character: found',
      'false hits a day',
      'edit distance 1',
    ],
    rows,
  );
}

/** False hits a day of vehicles on no list, by how the named mark differs from what was read. */
export function renderKinds({
  exact,
  editDistance,
  ours,
  road,
  publishFrom,
}: {
  readonly exact: Tally;
  readonly editDistance: Tally;
  readonly ours: Tally;
  readonly road: Road;
  readonly publishFrom: number;
}): string {
  const kinds = ['exact', 'substituted', 'lost', 'added', 'several'] as const;
  const row = (name: string, tally: Tally, from: number) => {
    const hits = falseHitsByKind(tally, road, from);
    return [name, ...kinds.map((kind) => hits[kind].toFixed(1))];
  };
  return table(
    ['false hits a day', 'as read', 'one substituted', 'one more than read', 'one fewer', 'further'],
    [
      row('exact only', exact, 0),
      row('edit distance 1', editDistance, 0),
      row('with doubt', ours, publishFrom),
    ],
  );
}

/** What hits state against how often they are right, for misread vehicles and chance hits together. */
export function renderStated(ours: Tally, road: Road): string {
  const rows = statedRanges(ours, road).map(({ from, to, hitsADay, stated, right, rightReads }) => [
    `${from} to ${to}`,
    hitsADay.toFixed(1),
    percent(stated),
    percent(right),
    rightReads,
  ]);
  return table(
    [
      `possible hits that state, ${100 * road.listedShare} % listed`,
      'a day',
      'stated, mean',
      'right',
      'right ones seen',
    ],
    rows,
  );
}

function renderFound(tally: Tally, misreading: Misreading, from: number): string {
  const isSeen = tally.listed.some((outcome) => outcome.misreading === misreading);
  return isSeen ? renderRate(foundOf(tally, [misreading], from)) : 'none seen';
}

function percent(share: number): string {
  return `${(100 * share).toPrecision(2)} %`;
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}
