import { uuidv7 } from 'uuidv7';
import type { HeldHit } from '../../src/domain/held-hit.js';
import type { Match, VoiEntry } from '../../src/domain/voi.js';
import { entryOf, listOf, matchOf, passageOf, possibleOf } from './reports.js';

/** Hits as the store hands them to the display. */
export function heldHitOf(
  vrm: string,
  action: string,
  options: {
    readonly late?: true;
    readonly matchedAtMs?: number;
    readonly columns?: Partial<VoiEntry>;
    readonly match?: Partial<Match>;
  } = {},
): HeldHit {
  const { late, matchedAtMs = 1_790_000_000_450, columns, match } = options;
  return heldFrom(vrm, matchedAtMs, {
    ...matchOf(vrm, 'force'),
    entries: [{ list: listOf('force'), entry: entryOf(vrm, { ...columns, action }), action }],
    ...(late && { late }),
    ...match,
  });
}

/** Of a mark that the vehicle is unlikely to bear. */
export function possibleHitOf(vrm: string): HeldHit {
  return heldFrom(vrm, 1_790_000_000_450, possibleOf(vrm, 'force'));
}

function heldFrom(vrm: string, matchedAtMs: number, match: Match): HeldHit {
  const passage = passageOf(vrm, { pictures: false });
  return { hit: { id: uuidv7(), recordId: passage.id, matchedAtMs, match }, passage, stands: true };
}
