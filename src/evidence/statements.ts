import type { CaptureRecord, ClockQuality, Hit } from '../domain/capture-record.js';
import type { DeviceEvent } from '../domain/device-event.js';
import type { SealedPosition } from '../domain/position.js';
import type { PlateRead } from '../domain/read.js';
import type { StatementSource } from '../domain/statement.js';

/**
 * The data of statements: what a unit says of a hit, a read, an event and a loss. Pure.
 *
 * They go over mobile networks by the thousand, so nothing is said twice and nothing is said that is
 * not so: a list that would be empty is left out, a time beside `capturedAt` is told in milliseconds
 * from it, and numbers have the digits that mean something.
 */
export type StatementData = Readonly<Record<string, unknown>>;

export function statementData(source: StatementSource, unitId: string): StatementData {
  const committedAt = isoTime(source.committedAtMs);
  switch (source.kind) {
    case 'hit':
      return {
        type: 'hit',
        unitId,
        hitId: source.hit.id,
        ...matchData(source.hit),
        matchedAt: isoTime(source.hit.matchedAtMs),
        committedAt,
        read: recordData(source.record),
        ...unlessEmpty('images', source.images),
      };
    case 'read':
      return {
        type: 'read',
        unitId,
        ...recordData(source.record),
        ...(source.matchedAtMs !== undefined && { matchedAt: isoTime(source.matchedAtMs) }),
        committedAt,
        ...unlessEmpty('hits', source.hits),
        ...unlessEmpty('images', source.images),
      };
    case 'event':
      return { type: 'event', unitId, ...eventData(source.event), committedAt };
    case 'loss':
      return { type: 'loss', unitId, lossId: source.id, committedAt, losses: source.losses };
  }
}

/** Every list that was in force is named with its age: whoever reads a hit knows what it rests on. */
function matchData({ match, matchedAtMs }: Hit): StatementData {
  const overAge = new Set(match.lists.filter(({ isOverAge }) => isOverAge).map(({ id }) => id));
  return {
    kind: match.kind,
    probability: rounded(match.probability),
    alerts: match.alerts,
    late: match.late ?? false,
    entries: match.entries.map(({ list, entry, action }) => ({
      action,
      list: {
        id: list.id,
        level: list.level,
        owner: list.owner,
        revision: list.revision,
        issuedAt: isoTime(list.issuedAtMs),
        ageSeconds: Math.max(0, Math.round((matchedAtMs - list.issuedAtMs) / 1000)),
        overAge: overAge.has(list.id),
      },
      entry,
    })),
    alternatives: match.alternatives.map((mark) => ({ ...mark, probability: rounded(mark.probability) })),
    lists: match.lists.map(({ id, revision, ageMs, isOverAge }) => ({
      id,
      revision,
      ageSeconds: Math.round(ageMs / 1000),
      overAge: isOverAge,
    })),
  };
}

function eventData({ id, kind, atMs, hitId, clock, position }: DeviceEvent): StatementData {
  return {
    eventId: id,
    kind,
    ...(hitId !== undefined && { hitId }),
    at: isoTime(atMs),
    clock: clockData(clock),
    ...positionData(position),
  };
}

function recordData({ id, passage, clock, position }: CaptureRecord): StatementData {
  const fromCaptureMs = (atMs: number) => Math.round(atMs - passage.decidedAtMs);
  return {
    recordId: id,
    cameraId: passage.cameraId,
    ...outcomeData(passage.outcome),
    ...unlessEmpty('hints', passage.hints ?? []),
    capturedAt: isoTime(passage.decidedAtMs),
    firstSeenMs: fromCaptureMs(passage.firstSeenAtMs),
    lastSeenMs: fromCaptureMs(passage.lastSeenAtMs),
    pictureMs: fromCaptureMs(passage.pictureAtMs),
    frames: {
      first: passage.firstFrameIndex,
      last: passage.lastFrameIndex,
      found: passage.frameCount,
      read: passage.readCount,
    },
    direction: passage.direction,
    // Whole pixels: a corner is not found closer than that.
    plateCorners: passage.quad.map(({ x, y }) => [Math.round(x), Math.round(y)]),
    ...(passage.frameSize !== undefined && {
      frameSize: [passage.frameSize.widthPx, passage.frameSize.heightPx],
    }),
    clock: clockData(clock),
    ...positionData(position),
  };
}

/** As it was sealed: only the centre can open it. */
function positionData(position: SealedPosition | undefined): StatementData {
  return position === undefined ? {} : { position: { keyId: position.keyId, sealed: position.sealed } };
}

function clockData({ source, offsetMs, maxErrorMs }: ClockQuality): StatementData {
  return {
    source,
    ...(offsetMs !== undefined && { offsetMs }),
    ...(maxErrorMs !== undefined && { maxErrorMs }),
  };
}

function outcomeData(outcome: CaptureRecord['passage']['outcome']): StatementData {
  if (outcome.kind === 'unreadable') return { outcome: 'unreadable', reason: outcome.reason };
  const { vrm, probability, characters, lines, ukClass } = outcome.read;
  return {
    outcome: 'read',
    vrm,
    probability: rounded(probability),
    ...doubtData(characters),
    ...(lines.length > 1 && { lines }),
    ...(ukClass !== undefined && { ukClass }),
  };
}

/** What matching needs of far-fetched characters and of other texts stays on the device: nobody reads it. */
const LEAST_ALTERNATIVE = 0.01;
const MOST_ALTERNATIVES = 4;

/** By place (from 0), what else may stand there; and how sure each place is, where one is not. */
function doubtData(characters: PlateRead['characters']): StatementData {
  if (characters.every(({ probability }) => probability > 1 - LEAST_ALTERNATIVE)) return {};
  return {
    characterProbabilities: characters.map(({ probability }) => rounded(probability)),
    ...unlessEmpty(
      'otherCharacters',
      characters.flatMap(({ alternatives }, place) =>
        alternatives
          .filter(({ probability }) => probability >= LEAST_ALTERNATIVE)
          .slice(0, MOST_ALTERNATIVES)
          .map(({ character, probability }) => ({ place, character, probability: rounded(probability) })),
      ),
    ),
  };
}

function unlessEmpty(name: string, values: readonly unknown[]): StatementData {
  return values.length === 0 ? {} : { [name]: values };
}

/** Four decimals: what lies beyond was never measured. */
function rounded(probability: number): number {
  return Math.round(probability * 10_000) / 10_000;
}

/** ISO 8601 in UTC with milliseconds. */
function isoTime(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
