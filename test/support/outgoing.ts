import { configSchema } from '../../src/config/schema.js';
import type { OutboxItem, OutboxMessage } from '../../src/domain/outbox.js';
import type { ChainHead, ImageDigest, StatementSource } from '../../src/domain/statement.js';
import { renderStatus, type UnitState, type Wire } from '../../src/uplink/payloads.js';
import { type Outgoing, Renderer } from '../../src/uplink/renderer.js';
import { notaryOf } from './notary.js';
import { matchOf, passageOf, possibleOf } from './reports.js';

/** One of every message that a unit publishes, sealed and rendered as the device does it. */

export const MQTT_5: Wire = {
  topicPrefix: 'anpr',
  unitId: 'unit-7',
  protocolVersion: 5,
  retain: true,
  usefulMs: 300_000,
};
export const MQTT_3: Wire = { ...MQTT_5, protocolVersion: 4 };

const id = (number: number) => `01a1b2c3-0000-7000-8000-${String(number).padStart(12, '0')}`;
const passage = passageOf('BD51SMR', { id: id(1), pictures: false });
const atMs = passage.decidedAtMs;
export const NOW_MS = atMs + 60;
/** A day later. */
export const HISTORICAL_NOW_MS = atMs + 86_400_000;

const record = {
  id: id(1),
  sequence: 1,
  passage,
  clock: { source: 'ntp', offsetMs: 3, maxErrorMs: 12 },
  position: { keyId: '0123456789abcdef', sealed: 's'.repeat(256) },
} as const;
const images: ImageDigest[] = [
  { kind: 'plate-patch', revision: 2, sha256: 'p'.repeat(43) },
  { kind: 'overview', revision: 2, sha256: 'o'.repeat(43) },
];
const hit = {
  id: id(2),
  recordId: record.id,
  matchedAtMs: atMs + 30,
  match: matchOf('BD51SMR', 'stolen', 'insurance'),
};

/** A read whose second place may as well be another character. */
function doubtful() {
  if (passage.outcome.kind !== 'read') throw new Error('expected a read');
  const { read } = passage.outcome;
  const characters = read.characters.map((place, index) =>
    index === 1
      ? { ...place, probability: 0.8, alternatives: [{ character: 'O', probability: 0.2 }] }
      : place,
  );
  const outcome = { kind: 'read', read: { ...read, characters, lines: ['BD51', 'SMR'] } } as const;
  return { ...passage, outcome, hints: ['mis-spaced'] as const };
}

const SOURCES: Readonly<Record<string, StatementSource>> = {
  hit: { kind: 'hit', hit, record, images, committedAtMs: atMs + 45 },
  'possible hit, told late': {
    kind: 'hit',
    hit: {
      ...hit,
      match: {
        ...possibleOf('BO51SMR', 'stolen'),
        late: true,
        alternatives: [
          { vrm: hit.match.entries[0]?.entry.vrm as never, probability: 0.1, listIds: ['stolen'] },
        ],
      },
    },
    record: { ...record, passage: doubtful(), clock: { source: 'unknown' } },
    images: [],
    committedAtMs: atMs + 45,
  },
  read: { kind: 'read', record, hits: [], images, matchedAtMs: atMs + 30, committedAtMs: atMs + 900 },
  'doubtful read with a hit': {
    kind: 'read',
    record: { ...record, passage: doubtful() },
    hits: [{ id: hit.id, stands: false }],
    images,
    matchedAtMs: atMs + 30,
    committedAtMs: atMs + 900,
  },
  'unreadable passage': {
    kind: 'read',
    record: {
      ...record,
      id: id(3),
      passage: { ...passageOf(undefined, { id: id(3), pictures: false, direction: 'unknown' }) },
    },
    hits: [],
    images: [],
    committedAtMs: atMs + 900,
  },
  event: {
    kind: 'event',
    event: {
      id: id(11),
      kind: 'hit-confirmed',
      atMs: atMs + 500,
      hitId: hit.id,
      clock: { source: 'gps', offsetMs: 2 },
      position: { keyId: '0123456789abcdef', sealed: 'S'.repeat(256) },
    },
    committedAtMs: atMs + 950,
  },
  loss: {
    kind: 'loss',
    id: id(4),
    losses: [
      { lane: 'reads', reason: 'budget', count: 7, statements: [[3, 9]] },
      { lane: 'read-images', reason: 'age', count: 3, statements: [[1, 9]], coarse: true },
      { lane: 'hits', reason: 'damage', count: 1, statements: [], chain: id(10) },
      { lane: 'health', reason: 'damage', count: 0, uncounted: true, statements: [] },
    ],
    committedAtMs: atMs + 1_000,
  },
};

