import type { DeviceSnapshot } from '../../src/device-snapshot.js';
import { NO_OPTICS } from '../../src/domain/optics.js';
import type { Lane } from '../../src/domain/outbox.js';
import type { StoreSnapshot } from '../../src/store/record-store.js';
import type { UplinkSnapshot } from '../../src/uplink/uplink.js';

/** The state of a device on a good day; a test changes what it is about. */

const eachLane = <T>(value: T): Record<Lane, T> => ({
  hits: value,
  reads: value,
  'hit-images': value,
  'read-images': value,
  health: value,
});

export function storeSnapshotOf(changes: Partial<StoreSnapshot> = {}): StoreSnapshot {
  return {
    medium: 'file',
    lastSequence: 12,
    head: { chain: '01930000-0000-7000-8000-000000000001', sequence: 14, digest: 'A'.repeat(43) },
    records: 12,
    openRecords: 1,
    hits: 2,
    lanes: eachLane({ items: 0, bytes: 0 }),
    usedBytes: 4_000_000,
    mostBytes: 2_000_000_000,
    erased: { age: 0, budget: 0 },
    losses: [],
    ...changes,
  };
}

export function uplinkSnapshotOf(
  changes: Partial<UplinkSnapshot> = {},
  link: Partial<UplinkSnapshot['link']> = {},
): UplinkSnapshot {
  return {
    inFlight: 0,
    inFlightBytes: 0,
    parked: 0,
    acknowledged: eachLane(3),
    resent: 1,
    dropped: { unanswered: 0, 'held-up': 0 },
    meter: { sinceMs: 0, spentBytes: eachLane(100), limitBytes: {}, shut: [] },
    hitLatency: { count: 2, medianMs: 40, worstMs: 60 },
    link: {
      state: 'connected',
      sinceMs: 0,
      connections: 2,
      broker: { index: 0, name: 'mqtts://broker.example:8883' },
      protocolVersion: 5,
      networkInterface: 'wwan0',
      certificates: [],
      ...link,
    },
    inbound: { subscribed: 0, messages: 0, bytes: 0, oversized: 0 },
    ...changes,
  };
}

export function deviceSnapshotOf(changes: Partial<DeviceSnapshot> = {}): DeviceSnapshot {
  return {
    unit: 'unit-1',
    version: '1.2.3',
    uptimeSeconds: 61.7,
    warnings: [],
    watchdog: { stalled: [] },
    cameras: [
      {
        id: 'cam-1',
        vision: {
          state: 'running',
          pid: 17,
          restarts: 1,
          owesSigns: true,
          signs: 130,
          source: { state: 'open', detail: '' },
          framesProcessed: 100,
          framesDropped: 2,
          framesLimited: 0,
          framesWithoutMotion: 50,
          detectMs: 900,
          readMs: 100,
          optics: NO_OPTICS,
          noise: 3,
          openPassages: 1,
          passages: { waiting: 0, committed: 12, lost: 0, orphans: 0, adopted: 0, dropped: 0 },
        },
        optics: {
          vehicles: 12,
          heightPx: 21.6,
          brightness: 148,
          saturatedShare: 0,
          contrast: 0.7,
          blur: 0.9,
        },
      },
    ],
    clock: { source: 'ntp', offsetMs: 0.4, jumps: 0 },
    passages: { read: 11, unreadable: 1, hits: 2 },
    position: {
      source: 'serial',
      state: 'fixed',
      ageMs: 420,
      hdop: 0.9,
      satellites: 9,
      baudRate: 9_600,
      sentences: 240,
      badSentences: 1,
      reopened: 0,
    },
    lines: { board: 'none', failures: 0 },
    machine: { celsius: 51.2, isThrottled: false, freeBytes: 9_000_000_000, writtenBytes: 4_096_000 },
    display: {
      profile: 'driver-moving',
      followers: 1,
      hits: 2,
      unacknowledged: 1,
      confirmed: 1,
      rejected: 0,
      late: 0,
      forgotten: 0,
    },
    hotlist: { state: 'loaded', detail: '', markCount: 7, clock: 'credible', keeperRestarts: 0, lists: [] },
    recheck: { pending: [], lateHits: 0 },
    store: storeSnapshotOf(),
    uplink: uplinkSnapshotOf(),
    ...changes,
  };
}
