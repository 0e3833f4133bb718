import type { DisplaySnapshot } from './display/display.js';
import type { ClockWatchSnapshot } from './health/clock-watch.js';
import type { OpticsSummary } from './health/optics-watch.js';
import type { ActiveWarning } from './health/warnings.js';
import type { WatchdogSnapshot } from './health/watchdog.js';
import type { HotlistSnapshot } from './matching/hotlist-snapshot.js';
import type { RecheckSnapshot } from './matching/recheck.js';
import type { SiteSnapshot } from './site.js';
import type { StoreSnapshot } from './store/record-store.js';
import type { UplinkSnapshot } from './uplink/uplink.js';
import type { VisionSnapshot } from './vision/supervisor.js';

/** The state of the whole device, as `anprctl status` shows it. Holds no VRM and no place. */
export interface DeviceSnapshot extends SiteSnapshot {
  readonly unit: string;
  readonly version: string;
  readonly uptimeSeconds: number;
  readonly warnings: readonly ActiveWarning[];
  readonly watchdog: WatchdogSnapshot;
  readonly cameras: readonly {
    readonly id: string;
    readonly vision: VisionSnapshot;
    /** How the newest vehicles' plates looked. */
    readonly optics: OpticsSummary;
  }[];
  readonly clock: ClockWatchSnapshot;
  readonly passages: PassageCounts;
  readonly display: DisplaySnapshot;
  readonly hotlist: HotlistSnapshot;
  /** Of what came onto lists against reads that are held. */
  readonly recheck: RecheckSnapshot;
  /** Absent while the store cannot be read; a warning says why. */
  readonly store?: StoreSnapshot;
  readonly uplink: UplinkSnapshot;
}

/** Closed passages since the start, by outcome, and the hits that were issued. */
export interface PassageCounts {
  read: number;
  unreadable: number;
  hits: number;
}
