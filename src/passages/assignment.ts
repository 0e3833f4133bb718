/**
 * Pairs rows with columns so that the sum of costs is least (Hungarian method with potentials).
 *
 * @param costs one array a row, all of one length; undefined: this pair may not be.
 * @returns for each row its column, or undefined where it is left alone. As many allowed pairs
 *   are made as can be, so being left alone is never cheaper than a pair.
 * @throws RangeError for a cost that is no number: the search would never end.
 */
export function assign(costs: readonly (readonly (number | undefined)[])[]): (number | undefined)[] {
  const rows = costs.length;
  const columns = costs[0]?.length ?? 0;
  if (rows === 0 || columns === 0) return costs.map(() => undefined);
  if (costs.some((row) => row.some((cost) => Number.isNaN(cost)))) {
    throw new RangeError('expected costs that are numbers, got NaN');
  }
  if (rows > columns) return transposed(costs, columns);

  // One-based, as the method is written: row and column 0 mean "none".
  const rowPotential = new Float64Array(rows + 1);
  const columnPotential = new Float64Array(columns + 1);
  const rowOfColumn = new Int32Array(columns + 1);
  for (let row = 1; row <= rows; row++) {
    const from = new Int32Array(columns + 1);
    const least = new Float64Array(columns + 1).fill(Infinity);
    const seen = new Uint8Array(columns + 1);
    rowOfColumn[0] = row;
    let column = 0;
    do {
      seen[column] = 1;
      const current = rowOfColumn[column] as number;
      let delta = Infinity;
      let next = 0;
      for (let j = 1; j <= columns; j++) {
        if (seen[j]) continue;
        const cost = costs[current - 1]?.[j - 1] ?? FORBIDDEN;
        const reduced = cost - (rowPotential[current] as number) - (columnPotential[j] as number);
        if (reduced < (least[j] as number)) {
          least[j] = reduced;
          from[j] = column;
        }
        if ((least[j] as number) < delta) {
          delta = least[j] as number;
          next = j;
        }
      }
      for (let j = 0; j <= columns; j++) {
        if (seen[j]) {
          const owner = rowOfColumn[j] as number;
          rowPotential[owner] = (rowPotential[owner] as number) + delta;
          columnPotential[j] = (columnPotential[j] as number) - delta;
        } else {
          least[j] = (least[j] as number) - delta;
        }
      }
      column = next;
    } while (rowOfColumn[column] !== 0);
    do {
      const before = from[column] as number;
      rowOfColumn[column] = rowOfColumn[before] as number;
      column = before;
    } while (column !== 0);
  }

  const result: (number | undefined)[] = costs.map(() => undefined);
  for (let j = 1; j <= columns; j++) {
    const row = (rowOfColumn[j] as number) - 1;
    if (row >= 0 && costs[row]?.[j - 1] !== undefined) result[row] = j - 1;
  }
  return result;
}

/** Dearer than any sum of real costs, so that it is only taken where nothing else is left. */
const FORBIDDEN = 1e9;

function transposed(costs: readonly (readonly (number | undefined)[])[], columns: number) {
  const turned = Array.from({ length: columns }, (_, column) => costs.map((row) => row[column]));
  const result: (number | undefined)[] = costs.map(() => undefined);
  assign(turned).forEach((row, column) => {
    if (row !== undefined) result[row] = column;
  });
  return result;
}
