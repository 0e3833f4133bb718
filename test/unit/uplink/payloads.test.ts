import { describe, expect, it } from 'vitest';
import type { OutboxMessage } from '../../../src/domain/outbox.js';
import type { Match } from '../../../src/domain/voi.js';
import type { MatchKey } from '../../../src/domain/vrm.js';
import { renderMessage, renderStatus, type Wire } from '../../../src/uplink/payloads.js';
import { listTopicOf, parseListTopic, TOPICS, topicOf } from '../../../src/uplink/topics.js';
import { matchOf, passageOf, vrmOf } from '../../support/reports.js';

const MQTT_5: Wire = { topicPrefix: 'anpr', unitId: 'unit-7', protocolVersion: 5 };
const MQTT_3: Wire = { ...MQTT_5, protocolVersion: 4 };

const passage = passageOf('BD51SMR', { id: '01a1b2c3-0000-7000-8000-000000000001', pictures: false });
const record = { id: passage.id, sequence: 42, passage, clock: { source: 'ntp', offsetMs: 3 } } as const;
const hits = [{ id: 'hit-1', stands: true }];
const READ: OutboxMessage = { kind: 'read', record, hits };
const HIT: OutboxMessage & { kind: 'hit' } = {
  kind: 'hit',
  record,
  hit: {
    id: 'hit-1',
    recordId: record.id,
    matchedAtMs: passage.decidedAtMs + 30,
    match: matchOf('BD51SMR', 'stolen', 'insurance'),
  },
  committedAtMs: passage.decidedAtMs + 45,
};
const IMAGE: OutboxMessage = {
  kind: 'image',
  recordId: record.id,
  cameraId: 'cam-1',
  sequence: 42,
  imageKind: 'plate-patch',
  revision: 2,
  pictureAtMs: passage.pictureAtMs,
  image: { jpeg: Uint8Array.of(0xff, 0xd8, 0xff, 0), widthPx: 120, heightPx: 60 },
};
const ALL = [READ, HIT, IMAGE];

function json(payload: Buffer) {
  return JSON.parse(payload.toString());
}

describe('a read on MQTT 5 (binary mode)', () => {
  const message = renderMessage(READ, MQTT_5);

  it('has its data as the payload', () => {
    expect(message).toMatchObject({
      topic: 'anpr/unit-7/read',
      retain: false,
      contentType: 'application/json',
    });
    expect(json(message.payload)).toEqual({
      recordId: record.id,
      sequence: 42,
      cameraId: 'cam-1',
      outcome: 'read',
      vrm: 'BD51SMR',
      probability: 0.987,
      confidencePercentage: 98,
      characters: passage.outcome.kind === 'read' && passage.outcome.read.characters,
      lines: ['BD51SMR'],
      ukClass: 'current',
      hints: [],
      capturedAt: '2026-09-21T14:13:20.400Z',
      firstSeenAt: '2026-09-21T14:13:20.000Z',
      lastSeenAt: '2026-09-21T14:13:20.900Z',
      pictureAt: '2026-09-21T14:13:20.360Z',
      frames: { first: 10, last: 32, found: 20, read: 18 },
      direction: 'towards',
      plateCorners: passage.quad,
      clock: { source: 'ntp', offsetMs: 3 },
      hits: [{ id: 'hit-1', stands: true }],
    });
  });

  it('has its attributes as user properties', () => {
    expect(message.userProperties).toEqual({
      specversion: '1.0',
      id: record.id,
      source: 'urn:anprd:unit-7',
      type: 'uk.anpr.read.v1',
      time: '2026-09-21T14:13:20.400Z',
      recordid: record.id,
      sequence: '42',
      cameraid: 'cam-1',
      clocksource: 'ntp',
      clockoffsetms: '3',
    });
  });

  it('leaves out what is far-fetched, which only matching needs', () => {
    const { outcome } = passage;
    if (outcome.kind !== 'read') throw new Error('expected a read');
    const shares = { X: 0.2, Y: 0.1234567, Z: 0.05, V: 0.04, W: 0.03, K: 0.009 };
    const alternatives = Object.entries(shares).map(([character, probability]) => ({
      character,
      probability,
    }));
    const read = {
      ...outcome.read,
      characters: outcome.read.characters.map((place) => ({ ...place, alternatives })),
      otherTexts: [{ matchKey: 'BD51SM' as MatchKey, probability: 0.01 }],
    };
    const doubtful = { ...record, passage: { ...passage, outcome: { ...outcome, read } } };
    const data = json(renderMessage({ kind: 'read', record: doubtful, hits }, MQTT_5).payload);
    expect(data).not.toHaveProperty('otherTexts');
    expect(data.characters[0].alternatives).toEqual([
      { character: 'X', probability: 0.2 },
      { character: 'Y', probability: 0.1235 },
      { character: 'Z', probability: 0.05 },
      { character: 'V', probability: 0.04 },
    ]);
  });

  it('says why where nothing could be read', () => {
    const unread = { ...record, passage: passageOf(undefined, { pictures: false }) };
    const data = json(renderMessage({ kind: 'read', record: unread, hits: [] }, MQTT_5).payload);
    expect(data).toMatchObject({ outcome: 'unreadable', reason: 'blurred' });
    expect(data).not.toHaveProperty('vrm');
  });

  it('gives the reasons to look at the plate, also where nothing could be read', () => {
    for (const vrm of ['BD51SMR', undefined]) {
      const odd = { ...record, passage: passageOf(vrm, { pictures: false, hints: ['suspected-ghost'] }) };
      const data = json(renderMessage({ kind: 'read', record: odd, hits: [] }, MQTT_5).payload);
      expect(data.hints).toEqual(['suspected-ghost']);
      expect(json(renderMessage({ ...HIT, record: odd }, MQTT_5).payload).read.hints).toEqual(data.hints);
    }
  });
});

