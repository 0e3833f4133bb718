/** How a read differs from what stands on the plate, piece by piece; both folded. */
export type Difference =
  | { readonly kind: 'substituted'; readonly shown: string; readonly read: string }
  | { readonly kind: 'lost'; readonly shown: string }
  | { readonly kind: 'added'; readonly read: string }
  /** Two characters read as one that is neither of them. */
  | { readonly kind: 'merged'; readonly shown: string; readonly read: string };

/** With more of them, the places of a read are not those of the plate. */
const MOST_DIFFERENCES = 2;
/**
 * Rather one pair taken for one character than one character lost beside another one that was
 * mistaken: both happen in the same place because they are one thing.
 */
const COSTS = { substituted: 1, lost: 1, added: 1, merged: 1.5 };

interface Step {
  readonly cost: number;
  readonly from?: { readonly shown: number; readonly read: number };
  readonly difference?: Difference;
}

/**
 * The cheapest way from a plate's text to its read.
 * @returns undefined where they have too little in common to say what became of what.
 */
export function differencesOf(shown: string, read: string): Difference[] | undefined {
  if (shown === read) return [];
  const steps: Step[][] = [];
  for (let i = 0; i <= shown.length; i++) {
    const row: Step[] = [];
    steps.push(row);
    for (let j = 0; j <= read.length; j++) row.push(cheapest(waysTo(steps, shown, read, { i, j })));
  }
  const differences: Difference[] = [];
  let at = { shown: shown.length, read: read.length };
  for (;;) {
    const step = steps[at.shown]?.[at.read] as Step;
    if (step.difference !== undefined) differences.unshift(step.difference);
    if (step.from === undefined) break;
    at = step.from;
  }
  return differences.length > MOST_DIFFERENCES ? undefined : differences;
}

function cheapest(ways: readonly Step[]): Step {
  return ways.reduce((best, way) => (way.cost < best.cost ? way : best), ways[0] ?? { cost: 0 });
}

function waysTo(
  steps: readonly (readonly Step[])[],
  shown: string,
  read: string,
  { i, j }: { readonly i: number; readonly j: number },
): Step[] {
  const ways: Step[] = [];
  const come = (by: { shown: number; read: number }, difference?: Difference) => {
    const from = { shown: i - by.shown, read: j - by.read };
    const before = steps[from.shown]?.[from.read];
    if (before === undefined) return;
    const cost = before.cost + (difference === undefined ? 0 : COSTS[difference.kind]);
    ways.push({ cost, from, ...(difference === undefined ? {} : { difference }) });
  };
  const [shownHere, readHere] = [shown[i - 1], read[j - 1]];
  if (shownHere !== undefined && readHere !== undefined) {
    const both = { shown: 1, read: 1 };
    if (shownHere === readHere) come(both);
    else come(both, { kind: 'substituted', shown: shownHere, read: readHere });
  }
  if (shownHere !== undefined) come({ shown: 1, read: 0 }, { kind: 'lost', shown: shownHere });
  if (readHere !== undefined) come({ shown: 0, read: 1 }, { kind: 'added', read: readHere });
  const pair = shown.slice(i - 2, i);
  if (i >= 2 && readHere !== undefined && !pair.includes(readHere))
    come({ shown: 2, read: 1 }, { kind: 'merged', shown: pair, read: readHere });
  return ways;
}
