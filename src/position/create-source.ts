import type { PositionConfig } from '../config/site-schema.js';
import type { Clock } from '../lib/clock.js';
import { GpsdSource } from './gpsd/gpsd-source.js';
import type { PositionSource } from './position-source.js';
import { SerialSource } from './serial-source.js';

/** The receiver that the configuration names; undefined where there is none. */
export function createPositionSource(
  { receiver, silentAfterSeconds }: PositionConfig,
  clock: Clock,
): PositionSource | undefined {
  const silentAfterMs = silentAfterSeconds * 1000;
  switch (receiver.kind) {
    case 'serial':
      return new SerialSource({ ...receiver, silentAfterMs, clock });
    case 'gpsd':
      return new GpsdSource({ ...receiver, silentAfterMs, clock });
    case 'none':
      return undefined;
  }
}