describe('a hit', () => {
  const message = renderMessage(HIT, MQTT_5);

  it('has an id of its own, and the time that the device took', () => {
    expect(message.userProperties).toMatchObject({
      id: 'hit-1',
      recordid: record.id,
      type: 'uk.anpr.hit.v1',
      latencyms: '45',
    });
  });

  it('names every entry with its 16 columns, its validity, its action and its list, and the read', () => {
    const data = json(message.payload);
    expect(data).toMatchObject({ hitId: 'hit-1', kind: 'exact', read: { vrm: 'BD51SMR', sequence: 42 } });
    expect(data.matchedAt).toBe('2026-09-21T14:13:20.430Z');
    const said = { level: 'force', owner: 'test owner', revision: 1, issuedAt: '2026-09-21T13:56:40.000Z' };
    expect(data.entries).toMatchObject([
      { action: 'STOP', list: { id: 'stolen', ...said, ageSeconds: 1000, overAge: false } },
      { action: 'STOP', list: { id: 'insurance', ...said, ageSeconds: 1000, overAge: false } },
    ]);
    expect(Object.keys(data.entries[0].entry)).toHaveLength(18);
    expect(data.entries[0].entry).toMatchObject({ vrm: 'BD51SMR', validFrom: '', validTo: '' });
  });

  it('says how sure it is, whether to call a crew, and that it is not late', () => {
    expect(json(message.payload)).toMatchObject({
      probability: 0.987,
      alerts: true,
      late: false,
      alternatives: [],
    });
  });

  it('that is only possible gives the other marks that it may be, and what a list that is too old is', () => {
    const match: Match = {
      ...matchOf('BD51SMB', 'stolen'),
      kind: 'possible',
      probability: 0.31,
      alerts: false,
      late: true,
      alternatives: [{ vrm: vrmOf('BD51SMP'), probability: 0.04, listIds: ['local'] }],
      lists: [
        { id: 'stolen', revision: 7, ageMs: 90_000_400, isOverAge: true },
        { id: 'local', revision: 2, ageMs: 60_000, isOverAge: false },
      ],
    };
    const possible = json(renderMessage({ ...HIT, hit: { ...HIT.hit, match } }, MQTT_5).payload);
    expect(possible).toMatchObject({
      kind: 'possible',
      probability: 0.31,
      alerts: false,
      late: true,
      alternatives: [{ vrm: 'BD51SMP', probability: 0.04, listIds: ['local'] }],
      entries: [{ list: { id: 'stolen', overAge: true }, entry: { vrm: 'BD51SMB' } }],
    });
    // Every list that was in force, also the one that does not name the vehicle.
    expect(possible.lists).toEqual([
      { id: 'stolen', revision: 7, ageSeconds: 90_000, overAge: true },
      { id: 'local', revision: 2, ageSeconds: 60, overAge: false },
    ]);
  });
});

