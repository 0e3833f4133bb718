/** How often and how long; the defaults suit a device, tests are in more of a hurry. */
export interface SessionPace {
  /** Between looks at certificate files and networks, and at whether a better broker is due. */
  readonly watchMs: number;
  /** An attempt is given up after so long. */
  readonly connectWithinMs: number;
  /** How long a lesser broker is kept before a better one is looked for, at first and at most. */
  readonly returnFirstMs: number;
  readonly returnMostMs: number;
}

export const SESSION_PACE: SessionPace = {
  watchMs: 2_000,
  connectWithinMs: 20_000,
  returnFirstMs: 300_000,
  returnMostMs: 900_000,
};
