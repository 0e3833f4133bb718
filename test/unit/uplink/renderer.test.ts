import { describe, expect, it } from 'vitest';
import type { OutboxMessage } from '../../../src/domain/outbox.js';
import type { Outgoing } from '../../../src/uplink/renderer.js';
import { itemOf, MQTT_3, MQTT_5, NOW_MS, outboxMessages, rendererWith } from '../../support/outgoing.js';

/** The renderings of items: CloudEvents always, ONVIF and compound on top. */

const MESSAGES = outboxMessages() as Record<string, OutboxMessage>;
const itemsOf = (...names: string[]) =>
  names.map((name, index) => itemOf(MESSAGES[name] as OutboxMessage, index + 1));
const kinds = (outgoing: readonly Outgoing[]) =>
  outgoing.map(({ message, itemIds }) => [message.topic.split('/')[2], ...itemIds]);
const json = ({ message }: Outgoing) => JSON.parse(message.payload.toString());

const MIXED = ['hit', 'read', 'unreadable passage', 'plate patch', 'loss', 'health'];

describe('rendering', () => {
  it('gives one message an item, in their order, where nothing else is switched on', () => {
    const sent = rendererWith().render(itemsOf(...MIXED), MQTT_5, NOW_MS);
    expect(kinds(sent)).toEqual([
      ['hit', 1],
      ['read', 2],
      ['read', 3],
      ['image', 4],
      ['loss', 5],
      ['health', 6],
    ]);
  });

  it('adds to the CloudEvents and takes nothing from them', () => {
    const items = itemsOf(...MIXED);
    const plain = rendererWith().render(items, MQTT_5, NOW_MS);
    const all = rendererWith('onvif', 'compound').render(items, MQTT_5, NOW_MS);
    for (const outgoing of plain) expect(all).toContainEqual(outgoing);
    expect(
      kinds(all.filter(({ message }) => !plain.some((one) => one.message.topic === message.topic))),
    ).toEqual([
      ['onvif-ej', 2],
      ['compound', 4],
      ['compound', 2],
    ]);
  });

  it('of nothing is nothing', () => {
    expect(rendererWith('onvif', 'compound').render([], MQTT_5, NOW_MS)).toEqual([]);
  });
});

describe('an ONVIF event', () => {
  const eventsOf = (name: string, wire = MQTT_5) =>
    rendererWith('onvif').render(itemsOf(name), wire, NOW_MS).slice(1);

  it('tells a read in the words of Profile M', () => {
    const [event, ...more] = eventsOf('read');
    expect(more).toEqual([]);
    expect(event?.message).toMatchObject({
      topic: 'onvif/unit-7/onvif-ej/RuleEngine/Recognition/LicensePlate/&cam-1/anprd',
      retain: false,
      contentType: 'application/json',
    });
    expect(json(event as Outgoing)).toEqual({
      UtcTime: '2026-09-21T14:13:20.400Z',
      Source: { VideoSource: 'cam-1', Rule: 'anprd' },
      Data: {
        Likelihood: 0.987,
        ObjectId: 3,
        LicensePlateInfo: {
          LicensePlateInfo: {
            PlateNumber: { '#text': 'BD51SMR', '@Likelihood': 0.987 },
            PlateType: { '#text': 'current' },
            CountryCode: { '#text': 'GB' },
          },
        },
        // x 100 to 200 of 1280, y 100 to 122 of 720.
        BoundingBox: {
          BoundingBox: { '@left': -0.84375, '@top': 0.722222, '@right': -0.6875, '@bottom': 0.661111 },
        },
        Direction: { Direction: { '@yaw': -90 } },
      },
    });
  });

  it('has no properties on MQTT 3.1.1, and the same payload', () => {
    const [on5] = eventsOf('read');
    const [on3] = eventsOf('read', MQTT_3);
    expect(on3?.message).not.toHaveProperty('contentType');
    expect(on3?.message.payload).toEqual(on5?.message.payload);
  });

  it.each([
    ['a mark of another authority', { ukClass: 'irish' }, { PlateType: { '#text': 'irish' } }],
    ['a mark of no UK form', { ukClass: undefined }, {}],
  ])('names no country for %s', (_, changed, expected) => {
    const message = changedRead(changed);
    const event = rendererWith('onvif').render([itemOf(message)], MQTT_5, NOW_MS)[1] as Outgoing;
    const { PlateNumber, ...rest } = json(event).Data.LicensePlateInfo.LicensePlateInfo;
    expect(rest).toEqual(expected);
  });

  it('leaves out what is not known: where the plate is in a frame of unknown size, and where it goes', () => {
    const message = changedRead({ frameSize: undefined, direction: 'unknown' });
    const { Data } = json(rendererWith('onvif').render([itemOf(message)], MQTT_5, NOW_MS)[1] as Outgoing);
    expect(Object.keys(Data)).toEqual(['Likelihood', 'ObjectId', 'LicensePlateInfo']);
  });

  it('is within the frame also where the plate reaches past it', () => {
    const message = changedRead({
      plateCorners: [
        [-9, 700],
        [90, 700],
        [90, 724],
        [-9, 724],
      ],
    });
    const { Data } = json(rendererWith('onvif').render([itemOf(message)], MQTT_5, NOW_MS)[1] as Outgoing);
    expect(Data.BoundingBox.BoundingBox).toMatchObject({ '@left': -1, '@bottom': -1 });
  });

  it.each(['hit', 'unreadable passage', 'plate patch', 'loss', 'health'])('is not made of: %s', (name) => {
    expect(eventsOf(name)).toEqual([]);
  });
});

