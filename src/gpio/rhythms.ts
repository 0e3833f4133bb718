import type { HitCategory } from '../domain/hit-category.js';

/**
 * What lamp and buzzer say, told apart by rhythm alone: there is one lamp, and colours are not for every eye.
 * A character is a tenth of a second: # on, . off.
 */

export const RHYTHM_STEP_MS = 100;

/** Over and over. A daemon that hangs or is gone leaves the lamp without a rhythm. */
export const LAMP_RHYTHMS = {
  /** A short flash every two seconds. */
  ok: '#...................',
  /** Two flashes every two seconds. */
  warning: '##..##..............',
  /** Half a second on, half a second off. */
  fault: '#####.....',
  /** Flickers. */
  hit: '#.',
  /** Long on, short off. */
  stopping: '###############.....',
} as const;

export type LampPattern = keyof typeof LAMP_RHYTHMS;

/** How long the lamp shows a hit before it goes back to what it showed. */
export const LAMP_HIT_MS = 10_000;

/** Once. Nothing sounds for a vehicle that is to be watched without its noticing. */
export const BUZZER_RHYTHMS: Readonly<Record<HitCategory, string>> = {
  /** Three times three. */
  stop: '##.##.##...##.##.##...##.##.##',
  action: '####..####',
  silent: '',
  information: '#',
};

/** @param elapsedMs since the rhythm began. @returns whether it is on; a rhythm that is played once ends off */
export function rhythmAt(rhythm: string, elapsedMs: number, repeat: 'over and over' | 'once'): boolean {
  const step = Math.floor(elapsedMs / RHYTHM_STEP_MS);
  const index = repeat === 'once' ? step : step % rhythm.length;
  return rhythm[index] === '#';
}

export function rhythmMs(rhythm: string): number {
  return rhythm.length * RHYTHM_STEP_MS;
}
