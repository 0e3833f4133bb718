import { systemClock } from '../../../src/lib/clock.js';
import type { DriveLog } from './drive-log.js';
import { PtyReceiver } from './pty-receiver.js';
import type { Route } from './route.js';

const SECOND_MS = 1_000;

/**
 * Speaks a drive in real time, in step with the clock, through a receiver that is unplugged in the middle of a
 * sentence and plugged in again as the route says.
 * @param log begins at `beginsAtMs`: that second is spoken when it comes.
 */
export async function playRoute(
  path: string,
  log: DriveLog,
  outages: Route['outages'],
  signal: AbortSignal,
): Promise<void> {
  const until = (second: number) =>
    systemClock
      .sleep(Math.max(0, log.beginsAtMs + second * SECOND_MS - Date.now()), signal)
      .catch(() => undefined);
  let second = 0;
  for (const outage of [...outages, undefined]) {
    const receiver = await PtyReceiver.plugIn({ path });
    try {
      await until(second);
      await receiver.play(log, { from: second, ...(outage && { until: outage.fromSecond }), signal });
      if (signal.aborted || outage === undefined) return;
      const sentences = log.sentencesAt(outage.fromSecond).join('');
      await until(outage.fromSecond);
      // Half of what it has to say: the device hears a sentence that never ends.
      await receiver.say(sentences.slice(0, Math.floor(sentences.length / 2)));
      second = outage.untilSecond;
    } finally {
      await receiver.unplug();
    }
    await until(second - 1);
    if (signal.aborted) return;
  }
}
