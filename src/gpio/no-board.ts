import type { GpioBoard } from './board.js';

/** A device without lines: its switches rest, and what is set goes nowhere. */
export const noBoard: GpioBoard = {
  input: () => ({ read: () => false, close: () => undefined }),
  output: () => ({ set: () => undefined, close: () => undefined }),
};
