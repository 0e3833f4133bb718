import { once } from 'node:events';
import amqp, { type ConsumeMessage } from 'amqplib';
import type { Take } from './committer.js';
import { type Access, type Source, tlsFiles } from './source.js';

export interface AmqpSourceOptions extends Access {
  /** As config/rabbitmq/definitions.json makes them. */
  readonly queues: readonly string[];
  readonly take: Take;
}

/** Deliveries of one queue that are not acknowledged at most. */
const PREFETCH = 200;
const RECONNECT_MS = 1_000;

/**
 * The quorum queues of a RabbitMQ cluster over AMQP 0-9-1, acknowledged after the commit. Any number of
 * consumers read the same queues; what one that dies had not acknowledged goes to the others.
 */
export async function consumeAmqp(options: AmqpSourceOptions): Promise<Source> {
  const closing = new AbortController();
  let fail: (reason: unknown) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => undefined);
  let ready: () => void = () => undefined;
  const connected = new Promise<void>((resolve) => {
    ready = resolve;
  });
  const running = connectAlways(options, closing.signal, ready, fail);
  await Promise.race([failed, connected]);
  return {
    failed,
    close: async () => {
      closing.abort();
      await running;
    },
  };
}

async function connectAlways(
  options: AmqpSourceOptions,
  closing: AbortSignal,
  ready: () => void,
  fail: (reason: unknown) => void,
): Promise<void> {
  for (let attempt = 0; !closing.aborted; attempt++) {
    try {
      await connection(options.urls[attempt % options.urls.length] as string, options, closing, ready, fail);
    } catch {
      // Away is an everyday state: the next node, after a moment.
    }
    if (!closing.aborted) await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
  }
}

/** One connection, to its end. */
async function connection(
  url: string,
  options: AmqpSourceOptions,
  closing: AbortSignal,
  ready: () => void,
  fail: (reason: unknown) => void,
): Promise<void> {
  const link = await amqp.connect(url, { ...tlsFiles(options), credentials: amqp.credentials.external() });
  const gone = once(link, 'close').catch(() => undefined);
  link.on('error', () => undefined);
  try {
    const channel = await link.createChannel();
    channel.on('error', () => undefined);
    // The channel goes first where a queue is not there, or may not be read.
    const channelGone = once(channel, 'close').catch(() => undefined);
    await channel.prefetch(PREFETCH);
    const onMessage = (message: ConsumeMessage | null) => {
      if (message === null) return void link.close().catch(() => undefined);
      options.take({ topic: message.fields.routingKey, payload: message.content }).then(() => {
        try {
          channel.ack(message);
        } catch {
          // The connection went meanwhile: it comes again, and is known by its id.
        }
      }, fail);
    };
    for (const queue of options.queues) await channel.consume(queue, onMessage);
    ready();
    const asked = closing.aborted ? Promise.resolve() : once(closing, 'abort');
    await Promise.race([gone, channelGone, asked]);
  } finally {
    await link.close().catch(() => undefined);
  }
}
