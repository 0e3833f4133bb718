import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { asyncApiDocument, renderAsyncApi } from '../../src/contract/asyncapi.js';
import type { Outgoing } from '../../src/uplink/renderer.js';
import { onvifTopicOf, TOPICS, topicOf } from '../../src/uplink/topics.js';
import { channelOf, contractFaults, type ReceivedMessage, SENT_CHANNELS } from '../support/contract.js';
import { everyMessage, HISTORICAL_NOW_MS, MQTT_3, MQTT_5 } from '../support/outgoing.js';

/** The document of what goes over the wire, and that what is rendered is as it says. */

const text = readFileSync(resolve(import.meta.dirname, '../../config/asyncapi.yaml'), 'utf8');

describe('config/asyncapi.yaml', () => {
  it('is what src/contract says: npm run generate:config', () => {
    expect(text).toBe(renderAsyncApi());
  });

  it('is an AsyncAPI 3.0 document, by the official schema', () => {
    const require = createRequire(import.meta.url);
    // It brings the meta-schema of JSON Schema with it.
    const ajv = new Ajv({ strict: false, allErrors: true, meta: false, validateSchema: false });
    (addFormats as unknown as (ajv: Ajv) => void)(ajv);
    const validate = ajv.compile(require('@asyncapi/specs/schemas/3.0.0.json'));
    validate(parse(text));
    expect(validate.errors ?? []).toEqual([]);
    validate({ ...asyncApiDocument(), channel: {} });
    expect(validate.errors).not.toEqual([]);
  });

  it('has every reference in it resolved', () => {
    const document = parse(text);
    const references = [...text.matchAll(/\$ref: "#\/([^"]+)"/g)].map(([, path]) => path as string);
    expect(references.length).toBeGreaterThan(50);
    for (const path of references) {
      const found = path.split('/').reduce((place, name) => place?.[name], document);
      expect(found, path).toBeDefined();
    }
  });

  it('knows every topic of a unit, and says of each whether it is retained', () => {
    const { channels, operations } = parse(text);
    const addressing = { topicPrefix: '{prefix}', unitId: '{unit}' };
    for (const [name, { retain }] of Object.entries(TOPICS)) {
      const key = Object.keys(channels).find(
        (channel) => channels[channel].address === topicOf(name as keyof typeof TOPICS, addressing),
      );
      expect(key, name).toBe(name);
      const operation = operations[`send${name[0]?.toUpperCase()}${name.slice(1)}`];
      expect(operation.bindings.mqtt).toMatchObject({ qos: 1, retain });
    }
    expect(channels.onvif.address).toBe(onvifTopicOf('{onvifPrefix}', '{unit}', '{camera}'));
  });

  it('lets no object have a field that it does not name', () => {
    const open: string[] = [];
    const walk = (schema: Record<string, unknown>, path: string) => {
      if (schema.properties !== undefined && schema.additionalProperties !== false) open.push(path);
      for (const [name, value] of Object.entries(schema)) {
        if (typeof value === 'object' && value !== null) {
          walk(value as Record<string, unknown>, `${path}/${name}`);
        }
      }
    };
    walk(parse(text).components.schemas, '');
    expect(open).toEqual([]);
  });
});

/** As a subscriber gets it who asked for retained messages as they were published. */
function receivedFrom({ message }: Outgoing | { message: Outgoing['message'] }): ReceivedMessage {
  const { topic, retain, payload, contentType, userProperties } = message;
  const properties = {
    ...(contentType !== undefined && { contentType }),
    ...(userProperties !== undefined && { userProperties }),
  };
  const hasProperties = Object.keys(properties).length > 0;
  return {
    topic,
    packet: {
      cmd: 'publish',
      qos: 1,
      dup: false,
      topic,
      retain,
      payload,
      ...(hasProperties && { properties }),
    },
  };
}

describe.each([
  ['MQTT 5', MQTT_5],
  ['MQTT 3.1.1', MQTT_3],
])('what is rendered for %s', (_, wire) => {
  it.each(everyMessage(wire).map((outgoing) => [outgoing.name, outgoing] as const))(
    'is as the document says: %s',
    (_name, outgoing) => {
      const received = receivedFrom(outgoing);
      expect(contractFaults(received, { retainAsPublished: true })).toEqual([]);
    },
  );

  it('is one of every channel that a unit sends on', () => {
    const sent = new Set(everyMessage(wire).map(({ message }) => channelOf(message.topic)));
    expect([...sent].sort()).toEqual([...SENT_CHANNELS].sort());
  });

  it('is so as well when it is sent late', () => {
    for (const outgoing of everyMessage(wire, HISTORICAL_NOW_MS)) {
      expect(contractFaults(receivedFrom(outgoing), { retainAsPublished: true })).toEqual([]);
    }
  });
});

describe('the check itself finds', () => {
  const [hit] = everyMessage(MQTT_5).filter(({ name }) => name === 'hit');
  const good = receivedFrom(hit as Outgoing & { name: string });
  const properties = good.packet.properties?.userProperties as Record<string, string>;
  const data = JSON.parse(good.packet.payload.toString());
  const withData = (changed: object) => ({ ...good.packet, payload: Buffer.from(JSON.stringify(changed)) });

  it.each([
    ['a topic that nobody promised', { topic: 'anpr/unit-7/hits', packet: good.packet }, 'no such topic'],
    [
      'another unit name than an opaque one',
      { topic: 'anpr/M1 J9/hit', packet: good.packet },
      'no such topic',
    ],
    ['QoS 0', { ...good, packet: { ...good.packet, qos: 0 as const } }, 'QoS 0'],
    ['a hit that is retained', { ...good, packet: { ...good.packet, retain: true } }, 'retained'],
    [
      'a content type',
      { ...good, packet: { ...good.packet, properties: { userProperties: properties } } },
      'content type',
    ],
    [
      'an expiry',
      {
        ...good,
        packet: { ...good.packet, properties: { ...good.packet.properties, messageExpiryInterval: 60 } },
      },
      'expires',
    ],
    [
      'a property too many',
      {
        ...good,
        packet: {
          ...good.packet,
          properties: { contentType: 'application/json', userProperties: { ...properties, vrm: 'X' } },
        },
      },
      'additional properties',
    ],
    ['a field too many', { ...good, packet: withData({ ...data, place: 'M1' }) }, 'additional properties'],
    ['a field too few', { ...good, packet: withData({ ...data, read: undefined }) }, 'required'],
    ['a payload that is no JSON', { ...good, packet: { ...good.packet, payload: 'hit' } }, 'no JSON'],
  ])('%s', (_, received, said) => {
    expect(contractFaults(good, { retainAsPublished: true })).toEqual([]);
    expect(contractFaults(received as ReceivedMessage).join('\n')).toContain(said);
  });

  it('a status that is not retained', () => {
    const [status] = everyMessage(MQTT_5).filter(({ name }) => name === 'online');
    const received = receivedFrom(status as Outgoing & { name: string });
    const live = { ...received, packet: { ...received.packet, retain: false } };
    expect(contractFaults(live, { retainAsPublished: true }).join()).toContain('not retained');
    expect(contractFaults(live)).toEqual([]);
    expect(contractFaults(live, { retainAsPublished: true, retain: false })).toEqual([]);
  });
});
