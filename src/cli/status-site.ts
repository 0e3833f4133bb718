import type { DeviceSnapshot } from '../device-snapshot.js';
import { duration } from './duration.js';

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
