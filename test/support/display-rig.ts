import { join } from 'node:path';
import { displaySchema } from '../../src/config/site-schema.js';
import type { CrewDoor } from '../../src/control/crew-routes.js';
import { ControlServer } from '../../src/control/server.js';
import { Display, type DisplayOptions } from '../../src/display/display.js';
import type { HeldHit } from '../../src/domain/held-hit.js';
import { systemClock } from '../../src/lib/clock.js';
import { createLogger } from '../../src/lib/log.js';

/** A display at a real control socket, as the daemon has it, without what feeds it. */
export interface DisplayRig {
  readonly socketPath: string;
  readonly display: Display;
  /** What was recorded: id and decision, in the order in which it came. */
  readonly decisions: (readonly [string, string])[];
  readonly mutes: { count: number };
  /** undefined: no fix. */
  speed: ReturnType<DisplayOptions['speed']>;
  stop(): Promise<void>;
}

export async function startDisplayRig(
  folder: string,
  options: Partial<Omit<DisplayOptions, 'config'>> & {
    readonly config?: Partial<DisplayOptions['config']>;
    readonly held?: readonly HeldHit[];
  } = {},
): Promise<DisplayRig> {
  const { config, held = [], ...given } = options;
  const socketPath = join(folder, 'control.sock');
  const decisions: DisplayRig['decisions'] = [];
  const mutes = { count: 0 };
  const display: Display = new Display({
    clock: systemClock,
    speed: () => rig.speed,
    warnings: () => [],
    onDecision: (hitId, decision) => decisions.push([hitId, decision]),
    onMute: () => {
      mutes.count++;
      display.muted(systemClock.monoMs() + 300_000);
    },
    ...given,
    config: { ...displaySchema.parse({ profile: 'stationary' }), ...config },
  });
  const server = new ControlServer({
    socketPath,
    snapshot: () => ({ display: display.snapshot() }),
    metrics: async () => '',
    crew: display,
    log: createLogger('silent'),
  });
  const rig: DisplayRig = {
    socketPath,
    display,
    decisions,
    mutes,
    speed: undefined,
    stop: async () => {
      display.stop();
      await server.stop();
    },
  };
  display.start(held);
  await server.start();
  return rig;
}

/** For a control socket of which nobody asks anything of the crew's. */
export const NO_CREW: CrewDoor = {
  follow: () => () => undefined,
  decide: () => undefined,
  mute: () => undefined,
};
