import type { Match } from './voi.js';

/**
 * What a hit asks of the crew, the most pressing first. A list's owner writes actions as free text;
 * lamps, buzzers, screens and the order of entries go by these few. Their symbols, colours and sounds are
 * tables (display, gpio, cli), to be replaced by those of a force's own specification.
 */
export const HIT_CATEGORIES = [
  /** Stop the vehicle. */
  'stop',
  /** Whatever else the list's owner asks for. */
  'action',
  /** Watch and report, do not stop. */
  'silent',
  /** The list names no action. */
  'information',
] as const;

export type HitCategory = (typeof HIT_CATEGORIES)[number];

/** Of an action as it is written on a list; empty: none. */
export function categoryOfAction(action: string): HitCategory {
  const written = action.toUpperCase();
  if (written.startsWith('STOP')) return 'stop';
  if (written.startsWith('SILENT')) return 'silent';
  return written === '' ? 'information' : 'action';
}

/** Of a match: that of its most urgent entry, which is the first. */
export function categoryOfMatch({ entries }: Match): HitCategory {
  return categoryOfAction(entries[0]?.action ?? '');
}
