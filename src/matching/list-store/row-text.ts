import type { VoiEntry } from '../../domain/voi.js';
import { entryFromValues } from '../voi-entry.js';

/** The entries of a mark, in the order its list has them, from the JSON text of its rows. */
export function entriesOfText(rowsText: string): VoiEntry[] {
  return (JSON.parse(rowsText) as string[][]).map(entryFromValues);
}

/** How many entries a mark's rows hold; '' stands for a mark that is not on the list. */
export function countOfText(rowsText: string): number {
  return rowsText === '' ? 0 : (JSON.parse(rowsText) as unknown[]).length;
}
