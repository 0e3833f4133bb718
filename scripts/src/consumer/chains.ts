import type Database from 'better-sqlite3';
import { mergedRuns, type Run, withoutRuns } from '../../../src/evidence/runs.js';

/** What is known of one chain of one unit. */
export interface ChainReport {
  /** `urn:anprd:<unit>` */
  readonly source: string;
  readonly chain: string;
  /** Numbers that are here. */
  readonly here: number;
  /** The highest of them. */
  readonly last: number;
  /** Not here, and the unit says that they will never come. */
  readonly explained: readonly Run[];
  /** Not here, although later ones are: on their way, or lost after they were acknowledged. */
  readonly missing: readonly Run[];
  /** The unit has stated more than is here: on its way after an outage, or cut off. */
  readonly open?: Run;
  /** How far it goes at least, as another chain of the unit says: one that followed it, or began while it waited. */
  readonly toldTo?: number;
  /** There is a later chain, and none says how far this one went: nobody sees whether its end was cut off. */
  readonly endUntold: boolean;
  /** Numbers whose statement is another one than a later chain names as the last. */
  readonly unlike: readonly number[];
  /** Numbers whose statement does not name the one before it. */
  readonly unlinked: readonly number[];
  /** Numbers that were given to two different statements. */
  readonly forked: readonly number[];
}

interface ChainRow {
  readonly source: string;
  readonly chain: string;
  readonly here: number;
  readonly last: number;
  readonly head: number;
  /** 0 where no other chain names it. */
  readonly toldTo: number;
  readonly isNewest: 0 | 1;
}

/** Each chain that a statement or a health report named, by unit and then by age. */
export function chainReports(database: Pick<Database.Database, 'prepare'>): ChainReport[] {
  const chains = database
    .prepare(
      `SELECT source, chain, sum(here) AS here, max(last) AS last, max(head) AS head, max(told_to) AS toldTo,
           chain = max(chain) OVER (PARTITION BY source) AS isNewest FROM (
         SELECT source, chain, count(DISTINCT sequence) AS here, max(sequence) AS last, 0 AS head, 0 AS told_to
           FROM statements GROUP BY source, chain
         UNION ALL SELECT source, chain, 0, 0, sequence, 0 FROM heads
         UNION ALL SELECT source, chain, 0, 0, sequence, sequence FROM ends
       ) GROUP BY source, chain ORDER BY source, chain`,
    )
    .all() as ChainRow[];
  const gapsOf = database.prepare(
    `SELECT before + 1 AS first, sequence - 1 AS last FROM (
       SELECT sequence, lag(sequence, 1, 0) OVER (ORDER BY sequence) AS before
         FROM (SELECT DISTINCT sequence FROM statements WHERE source = ? AND chain = ?)
     ) WHERE sequence > before + 1`,
  );
  const lossesOf = database.prepare('SELECT first, last FROM losses WHERE source = ? AND chain = ?');
  const unlinkedOf = database
    .prepare(
      `SELECT s.sequence FROM statements s
         LEFT JOIN statements p ON p.source = s.source AND p.chain = s.chain AND p.sequence = s.sequence - 1
       WHERE s.source = ? AND s.chain = ?
       GROUP BY s.sequence, s.digest
       HAVING CASE WHEN s.sequence = 1 THEN s.previous <> ''
                   ELSE count(p.digest) > 0 AND sum(p.digest = s.previous) = 0 END`,
    )
    .pluck();
  const forkedOf = database
    .prepare(
      `SELECT sequence FROM statements WHERE source = ? AND chain = ?
       GROUP BY sequence HAVING count(*) > 1`,
    )
    .pluck();
  const unlikeOf = database
    .prepare(
      `SELECT DISTINCT ends.sequence FROM ends
         JOIN statements USING (source, chain, sequence)
       WHERE source = ? AND chain = ? GROUP BY ends.sequence, ends.digest
       HAVING sum(statements.digest = ends.digest) = 0`,
    )
    .pluck();
  return chains.map(({ source, chain, here, last, head, toldTo, isNewest }) => {
    const gaps = runsOf(gapsOf.all(source, chain));
    const lost = mergedRuns(runsOf(lossesOf.all(source, chain)));
    const missing = withoutRuns(gaps, lost);
    const [open] = withoutRuns(head > last ? [[last + 1, head]] : [], lost);
    return {
      source,
      chain,
      here,
      last,
      explained: withoutRuns(gaps, missing),
      missing,
      ...(open !== undefined && { open }),
      ...(toldTo > 0 && { toldTo }),
      endUntold: toldTo === 0 && isNewest === 0,
      unlike: unlikeOf.all(source, chain) as number[],
      unlinked: unlinkedOf.all(source, chain) as number[],
      forked: forkedOf.all(source, chain) as number[],
    };
  });
}

export function isWhole({ missing, open, unlike, unlinked, forked }: ChainReport): boolean {
  return missing.length + unlike.length + unlinked.length + forked.length === 0 && open === undefined;
}

/** One line a chain; what is wrong below it. */
export function renderChains(reports: readonly ChainReport[], refused: readonly RefusedCount[]): string {
  const lines = reports.flatMap((report) => {
    const { source, chain, here, last, explained, missing, open, toldTo, endUntold } = report;
    const { unlike, unlinked, forked } = report;
    const verdict = isWhole(report) ? 'whole' : 'NOT WHOLE';
    return [
      `${source}  chain ${chain}  ${here} statements to ${last}  ${verdict}`,
      ...said('missing', missing.map(spell)),
      ...said('not here yet, or cut off', open === undefined ? [] : [spell(open)]),
      ...said(
        'goes at least to, as another chain of the unit says',
        toldTo === undefined ? [] : [String(toldTo)],
      ),
      ...said(
        'has ended, and no later chain says where; the last that is here',
        endUntold ? [String(last)] : [],
      ),
      ...said('another one than a later chain names as the last', unlike.map(String)),
      ...said('dropped by the unit, as it states', explained.map(spell)),
      ...said('not linked to the one before', unlinked.map(String)),
      ...said('given to two statements', forked.map(String)),
    ];
  });
  const notBelieved = refused.map(
    ({ source, reason, count }) => `${source}  not believed: ${count}, ${reason}`,
  );
  return [...lines, ...notBelieved].join('\n') || 'no statement has come';
}

export interface RefusedCount {
  readonly source: string;
  readonly reason: string;
  readonly count: number;
}

export function refusedCounts(database: Pick<Database.Database, 'prepare'>): RefusedCount[] {
  return database
    .prepare(
      'SELECT source, reason, count(*) AS count FROM refused GROUP BY source, reason ORDER BY source, reason',
    )
    .all() as RefusedCount[];
}

const MOST_SAID = 20;

function said(what: string, numbers: readonly string[]): string[] {
  if (numbers.length === 0) return [];
  const more = numbers.length > MOST_SAID ? ` and ${numbers.length - MOST_SAID} more` : '';
  return [`    ${what}: ${numbers.slice(0, MOST_SAID).join(', ')}${more}`];
}

function spell([first, last]: Run): string {
  return first === last ? String(first) : `${first}-${last}`;
}

function runsOf(rows: readonly unknown[]): Run[] {
  return (rows as { first: number; last: number }[]).map(({ first, last }) => [first, last]);
}
