import { z } from 'zod';

/** What came from a broker, whichever way. */
export interface Delivery {
  /** MQTT's, with slashes; AMQP's routing key has dots. */
  readonly topic: string;
  readonly payload: Buffer;
  /** MQTT 5 only: there the attributes are properties of the packet (binary mode). */
  readonly contentType?: string;
  readonly attributes?: Readonly<Record<string, unknown>>;
}

/** One CloudEvent of a unit. `source` and `id` together tell a repeat from a new one. */
export interface UnitEvent {
  readonly source: string;
  readonly id: string;
  readonly type: string;
  readonly unitId: string;
  /** Every attribute but these, as they came. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly contentType: string;
  /** A statement's JSON byte for byte, or a picture. */
  readonly data: Buffer;
}

/** Other topics of a unit: further renderings of reads that came as events too. Nothing new is in them. */
const EVENT_TOPIC = /[/.]([a-z0-9][a-z0-9-]{0,31})[/.](hit|read|image|event|loss|health|status)$/;

const attributesSchema = z
  .object({
    id: z.string().min(1).max(200),
    source: z.string().min(1).max(200),
    type: z.string().regex(/^uk\.anpr\.(hit|read|image|event|loss|health|status)\.v\d+$/),
  })
  .catchall(z.string());

/** On MQTT 3.1.1, and from RabbitMQ: the attributes are beside the data (structured mode). */
const structuredSchema = z.looseObject({
  datacontenttype: z.string(),
  data: z.unknown().optional(),
  data_base64: z.string().optional(),
});

/**
 * @returns undefined for what is no event of a unit (another rendering, a list), or not from the unit
 *   whose topic it came on: the broker lets a unit publish below its own name only, so the topic can be
 *   believed and the payload cannot.
 */
export function eventOf(delivery: Delivery): UnitEvent | undefined {
  const [, unitId] = EVENT_TOPIC.exec(delivery.topic) ?? [];
  const opened = unitId === undefined ? undefined : openEvent(delivery);
  if (unitId === undefined || opened === undefined) return undefined;
  const attributes = attributesSchema.safeParse(opened.attributes);
  if (!attributes.success || attributes.data.source !== `urn:anprd:${unitId}`) return undefined;
  const { id, source, type, ...rest } = attributes.data;
  return { id, source, type, unitId, attributes: rest, contentType: opened.contentType, data: opened.data };
}

interface Opened {
  readonly attributes: unknown;
  readonly contentType: string;
  readonly data: Buffer;
}

function openEvent({ payload, contentType, attributes }: Delivery): Opened | undefined {
  if (contentType !== undefined) return { attributes, contentType, data: payload };
  try {
    const { datacontenttype, data, data_base64, ...rest } = structuredSchema.parse(
      JSON.parse(payload.toString()),
    );
    const bytes =
      data_base64 === undefined ? Buffer.from(JSON.stringify(data)) : Buffer.from(data_base64, 'base64');
    return { attributes: rest, contentType: datacontenttype, data: bytes };
  } catch {
    // No JSON, no event, without data, or nested deeper than it can be written.
    return undefined;
  }
}
