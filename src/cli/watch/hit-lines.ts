import type { EntryView } from '../../display/hit-view.js';
import type { ShownHit } from '../../display/profiles.js';
import { duration } from '../duration.js';
import { SIGNS } from './signs.js';
import { printable } from './terminal-text.js';

/** How a hit is spelled on a screen. What a profile leaves out is left out here too: every field may be missing. */

/** What tells it from the others, in the order of weight, so that a narrow screen loses the least. */
export function titleOf(hit: ShownHit): string {
  const { vrm, probability, stands, capturedAtMs } = hit;
  return spaced(
    vrm,
    stateWord(hit),
    stands === false && 'DOES NOT STAND',
    vehicleOf(hit),
    capturedAtMs !== undefined && timeOf(capturedAtMs),
    probability !== undefined && percent(probability),
    hit.cameraId,
  );
}

/** Everything else that is shown, a thought a line. */
export function detailsOf(hit: ShownHit): readonly string[] {
  const { vrm, kind, readVrm, probability, alternatives = [], hints = [], otherEntries = [] } = hit;
  if (vrm === undefined) return [];
  const lines = [
    spaced(vrm, vehicleOf(hit)),
    hit.stands === false && 'DOES NOT STAND: the final read says another mark.',
    spaced(
      hit.action ? `Action: ${hit.action}.` : 'No action is listed.',
      labelled('Markers', hit.warningMarkers),
    ),
    labelled('Reason', hit.reason),
    spaced(
      readVrm === undefined
        ? 'Read as listed,'
        : `Read as ${readVrm}, ${kind === 'equivalent' ? 'which prints alike,' : 'another mark,'}`,
      probability !== undefined && `${percent(probability)} sure.`,
      alternatives.length > 0 &&
        `Or: ${alternatives.map((other) => `${other.vrm} ${percent(other.probability)}`).join(', ')}.`,
      hints.length > 0 && `Plate: ${hints.join(', ')}.`,
    ),
    spaced(
      hit.capturedAtMs !== undefined && `Seen ${timeOf(hit.capturedAtMs)}`,
      hit.cameraId !== undefined && `by ${hit.cameraId}`,
      hit.direction !== undefined &&
        hit.direction !== 'unknown' &&
        `driving ${hit.direction === 'away' ? 'away' : 'towards it'}`,
    ),
    listOf(hit),
    labelled('Information', hit.informationAction),
    labelled('Grading', hit.intelligenceGrading),
    labelled('Force and area', hit.forceAndArea),
    labelled('PNC id', hit.pncId),
    labelled('CAD', hit.cadInformation),
    labelled('Protective marking', hit.protectiveMarking),
    labelled('Weed date', hit.weedDate),
    labelled('Spare', spaced(hit.spare1, hit.spare2)),
    ...otherEntries.map((entry) => `Also ${entryLine(entry)}`),
    hit.decidedAtMs !== undefined && `${stateWord(hit)} at ${timeOf(hit.decidedAtMs)}.`,
  ];
  return lines.filter((line): line is string => typeof line === 'string' && line !== '').map(printable);
}

/** A hit in one line, for a stream of lines. */
export function lineOf(hit: ShownHit): string {
  const reason = spaced(labelled('Reason', hit.reason), labelled('Markers', hit.warningMarkers));
  return printable(
    spaced(SIGNS[hit.category].word, titleOf(hit), reason, hit.vrm !== undefined && `[${hit.id}]`),
  );
}

export function percent(share: number): string {
  // Nothing is certain, and nothing that is shown is impossible.
  return `${Math.min(99, Math.max(1, Math.round(share * 100)))} %`;
}

/** As a clock on the wall shows it. @param atMs UTC, milliseconds. */
export function timeOf(atMs: number): string {
  const at = new Date(atMs);
  return [at.getHours(), at.getMinutes(), at.getSeconds()]
    .map((part) => String(part).padStart(2, '0'))
    .join(':');
}

function stateWord({ state }: ShownHit): string {
  return state === 'unacknowledged' ? '' : state.toUpperCase();
}

function vehicleOf({ colour, make, model }: Partial<EntryView>): string {
  return spaced(colour, make, model);
}

function listOf({ listId, listLevel, listOwner, listAgeMs, isListOverAge }: ShownHit): string {
  if (listId === undefined) return '';
  const age = listAgeMs === undefined ? 'of unknown age' : `${duration(listAgeMs / 1000)} old`;
  return spaced(
    `List ${listId}`,
    listLevel && `(${listLevel})`,
    listOwner && `of ${listOwner},`,
    age,
    isListOverAge && '- OLDER THAN ALLOWED',
  );
}

function entryLine(entry: EntryView): string {
  const { listId, action, reason, warningMarkers } = entry;
  return spaced(
    `on ${listId}:`,
    action,
    vehicleOf(entry),
    labelled('Reason', reason),
    labelled('Markers', warningMarkers),
  );
}

function labelled(label: string, text: string | undefined): string {
  return text === undefined || text === '' ? '' : `${label}: ${text}.`;
}

function spaced(...parts: readonly (string | false | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== false && part !== '').join(' ');
}
