import type { LinesConfig } from '../config/site-schema.js';
import type { GpioBoard } from './board.js';
import { noBoard } from './no-board.js';
import { OnoffBoard } from './onoff-board.js';
import { SimulatedBoard } from './simulated-board.js';

/** Touches nothing yet: a board that is not there is told by its first line. */
export function createBoard(config: LinesConfig['board']): GpioBoard {
  switch (config.kind) {
    case 'none':
      return noBoard;
    case 'onoff':
      return new OnoffBoard(config);
    case 'simulated':
      return new SimulatedBoard(config);
  }
}
