import { z } from 'zod';
import { clockSource, eventKind, instant, oneOf, opaqueId, uuid } from './fields.js';

/**
 * Attributes of CloudEvents 1.0: user properties of the packet on MQTT 5, fields of the envelope on
 * MQTT 3.1.1. All are text. They repeat what a receiver needs to route, to tell a repeat and to
 * see a gap without opening the payload, and hold no mark and no place.
 */

const number = (what: string) =>
  z
    .string()
    .regex(/^-?\d+(\.\d+)?$/)
    .describe(what);

function event(type: string, id: z.ZodType<string>) {
  return {
    specversion: z.literal('1.0'),
    id: id.describe('With source the key for telling a repeat.'),
    source: z
      .string()
      .regex(/^urn:anprd:[a-z0-9][a-z0-9-]{0,31}$/)
      .describe('The unit.'),
    type: z.literal(type),
  };
}

const sent = {
  publishedat: instant().describe('When it was handed to the broker, the time that came through.'),
  historical: z
    .literal('true')
    .optional()
    .describe('Older than mqtt.usefulSeconds when it was sent; absent where it is not.'),
};

const sequence = number(
  "evidence.sequence of the statement: rises by one over a unit's hits, reads, events and losses together.",
);

const ofRecord = {
  time: instant().describe('Of the capture.'),
  sequence,
  cameraid: opaqueId(),
};

/** Few, as there are many of them: the id is the record's, and the clock is in the data. */
export const readAttributes = z.strictObject({ ...event('uk.anpr.read.v1', uuid()), ...ofRecord, ...sent });

export const hitAttributes = z.strictObject({
  ...event('uk.anpr.hit.v1', uuid()),
  ...ofRecord,
  recordid: uuid(),
  clocksource: clockSource(),
  clockoffsetms: number('Absent where it is not known.').optional(),
  latencyms: number('From the frame that decided the read to the hit being in the store.'),
  ...sent,
});

export const eventAttributes = z.strictObject({
  ...event('uk.anpr.event.v1', uuid()),
  time: instant().describe('When it happened.'),
  sequence,
  eventkind: eventKind(),
  ...sent,
});

export const lossAttributes = z.strictObject({
  ...event('uk.anpr.loss.v1', uuid()),
  time: instant().describe('When it was committed.'),
  sequence,
  ...sent,
});

export const imageAttributes = z.strictObject({
  ...event('uk.anpr.image.v1', z.string().regex(/^[0-9a-f-]{36}\.(plate-patch|overview)\.\d+$/)),
  time: instant().describe('Of the frame that it shows.'),
  recordid: uuid(),
  cameraid: opaqueId(),
  imagekind: oneOf({ 'plate-patch': '', overview: '' }),
  imagerevision: number('Counts from 1; the highest of a kind is the best.'),
  widthpx: number('Of the picture.'),
  heightpx: number('Of the picture.'),
  ...sent,
});

export const healthAttributes = z.strictObject({
  ...event('uk.anpr.health.v1', uuid()),
  time: instant().describe('Of the report.'),
  ...sent,
});

export const statusAttributes = z.strictObject({
  ...event('uk.anpr.status.v1', z.string().regex(/^[A-Za-z0-9-]+\.(online|offline|stopped)$/)),
  time: instant().optional().describe('Absent in offline, which the broker publishes.'),
  sessionid: z.string(),
});
