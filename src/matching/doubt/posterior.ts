/**
 * Bayes' rule for the mark that a vehicle bears: the probability of each text under the read,
 * weighed by how much likelier such a text is to pass than the read's probabilities take for
 * granted. All texts that nobody weighs have the weight 1:
 *
 *     posterior(T) = w_T p_T / (1 + sum over weighed U of (w_U - 1) p_U)
 */

export interface WeighedText {
  /** Under the read alone, 0 to 1. */
  readonly probability: number;
  /** Above 0. */
  readonly weight: number;
}

/** For each text the probability, 0 to 1, that the vehicle bears it. @param texts all different. */
export function posteriors(texts: readonly WeighedText[]): number[] {
  // The ways to err that the confusion table adds may bring the sum a little over 1.
  const told = texts.reduce((sum, { probability }) => sum + probability, 0);
  const all = texts.reduce((sum, { probability, weight }) => sum + probability * weight, 0);
  const everything = Math.max(0, 1 - told) + all;
  return texts.map(({ probability, weight }) => (everything > 0 ? (probability * weight) / everything : 0));
}

/**
 * The probability under the read below which no listed text can reach a posterior.
 * @param posterior 0 to 1, as `publishFrom`.
 * @param read the read's own text, with its weight.
 * @param leastWeight of any listed text: what else is likely may be on a list as well.
 */
export function leastProbability(
  posterior: number,
  { weight, read, leastWeight }: { weight: number; read: WeighedText; leastWeight: number },
): number {
  // With everything else as unlikely as it may be:
  //   w p / (w p + w_R p_R + m (1 - p_R - p)) >= posterior,  m = min(1, leastWeight)
  const elsewhere = Math.min(1, leastWeight);
  const against = read.weight * read.probability + elsewhere * (1 - read.probability);
  return (posterior * against) / (weight * (1 - posterior) + posterior * elsewhere);
}
