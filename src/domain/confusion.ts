/**
 * How the reader errs: counted on drawn plates that trained nothing, and kept with the models,
 * because another reader errs otherwise. Characters are folded (O = 0, I = 1).
 */
export interface Confusions {
  /** Probability that a character of a plate is read as another one, by character: {B: {8: 0.004}}. */
  readonly substituted: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Probability that a character of a plate is left out of the read, by character. */
  readonly lost: Readonly<Record<string, number>>;
  /** Probability, for a whole read, that this character stands in it though it is not on the plate. */
  readonly added: Readonly<Record<string, number>>;
  /** Two characters that are read as one, such as 11 as H with a screw between them: {11: {H: 0.002}}. */
  readonly merged: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Characters that the figures were counted on. */
  readonly counted: number;
}

/** For a device whose models bring none: nothing is confused with anything. */
export const NO_CONFUSIONS: Confusions = { substituted: {}, lost: {}, added: {}, merged: {}, counted: 0 };
