import type { Profile } from '../domain/display-profile.js';
import type { HitView } from './hit-view.js';

/**
 * What each profile of the display may show of a hit: whitelists, so that a field which is added one
 * day is shown to nobody until somebody has put it here.
 *
 * driver-moving is for a screen that the driver of a moving vehicle can see. Regulation 109 of the Road Vehicles
 * (Construction and Use) Regulations 1986 allows him there: the state of the vehicle and its equipment,
 * its location and road, the road adjacent, and what helps to reach the destination. That the equipment holds hits that
 * wait, how many and of which category, is its state. Which vehicle it is, how it looks, where it drives and why
 * it is wanted is not, and reading it takes eyes off the road; nor can anybody decide on what he is not shown. So this
 * profile has what counts hits by category, and no field that tells one vehicle from another.
 *
 * passenger is read at a glance in a moving car: what finds the vehicle, says what to do and how sure it is.
 * stationary adds what is read at leisure.
 *
 * No body of the suppliers' specification was at hand: these tables are ours, and are there to be replaced by it.
 */
const DRIVER_MOVING = ['id', 'arrival', 'state', 'category'] as const satisfies readonly (keyof HitView)[];

const PASSENGER = [
  ...DRIVER_MOVING,
  'vrm',
  'readVrm',
  'kind',
  'probability',
  'alternatives',
  'stands',
  'make',
  'model',
  'colour',
  'action',
  'warningMarkers',
  'reason',
  'capturedAtMs',
  'cameraId',
  'direction',
  'hints',
  'listId',
  'listAgeMs',
  'isListOverAge',
] as const satisfies readonly (keyof HitView)[];

const STATIONARY = [
  ...PASSENGER,
  'listLevel',
  'listOwner',
  'intelligenceGrading',
  'informationAction',
  'forceAndArea',
  'weedDate',
  'pncId',
  'protectiveMarking',
  'cadInformation',
  'spare1',
  'spare2',
  'otherEntries',
  'decidedAtMs',
] as const satisfies readonly (keyof HitView)[];

export const SHOWN_FIELDS: Readonly<Record<Profile, readonly (keyof HitView)[]>> = {
  'driver-moving': DRIVER_MOVING,
  passenger: PASSENGER,
  stationary: STATIONARY,
};

/** A hit as a screen is told of it: what its profile allows, and always what driver-moving has. */
export type ShownHit = Pick<HitView, (typeof DRIVER_MOVING)[number]> & Partial<HitView>;

export function shown(view: HitView, profile: Profile): ShownHit {
  const allowed: readonly string[] = SHOWN_FIELDS[profile];
  return Object.fromEntries(Object.entries(view).filter(([field]) => allowed.includes(field))) as ShownHit;
}
