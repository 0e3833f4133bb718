import { loadCentreKey } from '../../../src/governance/centre-key.js';
import { PositionOpener } from '../../../src/governance/sealing.js';
import { count } from '../soak/account.js';
import type { CommittedStatement } from '../soak/stored.js';
import { DriveSearch, filesBelow } from './confidential.js';
import { type Figures, metres, NONE, share, times } from './figures.js';
import type { Patrolled } from './patrol-report.js';
import { type Found, findPositions } from './positions.js';
import type { Stated } from './stated.js';

/** A fix that is as old as this at most was said while the receiver did well. */
const FRESH_MS = 1_000;
const MOST_FRESH_ERROR_METRES = 20;

/** Positions as the centre opens them; and whether anybody else could have. */
export function placesReport(
  { unit, log, wire }: Pick<Patrolled, 'unit' | 'log' | 'wire'>,
  committed: readonly CommittedStatement[],
  { located }: Pick<Stated, 'located'>,
  say: (line: string) => void,
): Figures {
  const opener = new PositionOpener(loadCentreKey(unit.centreKeyFile));
  const found = findPositions(located, opener, log);
  const known = found.filter((position) => position !== undefined);
  const ages = known.map(({ position }) => position.ageMs);
  const errorsOf = (accepts: (one: Found) => boolean) =>
    known.filter(accepts).map(({ errorMetres }) => errorMetres);
  const isFresh = ({ position }: Found) => position.ageMs <= FRESH_MS;
  const fresh = errorsOf((one) => isFresh(one) && one.sky === 'open');

  const search = new DriveSearch(log);
  const searched = [...filesBelow(unit.home), ...Object.values(wire.paths)];
  const leaks = searched.flatMap((path) => search.formsInFile(path).map((form) => `${form} in ${path}`));
  const texts = committed.map(({ text }) => text).join('\n');
  leaks.push(...search.formsIn(Buffer.from(texts)).map((form) => `${form} in statements`));
  for (const leak of leaks) say(`a place in clear: ${leak}`);
  const opened = known.map(({ position }) => JSON.stringify(position)).join('\n');
  return {
    'statements with a position': share(known.length, located.length, 0.95),
    ...times('age of a position', ages),
    ...metres(
      'error of a position, all',
      errorsOf(() => true),
    ),
    ...metres(
      'error of a position in streets, fresh',
      errorsOf((one) => isFresh(one) && one.sky === 'urban'),
    ),
    ...metres('error of a position under open sky, fresh', fresh, MOST_FRESH_ERROR_METRES),
    'places found in clear': count(leaks.length, NONE),
    'found by the same search in what the centre opened': count(search.formsIn(Buffer.from(opened)).length, {
      is: 'at least',
      value: 1,
    }),
  };
}
