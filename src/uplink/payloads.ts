import type { UkClass } from '../domain/grammar/forms.js';
import type { OutboxMessage } from '../domain/outbox.js';
import type { Direction } from '../domain/passage.js';
import type { StatementKind } from '../domain/statement.js';
import { type CloudEvent, encodeEvent, isoTime } from './cloud-event.js';
import { type Addressing, TOPICS, type TopicName, topicOf } from './topics.js';

/** What is said of records, hits, pictures, events and the device itself, as CloudEvents; pure. */

/** A message as it is handed to the broker, always with QoS 1. Nothing ever expires. */
export interface WireMessage {
  readonly topic: string;
  readonly retain: boolean;
  readonly payload: Buffer;
  /** MQTT 5 only, as the user properties are. */
  readonly contentType?: string;
  readonly userProperties?: Readonly<Record<string, string>>;
}

export interface WireFormat extends Addressing {
  readonly protocolVersion: 4 | 5;
  /** False for brokers that refuse a message which asks to be retained. */
  readonly retain: boolean;
}

export interface Wire extends WireFormat {
  /** What is older when it is sent is marked historical. */
  readonly usefulMs: number;
}

export type UnitState = 'online' | 'offline' | 'stopped';

/** What of a statement's own text is needed for its packet and for other renderings. */
export interface SealedText extends Partial<RecordText> {
  readonly type: StatementKind;
  readonly committedAt: string;
  readonly evidence: { readonly sequence: number };
  /** In an event: what happened, and when (ISO 8601, UTC). */
  readonly kind?: string;
  readonly at?: string;
  /** In a hit: the record as it was when the hit was issued. */
  readonly read?: RecordText;
}

export interface RecordText {
  readonly recordId: string;
  readonly cameraId: string;
  /** ISO 8601, UTC. */
  readonly capturedAt: string;
  readonly clock: { readonly source: string; readonly offsetMs?: number };
  readonly direction: Direction;
  /** x and y in pixels of a frame of `frameSize`. */
  readonly plateCorners: readonly (readonly [number, number])[];
  /** Width and height; absent in records of older versions. */
  readonly frameSize?: readonly [number, number];
  /** The mark and how probable it is; absent where nothing could be read. */
  readonly vrm?: string;
  readonly probability?: number;
  readonly ukClass?: UkClass;
}

/**
 * An item of the outbox as an event. A repeat has the same id and the same data, and another `publishedat`.
 * @param statement the parsed text, where the item is a statement.
 */
export function renderMessage(
  message: OutboxMessage,
  wire: Wire,
  nowMs: number,
  statement?: SealedText,
): WireMessage {
  const event = eventOf(message, wire.unitId, statement);
  const isHistorical = event.time !== undefined && nowMs - Date.parse(event.time) > wire.usefulMs;
  return toWire(message.kind, wire, {
    ...event,
    extensions: {
      ...event.extensions,
      publishedat: isoTime(nowMs),
      ...(isHistorical && { historical: 'true' }),
    },
  });
}

/**
 * The unit's state: `online` as its birth, `offline` as its will, `stopped` after a clean stop.
 * @param sessionId the same in a connection's birth, will and stop, so that a will that comes late
 *   is told from a newer birth.
 */
export function renderStatus(
  state: UnitState,
  wire: WireFormat,
  session: { readonly id: string; readonly timeMs?: number },
): WireMessage {
  return toWire('status', wire, {
    id: `${session.id}.${state}`,
    source: sourceOf(wire.unitId),
    type: 'uk.anpr.status.v1',
    ...(session.timeMs !== undefined && { time: isoTime(session.timeMs) }),
    extensions: { sessionid: session.id },
    data: { kind: 'json', text: JSON.stringify({ unitId: wire.unitId, state, sessionId: session.id }) },
  });
}

function toWire(name: TopicName, wire: WireFormat, event: CloudEvent): WireMessage {
  return {
    topic: topicOf(name, wire),
    retain: TOPICS[name].retain && wire.retain,
    ...encodeEvent(event, wire.protocolVersion),
  };
}

function sourceOf(unitId: string): string {
  return `urn:anprd:${unitId}`;
}

function eventOf(message: OutboxMessage, unitId: string, statement: SealedText | undefined): CloudEvent {
  const source = sourceOf(unitId);
  const type = `uk.anpr.${message.kind}.v1`;
  switch (message.kind) {
    case 'image':
      return { source, type, ...imageEvent(message) };
    case 'health':
      return {
        id: message.id,
        source,
        type,
        time: isoTime(message.atMs),
        extensions: {},
        data: { kind: 'json', text: message.text },
      };
    default:
      if (statement === undefined) throw new Error('a statement is rendered from its parsed text');
      return {
        id: message.id,
        source,
        type,
        time: recordOf(statement)?.capturedAt ?? statement.at ?? statement.committedAt,
        extensions: statementExtensions(statement),
        data: { kind: 'json', text: message.text },
      };
  }
}

/** A read is the record itself, a hit holds it; an event and a loss have none. */
export function recordOf(statement: SealedText): RecordText | undefined {
  if (statement.type === 'read') return statement as RecordText;
  return statement.read;
}

/** A read is told in few bytes: its id is the record's, and what else it says of itself is in the data. */
function statementExtensions(statement: SealedText): Record<string, string> {
  const sequence = String(statement.evidence.sequence);
  if (statement.type === 'event') return { sequence, eventkind: String(statement.kind) };
  const record = recordOf(statement);
  if (record === undefined) return { sequence };
  const { recordId, cameraId, clock, capturedAt } = record;
  if (statement.type === 'read') return { sequence, cameraid: cameraId };
  return {
    sequence,
    cameraid: cameraId,
    recordid: recordId,
    clocksource: clock.source,
    ...(clock.offsetMs !== undefined && { clockoffsetms: String(Number(clock.offsetMs.toFixed(3))) }),
    // From the frame that decided the read to the hit being in the store; the way to the broker is not
    // in it, so that a repeat says the same.
    latencyms: String(Date.parse(statement.committedAt) - Date.parse(capturedAt)),
  };
}

function imageEvent(
  message: OutboxMessage & { kind: 'image' },
): Pick<CloudEvent, 'id' | 'time' | 'extensions' | 'data'> {
  const { image, imageKind, recordId, revision, pictureAtMs, cameraId } = message;
  return {
    id: `${recordId}.${imageKind}.${revision}`,
    time: isoTime(pictureAtMs),
    extensions: {
      recordid: recordId,
      cameraid: cameraId,
      imagekind: imageKind,
      imagerevision: String(revision),
      widthpx: String(image.widthPx),
      heightpx: String(image.heightPx),
    },
    data: { kind: 'bytes', contentType: 'image/jpeg', bytes: image.jpeg },
  };
}
