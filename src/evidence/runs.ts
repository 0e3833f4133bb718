/** First and last of a run of whole numbers. */
export type Run = readonly [number, number];

/** The same numbers in as few runs as can be, in order; runs that end before they begin are none. */
export function mergedRuns(runs: readonly Run[]): Run[] {
  const merged: [number, number][] = [];
  for (const [from, to] of runs.filter(([a, b]) => a <= b).sort((a, b) => a[0] - b[0])) {
    const last = merged.at(-1);
    if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
}

/**
 * What of some runs is in none of the others.
 * @param runs in order, apart from each other
 * @param others as mergedRuns gives them
 */
export function withoutRuns(runs: readonly Run[], others: readonly Run[]): Run[] {
  const left: Run[] = [];
  let at = 0;
  for (const [from, to] of runs) {
    let start = from;
    while (at < others.length && (others[at] as Run)[1] < from) at++;
    for (let next = at; next < others.length && (others[next] as Run)[0] <= to; next++) {
      const [otherFrom, otherTo] = others[next] as Run;
      if (otherFrom > start) left.push([start, otherFrom - 1]);
      start = Math.max(start, otherTo + 1);
    }
    if (start <= to) left.push([start, to]);
  }
  return left;
}
