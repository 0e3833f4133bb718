import type { CaptureRecord, Hit } from '../domain/capture-record.js';
import type { OutboxMessage } from '../domain/outbox.js';
import type { ReadCharacter } from '../domain/read.js';
import { type CloudEvent, encodeEvent, isoTime } from './cloud-event.js';
import { type Addressing, TOPICS, type TopicName, topicOf } from './topics.js';

/** What is said about records, hits, pictures and the device itself; pure. */

/** A message as it is handed to the broker, always with QoS 1. */
export interface WireMessage {
  readonly topic: string;
  readonly retain: boolean;
  readonly payload: Buffer;
  readonly contentType?: string;
  readonly userProperties?: Readonly<Record<string, string>>;
}

export interface Wire extends Addressing {
  readonly protocolVersion: 4 | 5;
}

export type UnitState = 'online' | 'offline' | 'stopped';

/** An item of the outbox as a message; the same item always gives the same bytes. */
export function renderMessage(message: OutboxMessage, wire: Wire): WireMessage {
  switch (message.kind) {
    case 'hit':
      return toWire('hit', wire, hitEvent(message, wire.unitId));
    case 'read':
      return toWire('read', wire, readEvent(message, wire.unitId));
    case 'image':
      return toWire('image', wire, imageEvent(message, wire.unitId));
  }
}

/**
 * The unit's state: `online` as its birth, `offline` as its will, `stopped` after a clean stop.
 * @param sessionId the same in a connection's birth, will and stop, so that a will that comes late
 *   is told from a newer birth.
 */
export function renderStatus(
  state: UnitState,
  wire: Wire,
  session: { readonly id: string; readonly timeMs?: number },
): WireMessage {
  return toWire('status', wire, {
    id: `${session.id}.${state}`,
    source: sourceOf(wire.unitId),
    type: 'uk.anpr.status.v1',
    ...(session.timeMs !== undefined && { timeMs: session.timeMs }),
    extensions: { sessionid: session.id },
    data: { kind: 'json', value: { unitId: wire.unitId, state, sessionId: session.id } },
  });
}

function toWire(name: TopicName, wire: Wire, event: CloudEvent): WireMessage {
  return {
    topic: topicOf(name, wire),
    retain: TOPICS[name].retain,
    ...encodeEvent(event, wire.protocolVersion),
  };
}

function sourceOf(unitId: string): string {
  return `urn:anprd:${unitId}`;
}

function readEvent(message: OutboxMessage & { kind: 'read' }, unitId: string): CloudEvent {
  const { record, hits } = message;
  return {
    id: record.id,
    source: sourceOf(unitId),
    type: 'uk.anpr.read.v1',
    timeMs: record.passage.decidedAtMs,
    extensions: recordExtensions(record),
    data: { kind: 'json', value: { ...recordData(record), hits } },
  };
}

function hitEvent(message: OutboxMessage & { kind: 'hit' }, unitId: string): CloudEvent {
  const { hit, record, committedAtMs } = message;
  return {
    id: hit.id,
    source: sourceOf(unitId),
    type: 'uk.anpr.hit.v1',
    timeMs: record.passage.decidedAtMs,
    extensions: {
      ...recordExtensions(record),
      // From the frame that decided the read to the hit being in the store; the way to the broker
      // is not in it, so that a repeat is the same message.
      latencyms: String(Math.round(committedAtMs - record.passage.decidedAtMs)),
    },
    data: {
      kind: 'json',
      value: {
        hitId: hit.id,
        ...matchData(hit),
        matchedAt: isoTime(hit.matchedAtMs),
        read: recordData(record),
      },
    },
  };
}

/** Every list that was in force is named with its age: whoever reads a hit knows what it rests on. */
function matchData({ match, matchedAtMs }: Hit): Record<string, unknown> {
  const overAge = new Set(match.lists.filter(({ isOverAge }) => isOverAge).map(({ id }) => id));
  return {
    kind: match.kind,
    probability: match.probability,
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
    alternatives: match.alternatives,
    lists: match.lists.map(({ id, revision, ageMs, isOverAge }) => ({
      id,
      revision,
      ageSeconds: Math.round(ageMs / 1000),
      overAge: isOverAge,
    })),
  };
}

function imageEvent(message: OutboxMessage & { kind: 'image' }, unitId: string): CloudEvent {
  const { image, imageKind, recordId, revision } = message;
  return {
    id: `${recordId}.${imageKind}.${revision}`,
    source: sourceOf(unitId),
    type: 'uk.anpr.image.v1',
    timeMs: message.pictureAtMs,
    extensions: {
      recordid: recordId,
      sequence: String(message.sequence),
      cameraid: message.cameraId,
      imagekind: imageKind,
      imagerevision: String(revision),
      widthpx: String(image.widthPx),
      heightpx: String(image.heightPx),
    },
    data: { kind: 'bytes', contentType: 'image/jpeg', bytes: image.jpeg },
  };
}

function recordExtensions(record: CaptureRecord): Record<string, string> {
  const { source, offsetMs } = record.clock;
  return {
    recordid: record.id,
    sequence: String(record.sequence),
    cameraid: record.passage.cameraId,
    clocksource: source,
    ...(offsetMs !== undefined && { clockoffsetms: String(offsetMs) }),
  };
}

function recordData(record: CaptureRecord): Record<string, unknown> {
  const { passage } = record;
  return {
    recordId: record.id,
    sequence: record.sequence,
    cameraId: passage.cameraId,
    ...outcomeData(passage.outcome),
    hints: passage.hints ?? [],
    capturedAt: isoTime(passage.decidedAtMs),
    firstSeenAt: isoTime(passage.firstSeenAtMs),
    lastSeenAt: isoTime(passage.lastSeenAtMs),
    pictureAt: isoTime(passage.pictureAtMs),
    frames: {
      first: passage.firstFrameIndex,
      last: passage.lastFrameIndex,
      found: passage.frameCount,
      read: passage.readCount,
    },
    direction: passage.direction,
    plateCorners: passage.quad,
    clock: record.clock,
  };
}

function outcomeData(outcome: CaptureRecord['passage']['outcome']): Record<string, unknown> {
  if (outcome.kind === 'unreadable') return { outcome: 'unreadable', reason: outcome.reason };
  const { vrm, probability, characters, lines, ukClass } = outcome.read;
  return {
    outcome: 'read',
    vrm,
    probability,
    // Rounded down: 100 would say that an error is impossible.
    confidencePercentage: Math.floor(probability * 100),
    characters: characters.map(onTheWire),
    lines,
    ...(ukClass !== undefined && { ukClass }),
  };
}

/** What matching needs of far-fetched characters and of other texts stays on the device: nobody reads it. */
const LEAST_ALTERNATIVE = 0.01;
const MOST_ALTERNATIVES = 4;

function onTheWire(place: ReadCharacter): ReadCharacter {
  return {
    ...place,
    alternatives: place.alternatives
      .filter(({ probability }) => probability >= LEAST_ALTERNATIVE)
      .slice(0, MOST_ALTERNATIVES)
      .map(({ character, probability }) => ({ character, probability: Number(probability.toFixed(4)) })),
  };
}
