/** What 256 counts of grey levels say. They are not all zero. */

/** The level that so large a share (0 to 1) of what was counted does not exceed. */
export function percentile(counts: Uint32Array, share: number): number {
  const wanted = share * total(counts);
  let sum = 0;
  for (let level = 0; level < counts.length; level++) {
    sum += counts[level] as number;
    if (sum >= wanted && sum > 0) return level;
  }
  return counts.length - 1;
}

export function mean(counts: Uint32Array): number {
  let sum = 0;
  for (let level = 0; level < counts.length; level++) sum += level * (counts[level] as number);
  return sum / total(counts);
}

/** Share of what was counted that has this level or more. */
export function shareFrom(counts: Uint32Array, least: number): number {
  return total(counts.subarray(least)) / total(counts);
}

function total(counts: Uint32Array): number {
  let sum = 0;
  for (const count of counts) sum += count;
  return sum;
}
