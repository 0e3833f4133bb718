import type { SourceConfig } from '../config/schema.js';
import type { Clock } from '../lib/clock.js';
import type { DeviceError } from '../lib/errors.js';
import { connect } from './connect.js';
import type { FrameSource } from './frame-source.js';
import { LiveSource } from './live-source.js';
import type { VideoCapture } from './opencv.js';
import { PicturesSource } from './pictures-source.js';
import { VideoFileSource } from './video-file-source.js';

export interface SourceDependencies {
  readonly clock: Clock;
  readonly silentAfterMs: number;
  /** What went wrong without ending the source: a broken picture, a file that was cut off. */
  readonly onWarning: (warning: DeviceError) => void;
  /** See LiveSource: only a new process helps. */
  readonly onStuck: () => void;
  /** See LiveSource; recordings have nothing to be set. */
  readonly beforeRead?: (capture: VideoCapture) => void;
}

/** The source that the configuration names, not opened yet. */
export function createSource(config: SourceConfig, dependencies: SourceDependencies): FrameSource {
  const { clock, silentAfterMs, onWarning, onStuck, beforeRead } = dependencies;
  switch (config.kind) {
    case 'file':
      return new VideoFileSource({ path: config.path, pace: config.pace, clock, onWarning });
    case 'pictures':
      return new PicturesSource({
        folder: config.folder,
        framesPerSecond: config.framesPerSecond,
        pace: config.pace,
        clock,
        onWarning,
      });
    default:
      return new LiveSource({
        connect: () => connect(config),
        ...(beforeRead && { beforeRead }),
        clock,
        silentAfterMs,
        onStuck,
      });
  }
}
