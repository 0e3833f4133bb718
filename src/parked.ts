import type { LinesConfig } from './config/site-schema.js';
import { Lines } from './gpio/lines.js';
import type { Clock } from './lib/clock.js';
import type { Logger } from './lib/log.js';

export interface ParkedOptions {
  readonly config: LinesConfig;
  readonly clock: Clock;
  readonly log: Logger;
  /** Tells the service manager (native/service-manager.ts). */
  readonly notify: (text: string) => boolean;
  /** Ends the wait: the service is stopped. */
  readonly signal: AbortSignal;
}

const LOOK_EVERY_MS = 1_000;
/** A line that was just given back may be another's for a moment; one that stays so would never say that it is on. */
const UNREADABLE_MS = 120_000;
const NO_LINE = { activeLow: false };

/**
 * After the clean stop for ignition off: waits until it is on again, with nothing running but that line.
 *
 * A vehicle's supply often holds for minutes or hours after the ignition. Whoever ended meanwhile would be
 * started again at once by the service manager, and run on in a parked vehicle; or not at all, and be missing
 * when it drives on. The service manager is told that this works, as long as the line is looked at. It is over as
 * well where the line cannot be read for two minutes.
 */
export async function parked({ config, clock, log, notify, signal }: ParkedOptions): Promise<void> {
  const lines = new Lines({
    config: {
      ...config,
      illuminator: NO_LINE,
      strobeEnable: NO_LINE,
      tamper: NO_LINE,
      lamp: NO_LINE,
      buzzer: NO_LINE,
      mute: NO_LINE,
    },
    clock,
    log,
    onTamper: ignore,
    onIgnitionOff: ignore,
    onMute: ignore,
    onAvailable: ignore,
  });
  lines.start();
  notify('STATUS=ignition off: all is stored, waiting for it to come back');
  for (let readAtMono = clock.monoMs(); clock.monoMs() - readAtMono < UNREADABLE_MS; ) {
    notify('WATCHDOG=1');
    await clock.sleep(LOOK_EVERY_MS, signal).catch(ignore);
    const { isIgnitionOn } = lines.snapshot();
    if (signal.aborted || isIgnitionOn === true) break;
    if (isIgnitionOn === false) readAtMono = clock.monoMs();
  }
  await lines.stop();
}

function ignore(): void {}
