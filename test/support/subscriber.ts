import { connectAsync, type IPublishPacket, type MqttClient } from 'mqtt';

/** One message as a receiver gets it, with its event attributes wherever the protocol puts them. */
export interface Received {
  readonly topic: string;
  readonly packet: IPublishPacket;
  readonly attributes: Readonly<Record<string, string>>;
  /** JSON data parsed; bytes as a Buffer. */
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into whatever came
  readonly data: any;
}

/**
 * A receiver such as a back office: durable session, QoS 1, everything below a prefix, in order of
 * arrival, and it comes back by itself when the broker does.
 */
export interface Subscriber {
  readonly received: readonly Received[];
  readonly retainAsPublished: boolean;
  of(kind: string): Received[];
  /** Resolves when the condition holds; rejects with what came so far when it does not in time. */
  until(condition: (received: readonly Received[]) => boolean, withinMs?: number): Promise<void>;
  close(): Promise<void>;
}

export async function subscribe(
  url: string,
  options: {
    readonly protocolVersion?: 4 | 5;
    readonly topic?: string;
    /** PEM. */
    readonly tls?: { readonly ca: Buffer; readonly cert: Buffer; readonly key: Buffer };
  } = {},
): Promise<Subscriber> {
  const received: Received[] = [];
  const client: MqttClient = await connectAsync(url, {
    protocolVersion: options.protocolVersion ?? 5,
    clientId: `receiver-${Math.random().toString(16).slice(2)}`,
    clean: false,
    reconnectPeriod: 50,
    ...options.tls,
    ...((options.protocolVersion ?? 5) === 5 && { properties: { sessionExpiryInterval: 3600 } }),
  });
  client.on('error', () => undefined);
  client.on('message', (topic, payload, packet) => {
    if (payload.length > 0) received.push(decode(topic, payload, packet));
  });
  const protocolVersion = options.protocolVersion ?? 5;
  // On MQTT 5 a message's flag is then the publisher's; 3.1.1 shows it on what was retained before.
  const retainAsPublished = protocolVersion === 5;
  await client.subscribeAsync(options.topic ?? '#', { qos: 1, ...(retainAsPublished && { rap: true }) });
  return {
    received,
    retainAsPublished,
    of: (kind) => received.filter(({ topic }) => topic.endsWith(`/${kind}`)),
    until: async (condition, withinMs = 20_000) => {
      const untilMs = Date.now() + withinMs;
      while (!condition(received)) {
        if (Date.now() > untilMs) {
          throw new Error(`not in ${withinMs} ms; came: ${received.map(({ topic }) => topic).join(' ')}`);
        }
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
    close: () => client.endAsync(true),
  };
}

function decode(topic: string, payload: Buffer, packet: IPublishPacket): Received {
  const { contentType, userProperties } = packet.properties ?? {};
  const data = contentType?.startsWith('image/') ? payload : parsed(payload);
  if (userProperties !== undefined) {
    const attributes = { ...(userProperties as Record<string, string>), datacontenttype: `${contentType}` };
    return { topic, packet, attributes, data };
  }
  if (data?.specversion === undefined) return { topic, packet, attributes: {}, data };
  const { data: value, data_base64, ...attributes } = data;
  return { topic, packet, attributes, data: value ?? Buffer.from(data_base64, 'base64') };
}

/** A blob of a list stays bytes. */
// biome-ignore lint/suspicious/noExplicitAny: as above
function parsed(payload: Buffer): any {
  try {
    return JSON.parse(payload.toString());
  } catch {
    return payload;
  }
}
