import { describe, expect, it } from 'vitest';
import { renderMessage, renderStatus, type SealedText, type Wire } from '../../../src/uplink/payloads.js';
import { listTopicOf, parseListTopic, TOPICS, topicOf } from '../../../src/uplink/topics.js';
import { HISTORICAL_NOW_MS, MQTT_3, MQTT_5, NOW_MS, outboxMessages } from '../../support/outgoing.js';

/** Items of the outbox as CloudEvents. What a statement says is test/unit/evidence's. */

const MESSAGES = outboxMessages();
const ALL = Object.entries(MESSAGES);

function rendered(name: string, wire: Wire = MQTT_5, nowMs = NOW_MS) {
  const message = MESSAGES[name];
  if (message === undefined) throw new Error(`no message ${name}`);
  const isStatement = message.kind !== 'image' && message.kind !== 'health';
  const statement = isStatement ? (JSON.parse(message.text) as SealedText) : undefined;
  return renderMessage(message, wire, nowMs, statement);
}

function json(payload: Buffer) {
  return JSON.parse(payload.toString());
}

describe('on MQTT 5 (binary mode)', () => {
  it('a read says in its properties what tells it from others, and its payload is what was signed', () => {
    const message = rendered('read');
    expect(message).toMatchObject({
      topic: 'anpr/unit-7/read',
      retain: false,
      contentType: 'application/json',
    });
    expect(message.payload.toString()).toBe((MESSAGES.read as { text: string }).text);
    expect(message.userProperties).toEqual({
      specversion: '1.0',
      id: '01a1b2c3-0000-7000-8000-000000000001',
      source: 'urn:anprd:unit-7',
      type: 'uk.anpr.read.v1',
      time: '2026-09-21T14:13:20.400Z',
      sequence: '3',
      cameraid: 'cam-1',
      publishedat: '2026-09-21T14:13:20.460Z',
    });
  });

  it('a hit also says of which record it is, how far its clock can be believed, and how long it took', () => {
    expect(rendered('hit')).toMatchObject({
      topic: 'anpr/unit-7/hit',
      userProperties: {
        id: '01a1b2c3-0000-7000-8000-000000000002',
        type: 'uk.anpr.hit.v1',
        time: '2026-09-21T14:13:20.400Z',
        sequence: '1',
        recordid: '01a1b2c3-0000-7000-8000-000000000001',
        cameraid: 'cam-1',
        clocksource: 'ntp',
        clockoffsetms: '3',
        latencyms: '45',
      },
    });
    expect(rendered('possible hit, told late').userProperties).not.toHaveProperty('clockoffsetms');
  });

  it.each([
    [0.0000004, '0'],
    [-12.34567, '-12.346'],
    [86_400_000, '86400000'],
  ])('a clock that is %d ms ahead is told to the microsecond: %s', (offsetMs, told) => {
    const { text } = MESSAGES.hit as { text: string };
    const statement = JSON.parse(text);
    statement.read.clock.offsetMs = offsetMs;
    const message = renderMessage({ kind: 'hit', id: 'hit-1', text }, MQTT_5, NOW_MS, statement);
    expect(message.userProperties?.clockoffsetms).toBe(told);
  });

  it('an event has the time when it happened, and says of what kind it is', () => {
    const { topic, userProperties } = rendered('event');
    expect(topic).toBe('anpr/unit-7/event');
    expect(userProperties).toMatchObject({
      time: '2026-09-21T14:13:20.900Z',
      type: 'uk.anpr.event.v1',
      eventkind: 'hit-confirmed',
    });
    expect(userProperties).not.toHaveProperty('cameraid');
  });

  it('a loss has the time of its commit, and no camera', () => {
    const { topic, userProperties } = rendered('loss');
    expect(topic).toBe('anpr/unit-7/loss');
    expect(userProperties).toMatchObject({ time: '2026-09-21T14:13:21.400Z', type: 'uk.anpr.loss.v1' });
    expect(userProperties).not.toHaveProperty('cameraid');
  });

  it('a picture is itself the payload', () => {
    const message = rendered('plate patch');
    expect(message).toMatchObject({ topic: 'anpr/unit-7/image', contentType: 'image/jpeg' });
    expect([...message.payload]).toEqual([0xff, 0xd8, 0xff, 0]);
    expect(message.userProperties).toMatchObject({
      id: '01a1b2c3-0000-7000-8000-000000000001.plate-patch.2',
      recordid: '01a1b2c3-0000-7000-8000-000000000001',
      imagekind: 'plate-patch',
      imagerevision: '2',
      widthpx: '120',
      heightpx: '60',
    });
  });
});

