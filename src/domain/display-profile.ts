/** How much of a hit a screen shows, the least first: each shows what the one before shows, and more. */
export const PROFILES = ['driver-moving', 'passenger', 'stationary'] as const;

export type Profile = (typeof PROFILES)[number];

/** The one of two that shows less. */
export function narrower(a: Profile, b: Profile): Profile {
  return PROFILES.indexOf(a) <= PROFILES.indexOf(b) ? a : b;
}
