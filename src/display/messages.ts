import type { Profile } from '../domain/display-profile.js';
import type { ShownHit } from './profiles.js';

/**
 * What a screen is told, in JSON lines over the control socket: a snapshot first, again whenever the
 * profile changes, changes in between, and a heartbeat. A screen that hears nothing for SILENT_AFTER_MS no longer knows
 * which profile holds, so it must hide what it shows.
 */
export type DisplayMessage =
  | (Equipment & {
      readonly kind: 'snapshot';
      /** Takes the place of everything that was told before. */
      readonly hits: readonly ShownHit[];
    })
  | {
      /** Came, or changed: it takes the place of what was told of this id. */
      readonly kind: 'hit';
      readonly hit: ShownHit;
    }
  | {
      /** Went from the board for a newer one. */
      readonly kind: 'gone';
      readonly id: string;
    }
  | (Equipment & { readonly kind: 'heartbeat' })
  | {
      readonly kind: 'stopping';
      readonly reason: StopReason;
    };

export type StopReason = 'ignition-off' | 'stop';

export interface Equipment {
  readonly profile: Profile;
  /** For so long the buzzer and screens stay silent; 0: they are not muted. */
  readonly mutedMs: number;
  /** Without detail: a crew must know that no hits may mean no camera. */
  readonly warnings: readonly ShownWarning[];
}

export interface ShownWarning {
  readonly severity: 'high' | 'medium' | 'low';
  readonly title: string;
  /** What it is about, such as a camera's id; '' for the device. */
  readonly subject: string;
}

export const HEARTBEAT_MS = 500;
export const SILENT_AFTER_MS = 3_000;
