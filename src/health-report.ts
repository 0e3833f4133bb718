import type { DeviceSnapshot } from './device-snapshot.js';
import type { StoreSnapshot } from './store/record-store.js';
import { isoTime } from './uplink/cloud-event.js';

/**
 * What the unit tells the centre of itself at intervals, as src/contract/unit.ts declares it; pure. It
 * names the end of the chain of statements, so that a tail which was cut off is seen from it.
 * @param store of the snapshot; while the store cannot be read there is nothing that a report could wait in.
 * @returns JSON.
 */
export function healthReport(snapshot: DeviceSnapshot, store: StoreSnapshot, nowMs: number): string {
  const { uplink, clock } = snapshot;
  const meteredBytes = Object.values(uplink.meter.spentBytes).reduce((sum, bytes) => sum + bytes, 0);
  return JSON.stringify({
    type: 'health',
    unitId: snapshot.unit,
    at: isoTime(nowMs),
    version: snapshot.version,
    uptimeSeconds: Math.floor(snapshot.uptimeSeconds),
    warnings: snapshot.warnings.map(({ code, subject, severity, sinceMs }) => ({
      code,
      subject,
      severity,
      since: isoTime(sinceMs),
    })),
    lanes: Object.fromEntries(
      Object.entries(store.lanes).map(([lane, { items, bytes, oldestMs }]) => [
        lane,
        { items, bytes, ...(oldestMs !== undefined && { oldestSeconds: Math.floor(oldestMs / 1000) }) },
      ]),
    ),
    losses: store.losses,
    chain: store.head,
    link: {
      connections: uplink.link.connections,
      resent: uplink.resent,
      brokerIndex: uplink.link.broker.index,
      protocolVersion: uplink.link.protocolVersion,
      meteredBytes,
    },
    clock: {
      source: clock.source,
      ...(clock.offsetMs !== undefined && { offsetMs: clock.offsetMs }),
      jumps: clock.jumps,
    },
    store: { medium: store.medium, usedBytes: store.usedBytes, mostBytes: store.mostBytes },
    cameras: snapshot.cameras.map(({ id, vision }) => ({
      id,
      state: vision.state,
      framesProcessed: vision.framesProcessed,
      view: vision.optics.view.state,
    })),
    position: positionData(snapshot.position),
    lines: linesData(snapshot.lines),
    machine: machineData(snapshot.machine),
  });
}

/** How well the receiver does: nothing of where. */
function positionData({ source, state, ageMs, hdop, satellites }: DeviceSnapshot['position']) {
  return {
    source,
    state,
    ...(ageMs !== undefined && { ageSeconds: Math.floor(ageMs / 1000) }),
    ...(hdop !== undefined && { hdop }),
    ...(satellites !== undefined && { satellites }),
  };
}

/** Without the illuminator: when it is switched says something of where the sun sets. */
function linesData({ board, isTamperOpen, isIgnitionOn }: DeviceSnapshot['lines']) {
  return {
    board,
    ...(isTamperOpen !== undefined && { tamperOpen: isTamperOpen }),
    ...(isIgnitionOn !== undefined && { ignitionOn: isIgnitionOn }),
  };
}

function machineData(machine: DeviceSnapshot['machine']) {
  const { celsius, isThrottled, isUnderVoltage, wornPercent, freeBytes, writtenBytes } = machine;
  return {
    ...(celsius !== undefined && { celsius: Math.round(celsius) }),
    ...(isThrottled !== undefined && { throttled: isThrottled }),
    ...(isUnderVoltage !== undefined && { underVoltage: isUnderVoltage }),
    ...(wornPercent !== undefined && { wornPercent }),
    ...(freeBytes !== undefined && { freeBytes }),
    ...(writtenBytes !== undefined && { writtenBytes }),
  };
}
