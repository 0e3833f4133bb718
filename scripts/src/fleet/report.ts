import { describeMachine } from '../bench/report.js';
import type { FleetResult } from './run.js';

/** What a run found, for people and for programs. */

/** Nothing lost, nothing taken in twice, every chain whole and believed. */
export function isFlawless({ lost, takenTwice, brokenChains, refused }: FleetResult): boolean {
  return lost + takenTwice + brokenChains + refused === 0;
}

export function renderFleet(result: FleetResult): string {
  const { broker, devices, consumers, seconds, nodeAwaySeconds } = result;
  const away =
    nodeAwaySeconds === undefined ? '' : `, a node killed and away for ${nodeAwaySeconds.toFixed(0)} s`;
  const lanes = [
    ['lane', 'events', 'lost', 'p50', 'p99', 'p50 sound', 'p99 sound'],
    ...result.lanes.map((lane) => [
      lane.lane,
      String(lane.committed),
      String(lane.lost),
      spell(lane.p50Ms),
      spell(lane.p99Ms),
      spell(lane.soundP50Ms),
      spell(lane.soundP99Ms),
    ]),
  ];
  const figures: readonly (readonly [string, string])[] = [
    ['events committed', String(result.committed)],
    ['lost', `${result.lost}${result.lost === 0 ? '' : ` (${result.stuck} of them still on their device)`}`],
    ['delivered more than once', `${result.duplicated} (${result.resent} sent again by devices)`],
    ['taken in more than once', String(result.takenTwice)],
    ['chains not whole', `${result.brokenChains} of ${result.chains}`],
    ['statements not believed', String(result.refused)],
    ['reads', String(result.reads)],
    ['bytes per read', `${Math.round(result.bytesPerRead)} on the link, pictures included`],
    ['events a second', result.messagesPerSecond.toFixed(1)],
    ['reconnects', String(result.reconnects)],
  ];
  return [
    `fleet: ${devices} devices, ${consumers} consumers, ${broker}, ${Math.round(seconds)} s${away}; ${describeMachine()}`,
    '',
    ...columns(lanes),
    '',
    ...figures.map(([name, value]) => `${name.padEnd(26)}${value}`),
    '',
    'Times are from the commit on the device to the one at the centre; sound: of events that met no failure of their',
    "device's connection on the way.",
  ].join('\n');
}

export function renderFleetJson(result: FleetResult): string {
  return JSON.stringify({ ...result, machine: describeMachine(), flawless: isFlawless(result) }, null, 2);
}

function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('  '),
  );
}

function spell(durationMs: number): string {
  if (Number.isNaN(durationMs)) return '-';
  return durationMs < 10_000 ? `${Math.round(durationMs)} ms` : `${(durationMs / 1000).toFixed(1)} s`;
}
