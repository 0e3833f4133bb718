import type { DeviceSnapshot } from '../device-snapshot.js';
import { duration } from './duration.js';

/** How the newest plates looked to one camera, and whether it looks where it did. */
export function renderOptics({ vision, optics }: DeviceSnapshot['cameras'][number]): string[] {
  const { vehicles, heightPx, brightness, contrast, blur } = optics;
  if (vehicles === 0) return [];
  const told = [
    ...(heightPx === undefined ? [] : [`${heightPx.toFixed(0)} px high`]),
    ...(brightness === undefined ? [] : [`brightness ${brightness.toFixed(0)} of 255`]),
    ...(contrast === undefined ? [] : [`contrast ${contrast.toFixed(2)}`]),
    ...(blur === undefined ? [] : [`blur ${blur.toFixed(1)} times a sharp one's`]),
  ];
  return [`  plates of the last ${vehicles} vehicles: ${told.join(', ')}; view ${vision.optics.view.state}`];
}

/** Receiver, lines, machine and screens in a few lines; what there is none of is left out. */
export function renderSite({ position, lines, machine, display }: DeviceSnapshot): string[] {
  return [
    ...renderPosition(position),
    ...renderLines(lines),
    ...renderMachine(machine),
    `display: ${display.profile}, ${display.followers} screens, ${display.unacknowledged} of ${display.hits} hits not decided on`,
  ];
}

function renderPosition(position: DeviceSnapshot['position']): string[] {
  const { source, state, ageMs, satellites, hdop, badSentences, baudRate } = position;
  if (source === 'none') return [];
  if (source === 'surveyed') return ['position: as surveyed'];
  const fix = [
    ...(ageMs === undefined ? ['no fix yet'] : [`newest fix ${duration(ageMs / 1000)} ago`]),
    ...(satellites === undefined ? [] : [`${satellites} satellites`]),
    ...(hdop === undefined ? [] : [`HDOP ${hdop}`]),
    ...(baudRate === undefined ? [] : [`${baudRate} baud`]),
    ...(badSentences === 0 ? [] : [`${badSentences} sentences damaged`]),
  ];
  return [`position: ${state}, ${fix.join(', ')}`];
}

function renderLines(lines: DeviceSnapshot['lines']): string[] {
  const { board, isIlluminatorOn, isTamperOpen, isIgnitionOn, lamp, mutedForMs } = lines;
  if (board === 'none') return [];
  const onOff = (isOn: boolean) => (isOn ? 'on' : 'off');
  const told = [
    ...(isIlluminatorOn === undefined ? [] : [`illuminator ${onOff(isIlluminatorOn)}`]),
    ...(isTamperOpen === undefined ? [] : [`cabinet ${isTamperOpen ? 'open' : 'shut'}`]),
    ...(isIgnitionOn === undefined ? [] : [`ignition ${onOff(isIgnitionOn)}`]),
    ...(lamp === undefined ? [] : [`lamp shows ${lamp}`]),
    ...(mutedForMs === undefined ? [] : [`muted for ${duration(mutedForMs / 1000)}`]),
  ];
  return [`lines (${board}): ${told.length === 0 ? 'none configured' : told.join(', ')}`];
}

function renderMachine(machine: DeviceSnapshot['machine']): string[] {
  const { celsius, isThrottled, isUnderVoltage, wornPercent, freeBytes } = machine;
  const told = [
    ...(celsius === undefined ? [] : [`${Math.round(celsius)} °C`]),
    ...(isThrottled ? ['throttled'] : []),
    ...(isUnderVoltage ? ['supply too low'] : []),
    ...(freeBytes === undefined ? [] : [`${Math.floor(freeBytes / 1e6)} MB of disk free`]),
    ...(wornPercent === undefined ? [] : [`disk ${wornPercent} % worn`]),
  ];
  return told.length === 0 ? [] : [`machine: ${told.join(', ')}`];
}
