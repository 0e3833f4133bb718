import type { VisionConfig } from './config/schema.js';
import type { StageWork } from './health/watchdog.js';
import type { VisionSnapshot } from './vision/supervisor.js';

/**
 * Beside the time after which the supervisor itself kills a vision process: loading models on a cold card,
 * and a kernel that takes long to let go of a camera.
 */
const VISION_PATIENCE_MS = 60_000;
/** A worn card may hold up a write for tens of seconds, and goes on then. */
const STORE_PATIENCE_MS = 60_000;

/**
 * What the watchdog judges.
 *
 * Only where a restart can help: a vision process that hangs and cannot be killed (the service manager
 * ends all of them), and passages that no attempt commits. The uplink is not among them: a broker that
 * takes nothing looks like a drain that is stuck, and records wait safely; nor are the receiver, the
 * lines and the lists, without which the device goes on.
 */
export function stagesOf(
  cameras: readonly { readonly id: string; readonly vision: VisionSnapshot }[],
  config: VisionConfig,
): StageWork[] {
  const sum = (name: 'waiting' | 'committed') =>
    cameras.reduce((total, { vision }) => total + vision.passages[name], 0);
  return [
    ...cameras.map(({ id, vision }) => ({
      name: `vision of ${id}`,
      hasInput: vision.owesSigns,
      done: vision.signs,
      patienceMs: config.hangAfterSeconds * 1000 + VISION_PATIENCE_MS,
    })),
    {
      name: 'store',
      hasInput: sum('waiting') > 0,
      done: sum('committed'),
      patienceMs: STORE_PATIENCE_MS,
    },
  ];
}