const HEALTH = {
  type: 'health',
  unitId: 'unit-7',
  at: new Date(atMs).toISOString(),
  version: '0.1.0',
  uptimeSeconds: 3_600,
  warnings: [
    { code: 'camera-lost', subject: 'cam-1', severity: 'high', since: new Date(atMs).toISOString() },
  ],
  lanes: {
    hits: { items: 0, bytes: 0 },
    reads: { items: 12, bytes: 12_000, oldestSeconds: 40 },
    'hit-images': { items: 0, bytes: 0 },
    'read-images': { items: 24, bytes: 330_000, oldestSeconds: 41 },
    health: { items: 1, bytes: 900, oldestSeconds: 0 },
  },
  losses: [{ lane: 'reads', reason: 'budget', count: 7 }],
  chain: { chain: id(9), sequence: 812, digest: 'd'.repeat(43) },
  link: { connections: 2, resent: 3, brokerIndex: 0, protocolVersion: 5, meteredBytes: 120_000 },
  clock: { source: 'ntp', offsetMs: 0.4, jumps: 0 },
  store: { medium: 'file', usedBytes: 50_000_000, mostBytes: 2_000_000_000 },
  cameras: [{ id: 'cam-1', state: 'running', framesProcessed: 90_000, view: 'same' }],
  position: { source: 'serial', state: 'fixed', ageSeconds: 1, hdop: 0.9, satellites: 11 },
  lines: { board: 'onoff', tamperOpen: false, ignitionOn: true },
  machine: { celsius: 61, throttled: false, freeBytes: 20_000_000_000 },
};

/** Messages of the outbox by name; the statements are a chain of their own. */
export function outboxMessages(): Readonly<Record<string, OutboxMessage>> {
  const notary = notaryOf('unit-7');
  let head: ChainHead = { chain: id(9), sequence: 0, digest: '' };
  const before = [{ chain: id(11), sequence: 41, digest: 'e'.repeat(43) }];
  const statements = Object.entries(SOURCES).map(([name, source]) => {
    const { kind, id, text, sequence, digest } = notary.seal(
      source,
      head,
      head.sequence === 0 ? before : undefined,
    );
    head = { ...head, sequence, digest };
    return [name, { kind, id, text }] as const;
  });
  const picture = { kind: 'image', recordId: record.id, cameraId: 'cam-1', revision: 2 } as const;
  const jpeg = Uint8Array.of(0xff, 0xd8, 0xff, 0);
  return {
    ...Object.fromEntries(statements),
    'plate patch': {
      ...picture,
      imageKind: 'plate-patch',
      pictureAtMs: passage.pictureAtMs,
      image: { jpeg, widthPx: 120, heightPx: 60 },
    },
    overview: {
      ...picture,
      imageKind: 'overview',
      pictureAtMs: passage.pictureAtMs,
      image: { jpeg, widthPx: 800, heightPx: 450 },
    },
    health: { kind: 'health', id: id(5), atMs, text: JSON.stringify(HEALTH) },
  };
}

export function itemOf(message: OutboxMessage, itemId = 1): OutboxItem {
  return { id: itemId, lane: 'reads', queuedAtMs: atMs, message };
}

/** @param names of renderings that are switched on beside the CloudEvents. */
export function rendererWith(...names: ('onvif' | 'compound')[]): Renderer {
  const renderings = Object.fromEntries(names.map((name) => [name, { enabled: true }]));
  return new Renderer({ renderings: configSchema.parse({ mqtt: { renderings } }).mqtt.renderings });
}

/** Every message of every rendering, the unit's own among them. */
export function everyMessage(wire: Wire, nowMs = NOW_MS): (Outgoing & { readonly name: string })[] {
  const renderer = rendererWith('onvif', 'compound');
  const items = Object.entries(outboxMessages());
  const sent = items.flatMap(([name, message], index) =>
    renderer.render([itemOf(message, index)], wire, nowMs).map((outgoing, place) => ({
      ...outgoing,
      name: place === 0 ? name : `${name}, ${outgoing.message.topic.split('/').at(-1)}`,
    })),
  );
  const session = { id: id(8), timeMs: nowMs };
  const states: UnitState[] = ['online', 'stopped'];
  return [
    ...sent,
    ...states.map((name) => ({ name, message: renderStatus(name, wire, session), itemIds: [] })),
    { name: 'offline', message: renderStatus('offline', wire, { id: session.id }), itemIds: [] },
  ];
}
