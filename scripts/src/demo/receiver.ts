import { connectAsync, type IPublishPacket } from 'mqtt';
import { z } from 'zod';

/** What the demo needs of the messages that a back office gets; MQTT 5, CloudEvents in binary mode. */
const readSchema = z.object({
  recordId: z.string(),
  outcome: z.enum(['read', 'unreadable']),
  vrm: z.string().optional(),
  probability: z.number().optional(),
  reason: z.string().optional(),
  direction: z.enum(['towards', 'away', 'unknown']),
  capturedAt: z.string(),
  frames: z.object({ first: z.number(), last: z.number(), found: z.number(), read: z.number() }),
  /** x, y of the top left corner and on around, in pixels. */
  plateCorners: z.array(z.tuple([z.number(), z.number()])).length(4),
});

const hitSchema = z.object({
  hitId: z.string(),
  entries: z
    .array(z.object({ entry: z.object({ vrm: z.string(), action: z.string(), reason: z.string() }) }))
    .min(1),
  read: readSchema,
});

export type ReceivedRead = z.infer<typeof readSchema>;
export type ReceivedHit = z.infer<typeof hitSchema>;

export interface ReceivedImage {
  readonly recordId: string;
  readonly kind: string;
  readonly jpeg: Uint8Array;
}

export interface Listener {
  onRead(read: ReceivedRead): void;
  onHit(hit: ReceivedHit): void;
  onImage(image: ReceivedImage): void;
  onStatus(state: string): void;
}

export interface Receiver {
  close(): Promise<void>;
}

/**
 * Subscribes to a unit's messages and hands each to the listener, repeats included.
 * @throws Error where the broker does not answer, or (later, uncaught) where a message has not the
 *   promised shape: the demo is to show that.
 */
export async function receive(url: string, prefix: string, listener: Listener): Promise<Receiver> {
  const client = await connectAsync(url, { protocolVersion: 5 });
  client.on('message', (topic, payload, packet) => hand(topic, payload, packet, listener));
  await client.subscribeAsync(`${prefix}/#`, { qos: 1 });
  return { close: () => client.endAsync() };
}

function hand(topic: string, payload: Buffer, packet: IPublishPacket, listener: Listener): void {
  const attribute = (name: string): string => String(packet.properties?.userProperties?.[name]);
  switch (topic.split('/').at(-1)) {
    case 'read':
      listener.onRead(readSchema.parse(JSON.parse(payload.toString())));
      break;
    case 'hit':
      listener.onHit(hitSchema.parse(JSON.parse(payload.toString())));
      break;
    case 'image':
      listener.onImage({
        recordId: attribute('recordid'),
        kind: attribute('imagekind'),
        jpeg: payload,
      });
      break;
    case 'status':
      listener.onStatus(z.object({ state: z.string() }).parse(JSON.parse(payload.toString())).state);
      break;
  }
}
