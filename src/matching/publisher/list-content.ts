import type { VoiEntry } from '../../domain/voi.js';
import { foldVrm, type MatchKey } from '../../domain/vrm.js';
import type { MarkGroup } from '../mark-group.js';
import { groupOf } from '../package/groups.js';
import { MOST_LINE_LENGTH, MOST_ROW_LENGTH, MOST_ROWS_PER_MARK } from '../package/limits.js';
import { valuesOfEntry } from '../voi-entry.js';

/**
 * A whole list, gathered from rows in any order and given back as groups in the order of their keys.
 *
 * It is held in memory, where a list of two million rows takes about 1 GB: this is for an owner's
 * computer or an administrator's import, and a temporary file would have marks in it.
 */
export class ListContent {
  /** JSON of each row, in the order in which they came; one alone without an array around it. */
  readonly #rows = new Map<MatchKey, string | string[]>();
  #entryCount = 0;

  get markCount(): number {
    return this.#rows.size;
  }

  get entryCount(): number {
    return this.#entryCount;
  }

  /** @returns why the row cannot be taken, without its contents; undefined where it was. */
  add(entry: VoiEntry): string | undefined {
    const text = JSON.stringify(valuesOfEntry(entry));
    if (text.length > MOST_ROW_LENGTH) return `longer than ${MOST_ROW_LENGTH} characters`;
    const key = foldVrm(entry.vrm);
    const held = this.#rows.get(key);
    if (held === undefined) {
      this.#rows.set(key, text);
    } else {
      const rows = typeof held === 'string' ? [held] : held;
      if (rows.length === MOST_ROWS_PER_MARK) return `more than ${MOST_ROWS_PER_MARK} rows of one mark`;
      const length = rows.reduce((sum, row) => sum + row.length + 1, text.length + key.length + 8);
      if (length > MOST_LINE_LENGTH) return `more than ${MOST_LINE_LENGTH} characters of rows of one mark`;
      rows.push(text);
      this.#rows.set(key, rows);
    }
    this.#entryCount++;
    return undefined;
  }

  /** Ascending; may be asked for again. */
  *groups(): Generator<MarkGroup> {
    for (const key of [...this.#rows.keys()].sort()) {
      const rows = this.#rows.get(key) as string | string[];
      yield groupOf(key, typeof rows === 'string' ? [rows] : rows);
    }
  }
}