describe('a compound message', () => {
  const capture = {
    captureID: '01a1b2c3-0000-7000-8000-000000000001',
    feedID: 'unit-7',
    sourceID: 'unit-7.cam-1',
  };

  it('holds the reads that go together, and none that could not be read', () => {
    const items = itemsOf('read', 'unreadable passage', 'doubtful read with a hit');
    const [compound, ...more] = rendererWith('compound').render(items, MQTT_5, NOW_MS).slice(3);
    expect(more).toEqual([]);
    expect(compound?.itemIds).toEqual([1, 3]);
    expect(compound?.message).toMatchObject({ topic: 'anpr/unit-7/compound', retain: false });
    const { captures } = json(compound as Outgoing);
    expect(captures).toHaveLength(2);
    expect(captures[0]).toEqual({
      ...capture,
      cameraID: 'cam-1',
      vrm: 'BD51SMR',
      captureDate: '2026-09-21T14:13:20.400Z',
      confidencePercentage: 98,
      motionTowardCamera: true,
    });
  });

  it('has at most 50 captures', () => {
    const items = Array.from({ length: 120 }, (_, index) => itemOf(MESSAGES.read as OutboxMessage, index));
    const batches = rendererWith('compound').render(items, MQTT_5, NOW_MS).slice(120);
    expect(batches.map((batch) => json(batch).captures.length)).toEqual([50, 50, 20]);
    expect(batches.flatMap(({ itemIds }) => itemIds)).toEqual(items.map(({ id }) => id));
    // The least that mqtt.mostPacketBytes can be.
    for (const { message } of batches) expect(message.payload.length).toBeLessThan(40_000);
  });

  it('brings pictures later under the same id, one by one', () => {
    const sent = rendererWith('compound').render(itemsOf('plate patch', 'overview'), MQTT_5, NOW_MS);
    expect(kinds(sent)).toEqual([
      ['image', 1],
      ['compound', 1],
      ['image', 2],
      ['compound', 2],
    ]);
    expect(json(sent[1] as Outgoing)).toEqual({
      captures: [{ ...capture, cameraID: 'cam-1', plateImage: '/9j/AA==' }],
    });
    expect(json(sent[3] as Outgoing).captures[0]).toMatchObject({ overviewImage: '/9j/AA==' });
  });

  it('never says that an error is impossible', () => {
    const message = changedRead({ probability: 1 });
    const [, compound] = rendererWith('compound').render([itemOf(message)], MQTT_5, NOW_MS);
    expect(json(compound as Outgoing).captures[0].confidencePercentage).toBe(99);
  });
});

/** The read with some of its text changed; its signature no longer fits, which is no matter here. */
function changedRead(changed: object): OutboxMessage {
  const message = MESSAGES.read as OutboxMessage & { kind: 'read' };
  return { ...message, text: JSON.stringify({ ...JSON.parse(message.text), ...changed }) };
}
