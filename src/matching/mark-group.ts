import type { MatchKey } from '../domain/vrm.js';

/**
 * All that one list says of one mark: what a package carries in a line and the list store in a row.
 * In a snapshot there is at least one row; in a delta, none says that the mark is off the list.
 */
export interface MarkGroup {
  readonly matchKey: MatchKey;
  /** A row is its values in the order of VOI_COLUMNS. */
  readonly rows: readonly (readonly string[])[];
  /** How many there are, told without parsing them. */
  readonly rowCount: number;
  /** JSON of `rows`, kept as it came, so that what is stored is what was signed; '' where there are none. */
  readonly rowsText: string;
}
