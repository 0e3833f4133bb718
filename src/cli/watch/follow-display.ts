import { followControl } from '../../control/crew-client.js';
import { type DisplayMessage, SILENT_AFTER_MS } from '../../display/messages.js';
import type { Profile } from '../../domain/display-profile.js';
import type { Clock } from '../../lib/clock.js';
import { DeviceError } from '../../lib/errors.js';

/** Follows the daemon's display for ever, over its restarts. */
export interface FollowDisplayOptions {
  readonly socketPath: string;
  readonly profile: Profile;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onMessage: (message: DisplayMessage) => void;
  /** Nothing is heard any more; it is tried again. */
  readonly onLost: (why: string) => void;
}

/** A daemon restarts within seconds, and the socket is local: a fixed short wait costs nothing. */
const AGAIN_AFTER_MS = 1_000;

/** Ends when the signal is aborted. @throws DeviceError control.refused: asking again would not help. */
export async function followDisplay(options: FollowDisplayOptions): Promise<void> {
  const { socketPath, profile, clock, signal, onMessage, onLost } = options;
  const path = `/hits?profile=${profile}`;
  while (!signal.aborted) {
    try {
      for await (const message of followControl({
        socketPath,
        path,
        silentAfterMs: SILENT_AFTER_MS,
        signal,
      })) {
        onMessage(message as DisplayMessage);
      }
      if (!signal.aborted) onLost('It has ended.');
    } catch (error) {
      if (!(error instanceof DeviceError) || error.code === 'control.refused') throw error;
      onLost(error.message);
    }
    await clock.sleep(AGAIN_AFTER_MS, signal).catch(() => undefined);
  }
}
