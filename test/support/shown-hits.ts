import type { DisplayMessage, Equipment } from '../../src/display/messages.js';
import type { ShownHit } from '../../src/display/profiles.js';
import type { HitCategory } from '../../src/domain/hit-category.js';
import { vrmOf } from './reports.js';

/** Hits as a screen is told of them. */

/** As a moving driver's screen has it. */
export function bareHit(category: HitCategory, arrival: number): ShownHit {
  return {
    id: `01990000-0000-7000-8000-${String(arrival).padStart(12, '0')}`,
    arrival,
    state: 'unacknowledged',
    category,
  };
}

/** As a passenger's or a standing vehicle's has it. */
export function shownHit(category: HitCategory, arrival: number, fields: Partial<ShownHit> = {}): ShownHit {
  return {
    ...bareHit(category, arrival),
    vrm: 'AB12CDE',
    kind: 'exact',
    probability: 0.987,
    stands: true,
    make: 'FORD',
    model: 'FOCUS',
    colour: 'BLUE',
    action: category === 'information' ? '' : category.toUpperCase(),
    reason: 'seen at a burglary',
    warningMarkers: 'WEAPONS',
    capturedAtMs: Date.UTC(2026, 5, 1, 12, 30, 15),
    cameraId: 'cam-1',
    direction: 'towards',
    listId: 'force',
    listAgeMs: 7_500_000,
    isListOverAge: false,
    ...fields,
  };
}

/** A hit with everything in doubt. */
export function doubtfulHit(arrival: number): ShownHit {
  return shownHit('stop', arrival, {
    kind: 'possible',
    probability: 0.62,
    readVrm: 'AB12CDF',
    alternatives: [{ vrm: vrmOf('AB12CDG'), probability: 0.121, listIds: ['force'] }],
    stands: false,
    isListOverAge: true,
    hints: ['partly-hidden'],
  });
}

export function snapshotMessage(
  hits: readonly ShownHit[],
  equipment: Partial<Equipment> = {},
): Extract<DisplayMessage, { kind: 'snapshot' }> {
  return { kind: 'snapshot', profile: 'stationary', mutedMs: 0, warnings: [], ...equipment, hits };
}
