/**
 * CloudEvents 1.0 over MQTT: binary mode on MQTT 5 (attributes are properties of the packet, the
 * payload is the data), structured mode on MQTT 3.1.1, which has no properties.
 */
export interface CloudEvent {
  /** `source` and `id` together are the receiver's key for telling a repeat. */
  readonly id: string;
  readonly source: string;
  readonly type: string;
  /** UTC, ISO 8601: the capture time; absent where nobody can know it (a will). */
  readonly time?: string;
  /** Extension attributes: lower-case letters and digits; neither a VRM nor a place. */
  readonly extensions: Readonly<Record<string, string>>;
  readonly data: /** JSON that goes out byte for byte: what is signed must not be written anew on the way. */
    | { readonly kind: 'json'; readonly text: string }
    | { readonly kind: 'bytes'; readonly contentType: string; readonly bytes: Uint8Array };
}

export interface EncodedEvent {
  readonly payload: Buffer;
  /** MQTT 5 only, as the user properties are. */
  readonly contentType?: string;
  readonly userProperties?: Readonly<Record<string, string>>;
}

export function encodeEvent(event: CloudEvent, protocolVersion: 4 | 5): EncodedEvent {
  const attributes = {
    specversion: '1.0',
    id: event.id,
    source: event.source,
    type: event.type,
    ...(event.time !== undefined && { time: event.time }),
    ...event.extensions,
  };
  const { data } = event;
  const contentType = data.kind === 'json' ? 'application/json' : data.contentType;
  if (protocolVersion === 5) {
    const payload = data.kind === 'json' ? Buffer.from(data.text) : Buffer.from(data.bytes);
    return { payload, contentType, userProperties: attributes };
  }
  const head = JSON.stringify({ ...attributes, datacontenttype: contentType }).slice(0, -1);
  const body =
    data.kind === 'json'
      ? `"data":${data.text}`
      : `"data_base64":"${Buffer.from(data.bytes).toString('base64')}"`;
  return { payload: Buffer.from(`${head},${body}}`) };
}

/** The last one: what is sent together has the same time, and to spell it costs as much as the rest of a packet's head. */
let spelt = { timeMs: 0, text: '1970-01-01T00:00:00.000Z' };

/** ISO 8601 in UTC with milliseconds. */
export function isoTime(timeMs: number): string {
  if (timeMs !== spelt.timeMs) spelt = { timeMs, text: new Date(timeMs).toISOString() };
  return spelt.text;
}