describe('on MQTT 3.1.1 (structured mode)', () => {
  it.each(ALL)('the same attributes and data are in one JSON object: %s', (name) => {
    const [binary, structured] = [rendered(name, MQTT_5), rendered(name, MQTT_3)];
    expect(structured.contentType).toBeUndefined();
    expect(structured.userProperties).toBeUndefined();
    const { data, data_base64, datacontenttype, ...attributes } = json(structured.payload);
    expect(attributes).toEqual(binary.userProperties);
    expect(datacontenttype).toBe(binary.contentType);
    const bytes = data === undefined ? Buffer.from(data_base64, 'base64') : Buffer.from(JSON.stringify(data));
    expect(bytes).toEqual(binary.payload);
  });

  it('what was signed stands in it byte for byte, however it is written', () => {
    const text = '{ "type":"loss", "committedAt":"2026-09-21T14:13:21.400Z",\n "evidence":{"sequence":1.0} }';
    const message = { kind: 'loss', id: 'loss-1', text } as const;
    const { payload } = renderMessage(message, MQTT_3, NOW_MS, JSON.parse(text));
    expect(payload.toString()).toContain(`,"data":${text}}`);
    expect(json(payload)).toMatchObject({ id: 'loss-1', sequence: '1', data: JSON.parse(text) });
  });
});

describe('every message', () => {
  it.each(ALL)('has the same bytes and the same id when it is sent again: %s', (name) => {
    const [first, again] = [rendered(name), rendered(name, MQTT_5, NOW_MS + 5_000)];
    expect(again.payload).toEqual(first.payload);
    const { publishedat, ...attributes } = again.userProperties ?? {};
    expect(first.userProperties).toMatchObject(attributes);
    expect(publishedat).toBe('2026-09-21T14:13:25.460Z');
  });

  it.each(ALL)('is marked historical when it is older than it is useful: %s', (name) => {
    expect(rendered(name).userProperties).not.toHaveProperty('historical');
    expect(rendered(name, MQTT_5, HISTORICAL_NOW_MS).userProperties).toMatchObject({ historical: 'true' });
    // A clock that was set back makes nothing historical.
    expect(rendered(name, MQTT_5, 0).userProperties).not.toHaveProperty('historical');
  });

  it.each(ALL)('has attribute names that CloudEvents allows, and no VRM among them: %s', (name) => {
    const { topic, userProperties = {} } = rendered(name);
    for (const attribute of Object.keys(userProperties)) expect(attribute).toMatch(/^[a-z0-9]{1,20}$/);
    expect(JSON.stringify([topic, userProperties])).not.toMatch(/BD51SMR|BO51SMR/i);
  });

  it('of which there are many takes few bytes beside its payload', () => {
    const { topic, contentType = '', userProperties = {} } = rendered('read');
    const properties = Object.entries(userProperties).flat().join('').length;
    expect(topic.length + contentType.length + properties).toBeLessThan(280);
  });
});

describe('the status', () => {
  it('is retained, and its will has no time, for nobody knows when it will be said', () => {
    const birth = renderStatus('online', MQTT_5, { id: 's1', timeMs: NOW_MS });
    const will = renderStatus('offline', MQTT_5, { id: 's1' });
    expect(birth).toMatchObject({ topic: 'anpr/unit-7/status', retain: true });
    expect(json(birth.payload)).toEqual({ unitId: 'unit-7', state: 'online', sessionId: 's1' });
    expect(birth.userProperties).toMatchObject({
      type: 'uk.anpr.status.v1',
      time: '2026-09-21T14:13:20.460Z',
    });
    expect(json(will.payload)).toMatchObject({ state: 'offline', sessionId: 's1' });
    expect(will.userProperties).not.toHaveProperty('time');
    expect(will.userProperties?.id).not.toBe(birth.userProperties?.id);
  });

  it('is not retained where the broker would refuse that', () => {
    expect(renderStatus('online', { ...MQTT_5, retain: false }, { id: 's1' }).retain).toBe(false);
  });
});

describe('topics', () => {
  it('name the unit and the kind of message and nothing else', () => {
    const addressing = { topicPrefix: 'force/anpr', unitId: 'unit-7' };
    const topics = (Object.keys(TOPICS) as (keyof typeof TOPICS)[]).map((name) => topicOf(name, addressing));
    expect(topics).toEqual([
      'force/anpr/unit-7/hit',
      'force/anpr/unit-7/read',
      'force/anpr/unit-7/image',
      'force/anpr/unit-7/event',
      'force/anpr/unit-7/loss',
      'force/anpr/unit-7/health',
      'force/anpr/unit-7/status',
      'force/anpr/unit-7/compound',
    ]);
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
