import { configSchema } from '../../src/config/schema.js';
import type { OutboxMessage } from '../../src/domain/outbox.js';
import type { SealedStatement } from '../../src/domain/statement.js';
import type { WireMessage } from '../../src/uplink/payloads.js';
import { Renderer } from '../../src/uplink/renderer.js';

const renderer = new Renderer({ renderings: configSchema.parse({}).mqtt.renderings });

/** What a unit publishes of something, as its uplink renders it. */
export function publishedBy(unitId: string, message: OutboxMessage, protocolVersion: 4 | 5 = 5): WireMessage {
  const wire = { topicPrefix: 'anpr', unitId, protocolVersion, retain: true, usefulMs: 300_000 };
  const item = { id: 1, lane: 'reads', queuedAtMs: 0, message } as const;
  const [outgoing] = renderer.render([item], wire, 1_790_000_000_000);
  if (outgoing === undefined) throw new Error('nothing was rendered');
  return outgoing.message;
}

export function statementBy(
  unitId: string,
  { kind, id, text }: SealedStatement,
  protocolVersion: 4 | 5 = 5,
): WireMessage {
  return publishedBy(unitId, { kind, id, text }, protocolVersion);
}
