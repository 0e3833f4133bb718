import type { MatchKey } from '../../../src/domain/vrm.js';
import type { MarkGroup } from '../../../src/matching/mark-group.js';
import { groupOf } from '../../../src/matching/package/groups.js';
import { seededRandom } from '../clip/random.js';

/**
 * Lists of any size that need no memory: marks of the current form are numbered in their own order,
 * and a list is the numbers that seeded steps land on.
 *
 * Without I and O, which fold, so that numbers, marks and match keys ascend together.
 */
const TAG = [...'ABCDEFGHJKLMNPRSTUVWXY'];
const SERIAL = [...'ABCDEFGHJKLMNPRSTUVWXYZ'];
const AGES = Array.from({ length: 73 }, (_, index) => String(index + 2).padStart(2, '0')).filter(
  (age) => age !== '50' && age !== '51',
);
const PLACES = [TAG, TAG, AGES, SERIAL, SERIAL, SERIAL];

/** How many different marks there are. */
export const MARK_SPACE = PLACES.reduce((product, { length }) => product * length, 1);

/** The mark of a number from 0; a larger number has a later mark. */
export function markOfNumber(number: number): MatchKey {
  let rest = number;
  let mark = '';
  for (let place = PLACES.length - 1; place >= 0; place--) {
    const choices = PLACES[place] as readonly string[];
    mark = (choices[rest % choices.length] as string) + mark;
    rest = Math.floor(rest / choices.length);
  }
  return mark as MatchKey;
}

/** The numbers of about `count` marks, ascending, spread over the whole space. */
export function* numbersOfList(seed: string, count: number): Generator<number> {
  const random = seededRandom(seed);
  const mean = MARK_SPACE / count;
  for (let at = random.between(0, mean); at < MARK_SPACE; at += random.between(1, 2 * mean - 1)) {
    yield Math.floor(at);
  }
}

/**
 * Their entries, one a mark: what a stolen vehicle's row is like.
 * @param changed numbers whose rows say something else.
 */
export function* groupsOfNumbers(
  numbers: Iterable<number>,
  changed: ReadonlySet<number> = new Set(),
): Generator<MarkGroup> {
  for (const number of numbers) {
    const key = markOfNumber(number);
    yield groupOf(key, [rowTextOf(key, number, changed.has(number))]);
  }
}

/** So many of the numbers, evenly spread. */
export function spread(numbers: readonly number[], count: number): Set<number> {
  const step = Math.max(1, numbers.length / count);
  return new Set(
    Array.from({ length: count }, (_, i) => numbers[Math.floor(i * step)] ?? (numbers[0] as number)),
  );
}

const VEHICLES = [
  ['FORD', 'FIESTA'],
  ['VAUXHALL', 'CORSA'],
  ['VOLKSWAGEN', 'GOLF'],
  ['BMW', '3 SERIES'],
  ['MERCEDES-BENZ', 'SPRINTER'],
] as const;
const COLOURS = ['BLACK', 'WHITE', 'GREY', 'BLUE', 'RED', 'SILVER'];
const ACTIONS = ['STOP', 'SILENT', ''];
const REASONS = ['STOLEN', 'NO INSURANCE', 'NO VEHICLE EXCISE DUTY', 'CLONE SUSPECTED, DRIVER NOT KNOWN'];

function rowTextOf(vrm: MatchKey, number: number, isChanged: boolean): string {
  const pick = <T>(from: readonly T[]): T => from[number % from.length] as T;
  const [make, model] = pick(VEHICLES);
  const reason = isChanged ? `${pick(REASONS)}, SEEN AGAIN` : pick(REASONS);
  const pncId = `${String(number % 100).padStart(2, '0')}/${number}`;
  const row = [vrm, make, model, pick(COLOURS), pick(ACTIONS), '', reason, 'B21', 'CHECK DRIVER', 'FORCE 01'];
  return JSON.stringify([...row, '2031-12-31', pncId, 'OFFICIAL', '', '', '', '', '']);
}
