import { readFileSync } from 'node:fs';
import { seededRandom } from '../clip/random.js';
import { MARK_SPACE, markOfNumber, numbersOfList } from '../hotlist/list-content.js';

/** What the traffic process is told, and what it writes down. */
export interface TrafficOrder {
  /** Vehicles a second, evenly spread. */
  readonly perSecond: number;
  /** Share of them that is on the list, 0 to 1. */
  readonly listedShare: number;
  readonly seed: string;
  /** From settled to closed. */
  readonly inViewMs: number;
  readonly overviewBytes: number;
  readonly patchBytes: number;
  /** One line for each report that was acknowledged: it is in the store. */
  readonly journalPath: string;
  /** While this file is there, no vehicle comes. */
  readonly quietPath: string;
}

export const ORDER_VARIABLE = 'ANPRD_SOAK_TRAFFIC';

export interface JournalEntry {
  readonly recordId: string;
  readonly phase: 'settled' | 'closed';
  readonly isListed: boolean;
}

export function journalLine({ recordId, phase, isListed }: JournalEntry): string {
  return `${recordId} ${phase} ${isListed ? 'listed' : 'unlisted'}\n`;
}

export function readJournal(path: string): JournalEntry[] {
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => {
    const [recordId = '', phase, listed] = line.split(' ');
    return { recordId, phase: phase === 'settled' ? 'settled' : 'closed', isListed: listed === 'listed' };
  });
}

const LISTED_MARKS = 10_000;

/** The marks on the list of a seed. */
export function listedMarks(seed: string): string[] {
  return [...numbersOfList(`${seed}/list`, LISTED_MARKS)].map(markOfNumber);
}

/** Far apart, so that vehicles that follow one another have nothing in common. */
const STEP = 7_368_787;
const TURN = 100_000_000;

/** The vehicle that passes as number `count`; the same number is the same vehicle. */
export function vehicleOf(
  count: number,
  { seed, listedShare }: Pick<TrafficOrder, 'seed' | 'listedShare'>,
  listed: readonly string[],
): { readonly mark: string; readonly isListed: boolean } {
  const random = seededRandom(`${seed}/vehicle/${count}`);
  if (random.chance(listedShare)) return { mark: listed[count % listed.length] as string, isListed: true };
  return { mark: markOfNumber(((count % TURN) * STEP) % MARK_SPACE), isListed: false };
}
