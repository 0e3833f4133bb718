import type { ShownHit } from '../../display/profiles.js';
import { HIT_CATEGORIES } from '../../domain/hit-category.js';
import { duration } from '../duration.js';
import { detailsOf, titleOf } from './hit-lines.js';
import type { WatchModel } from './model.js';
import { BAR_COLOUR, DIM_COLOUR, type Paint, SIGNS, WARNING_COLOUR } from './signs.js';
import { cut, printable, wrap } from './terminal-text.js';

/** The whole screen as lines; pure. */
export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

/** At most so much of the screen is what is known of the chosen hit. */
const DETAIL_SHARE = 0.5;

/** @returns exactly `rows` lines, none wider than `columns`, colours left aside. */
export function renderScreen(model: WatchModel, nowMono: number, size: ScreenSize, paint: Paint): string[] {
  const head = headOf(model, nowMono, size, paint);
  const foot = footOf(model, nowMono, size, paint);
  const room = Math.max(0, size.rows - head.length - foot.length);
  const body = bodyOf(model, { ...size, rows: room }, paint).slice(0, room);
  const filler = new Array<string>(room - body.length).fill('');
  return [...head, ...body, ...filler, ...foot].slice(0, size.rows);
}

function headOf(model: WatchModel, nowMono: number, { columns }: ScreenSize, paint: Paint): string[] {
  const { equipment, stopping, lost } = model;
  const mutedMs = model.mutedMs(nowMono);
  const waiting = model.hits.filter(({ state }) => state === 'unacknowledged').length;
  const late = model.hits.filter(({ state }) => state === 'late').length;
  const words =
    equipment === undefined
      ? [
          'anprd',
          lost === undefined
            ? 'connecting'
            : `NO CONNECTION for ${duration((nowMono - lost.sinceMono) / 1000)}`,
        ]
      : [
          'anprd',
          `${waiting} waiting`,
          ...(late > 0 ? [`${late} late`] : []),
          ...(mutedMs > 0 ? [`muted ${duration(mutedMs / 1000)}`] : []),
          equipment.profile,
        ];
  const title = words.join(' | ');
  const named = title.length <= columns ? title : words.slice(1).join(' | ');
  const lines = [paint(cut(named, columns).padEnd(columns), BAR_COLOUR)];
  if (stopping !== undefined) {
    const why = stopping === 'ignition-off' ? 'the ignition is off' : 'it was told to';
    lines.push(paint(cut(`THE DEVICE IS STOPPING: ${why}`, columns), WARNING_COLOUR));
  }
  const [worst, ...others] = equipment?.warnings ?? [];
  if (worst !== undefined) {
    const subject = worst.subject === '' ? '' : ` [${worst.subject}]`;
    const more = others.length === 0 ? '' : ` and ${others.length} more`;
    lines.push(paint(cut(printable(`! ${worst.title}${subject}${more}`), columns), WARNING_COLOUR));
  }
  return lines;
}

function footOf(model: WatchModel, nowMono: number, { columns }: ScreenSize, paint: Paint): string[] {
  const notice = model.notice(nowMono);
  const canDecide = model.equipment !== undefined && model.equipment.profile !== 'driver-moving';
  const keys = canDecide
    ? ['c confirm', 'r reject', 'n next', 'p back', 't top', 'm mute', 'q quit']
    : ['m mute', 'q quit'];
  const spelled = [
    keys.join('  '),
    keys.map((key) => key.replace(/ (.{4}).*/, ' $1')).join(' '),
    keys.map((key) => key[0]).join(' '),
  ];
  const line = spelled.find(({ length }) => length <= columns) ?? '';
  return [
    ...(notice === undefined ? [] : [paint(cut(printable(notice), columns), WARNING_COLOUR)]),
    paint(cut(line, columns).padEnd(columns), BAR_COLOUR),
  ];
}

function bodyOf(model: WatchModel, size: ScreenSize, paint: Paint): string[] {
  const { equipment, lost, hits, chosen } = model;
  const { columns, rows } = size;
  if (equipment === undefined) {
    const why =
      lost === undefined
        ? 'Asking the daemon ...'
        : `The daemon is not heard, so nothing is shown and hits may be missed. It is tried again. ${lost.why}`;
    return [...wrap(printable(why), columns)];
  }
  if (equipment.profile === 'driver-moving') return movingBody(hits, size, paint);
  if (hits.length === 0) return ['No hits.'];
  const details = chosen === undefined ? [] : detailsOf(chosen).flatMap((line) => wrap(line, columns, '  '));
  // A line parts them; a list of fewer than three lines shows nothing of what comes next.
  const detailRows = Math.min(details.length, Math.max(0, Math.floor(rows * DETAIL_SHARE) - 1));
  const listRows = detailRows === 0 ? rows : rows - detailRows - 1;
  const list = rowsShown(hits, chosen, listRows).map((hit) => rowOf(hit, hit === chosen, columns, paint));
  if (detailRows === 0) return list;
  return [...list, paint('-'.repeat(columns), DIM_COLOUR), ...details.slice(0, detailRows)];
}

/** Only how many wait, and what they ask for: @see profiles.ts. */
function movingBody(hits: readonly ShownHit[], { columns }: ScreenSize, paint: Paint): string[] {
  const waiting = hits.filter(({ state }) => state === 'unacknowledged');
  const counts = HIT_CATEGORIES.flatMap((category) => {
    const count = waiting.filter((hit) => hit.category === category).length;
    const { mark, word, colour } = SIGNS[category];
    return count === 0 ? [] : [paint(cut(`${mark} ${word.padEnd(6)} ${count}`, columns), colour)];
  });
  const say =
    waiting.length === 0
      ? 'No hits wait.'
      : 'The vehicle moves, or is not known to stand: details are shown when it does.';
  return [...counts, ...wrap(say, columns)];
}

function rowOf(hit: ShownHit, isChosen: boolean, columns: number, paint: Paint): string {
  const { mark, word, colour } = SIGNS[hit.category];
  const isWaiting = hit.state === 'unacknowledged';
  const sign = columns < 50 ? mark : `${mark} ${word.padEnd(6)}`;
  const pointer = isChosen ? '>' : ' ';
  const title = cut(printable(` ${titleOf(hit)}`), Math.max(0, columns - 1 - sign.length));
  const lead = cut(pointer + sign, columns);
  if (isWaiting) return `${paint(lead, colour)}${isChosen ? paint(title, '1') : title}`;
  return isChosen ? `${lead}${paint(title, '1')}` : paint(lead + title, DIM_COLOUR);
}

/** The first ones, so that what came is always seen, and in the last line the chosen one if it is none of them. */
function rowsShown(
  hits: readonly ShownHit[],
  chosen: ShownHit | undefined,
  rows: number,
): readonly ShownHit[] {
  const first = hits.slice(0, rows);
  return chosen === undefined || first.includes(chosen) ? first : [...first.slice(0, -1), chosen];
}
