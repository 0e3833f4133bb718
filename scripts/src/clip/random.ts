/**
 * A seeded source of random numbers (sfc32): the same seed gives the same clip on every machine,
 * and `fork` gives each part its own stream, so that drawing one vehicle differently does not
 * change the next.
 */
export interface Random {
  /** In [0, 1). */
  next(): number;
  /** In [low, high). */
  between(low: number, high: number): number;
  /** A whole number, both ends included. */
  whole(low: number, high: number): number;
  chance(probability: number): boolean;
  /** @throws RangeError on an empty list */
  pick<T>(from: readonly T[]): T;
  fork(name: string): Random;
}

export function seededRandom(seed: string): Random {
  const next = sfc32(...seedWords(seed));
  // The first numbers still resemble those of a neighbouring seed.
  for (let i = 0; i < 16; i++) next();
  return {
    next,
    between: (low, high) => low + (high - low) * next(),
    whole: (low, high) => low + Math.floor((high - low + 1) * next()),
    chance: (probability) => next() < probability,
    pick: (from) => {
      if (from.length === 0) throw new RangeError('expected something to pick from, got an empty list');
      return from[Math.floor(next() * from.length)] as (typeof from)[number];
    },
    fork: (name) => seededRandom(`${seed}/${name}`),
  };
}

/** Four hash words of a text (FNV-1a with four different starts). */
function seedWords(text: string): [number, number, number, number] {
  const words = [0x811c9dc5, 0x9e3779b9, 0x85ebca6b, 0xc2b2ae35].map((start) => {
    let hash = start;
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
    return hash >>> 0;
  });
  return words as [number, number, number, number];
}

function sfc32(first: number, second: number, third: number, fourth: number): () => number {
  let a = first | 0;
  let b = second | 0;
  let c = third | 0;
  let counter = fourth | 0;
  return () => {
    const result = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + result) | 0;
    return (result >>> 0) / 4294967296;
  };
}