describe('a picture', () => {
  it('is itself the payload on MQTT 5', () => {
    const message = renderMessage(IMAGE, MQTT_5);
    expect(message).toMatchObject({ topic: 'anpr/unit-7/image', contentType: 'image/jpeg' });
    expect([...message.payload]).toEqual([0xff, 0xd8, 0xff, 0]);
    expect(message.userProperties).toMatchObject({
      id: `${record.id}.plate-patch.2`,
      recordid: record.id,
      imagekind: 'plate-patch',
      imagerevision: '2',
      widthpx: '120',
      heightpx: '60',
    });
  });

  it('is base64 in the event on MQTT 3.1.1', () => {
    const event = json(renderMessage(IMAGE, MQTT_3).payload);
    expect(event).toMatchObject({ datacontenttype: 'image/jpeg', data_base64: '/9j/AA==' });
  });
});

describe('MQTT 3.1.1 (structured mode)', () => {
  it.each(ALL)('carries the same attributes and data in one JSON object: $kind', (item) => {
    const [binary, structured] = [renderMessage(item, MQTT_5), renderMessage(item, MQTT_3)];
    expect(structured.contentType).toBeUndefined();
    expect(structured.userProperties).toBeUndefined();
    const { data, data_base64, datacontenttype, ...attributes } = json(structured.payload);
    expect(attributes).toEqual(binary.userProperties);
    expect(datacontenttype).toBe(binary.contentType);
    const bytes = data === undefined ? Buffer.from(data_base64, 'base64') : Buffer.from(JSON.stringify(data));
    expect(bytes).toEqual(binary.payload);
  });
});

describe('every message', () => {
  it.each(ALL)('is byte for byte the same when it is sent again: $kind', (item) => {
    expect(renderMessage(item, MQTT_5)).toEqual(renderMessage(structuredClone(item), MQTT_5));
  });

  it.each(ALL)('has attribute names that CloudEvents allows, and no VRM among them: $kind', (item) => {
    const attributes = renderMessage(item, MQTT_5).userProperties ?? {};
    for (const name of Object.keys(attributes)) expect(name).toMatch(/^[a-z0-9]{1,20}$/);
    expect(JSON.stringify(attributes)).not.toContain('BD51SMR');
  });
});

describe('the status', () => {
  it('is retained, and its will has no time, for nobody knows when it will be said', () => {
    const birth = renderStatus('online', MQTT_5, { id: 's1', timeMs: passage.decidedAtMs });
    const will = renderStatus('offline', MQTT_5, { id: 's1' });
    expect(birth).toMatchObject({ topic: 'anpr/unit-7/status', retain: true });
    expect(json(birth.payload)).toEqual({ unitId: 'unit-7', state: 'online', sessionId: 's1' });
    expect(birth.userProperties).toMatchObject({
      type: 'uk.anpr.status.v1',
      time: '2026-09-21T14:13:20.400Z',
    });
    expect(json(will.payload)).toMatchObject({ state: 'offline', sessionId: 's1' });
    expect(will.userProperties).not.toHaveProperty('time');
    expect(will.userProperties?.id).not.toBe(birth.userProperties?.id);
  });
});

describe('topics', () => {
  it('name the unit and the kind of message and nothing else', () => {
    const addressing = { topicPrefix: 'force/anpr', unitId: 'unit-7' };
    const topics = (Object.keys(TOPICS) as (keyof typeof TOPICS)[]).map((name) => topicOf(name, addressing));
    expect(topics).toEqual([
      'force/anpr/unit-7/read',
      'force/anpr/unit-7/hit',
      'force/anpr/unit-7/image',
      'force/anpr/unit-7/status',
    ]);
  });

  it.each(ALL)('hold no VRM whatever is sent: $kind', (item) => {
    expect(renderMessage(item, MQTT_5).topic).toBe(topicOf(item.kind, MQTT_5));
    expect(renderMessage(item, MQTT_5).topic.toUpperCase()).not.toContain('BD51SMR');
  });

  it('of a list name the list and its blob, and can be read back', () => {
    for (const name of ['manifest', 'snapshot/12/0', 'delta/11-12/3']) {
      const topic = listTopicOf('force/lists', 'stolen', name);
      expect(topic).toBe(`force/lists/stolen/${name}`);
      expect(parseListTopic('force/lists', topic)).toEqual({ listId: 'stolen', name });
    }
    for (const topic of [
      'force/listsx/stolen/manifest',
      'force/lists/manifest',
      'force/lists/a/snapshot/x/1',
    ]) {
      expect(parseListTopic('force/lists', topic)).toBeUndefined();
    }
  });
});
