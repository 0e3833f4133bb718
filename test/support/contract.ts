import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import type { IPublishPacket } from 'mqtt';
import { parse } from 'yaml';

/**
 * What was received, held against config/asyncapi.yaml as it is shipped: whoever reads that file must
 * find every message as it says.
 */
interface Document {
  readonly channels: Record<string, { readonly address: string; readonly messages: Record<string, unknown> }>;
  readonly operations: Record<
    string,
    {
      readonly channel: { readonly $ref: string };
      readonly bindings: { readonly mqtt: { readonly qos: 0 | 1 | 2; readonly retain: boolean } };
    }
  >;
  readonly components: {
    readonly parameters: Record<string, { readonly 'x-pattern': string }>;
    readonly messages: Record<
      string,
      {
        readonly contentType: string;
        readonly headers?: object;
        readonly payload: { readonly $ref?: string };
      }
    >;
  };
}

const PATH = resolve(import.meta.dirname, '../../config/asyncapi.yaml');
const document = parse(readFileSync(PATH, 'utf8')) as Document;
const ajv = new Ajv({ strict: false, allErrors: true, schemas: { asyncapi: document as object } });

const channels = Object.entries(document.channels).map(([name, { address, messages }]) => ({
  name,
  topic: topicPattern(address),
  messages: Object.keys(messages),
  delivery: deliveryOf(name),
}));

export interface ReceivedMessage {
  readonly topic: string;
  readonly packet: IPublishPacket;
}

/**
 * Every way in which a message differs from what the document says; empty: none.
 * @param options.retainAsPublished the receiver asked for it (MQTT 5), so that the flag of a live
 *   message is the publisher's; without, the broker clears it.
 * @param options.retain false for a device with mqtt.retain off.
 */
export function contractFaults(
  { topic, packet }: ReceivedMessage,
  options: { readonly retainAsPublished?: boolean; readonly retain?: boolean } = {},
): string[] {
  const [channel, ...others] = channels.filter((candidate) => candidate.topic.test(topic));
  if (channel === undefined) return [`${topic}: no such topic`];
  if (others.length > 0) return [`${topic}: more than one channel`];
  const faults: string[] = [];
  const isRetained = channel.delivery.retain && (options.retain ?? true);
  if (packet.qos !== channel.delivery.qos) faults.push(`QoS ${packet.qos}`);
  if (packet.retain && !isRetained) faults.push('retained');
  if (options.retainAsPublished && isRetained && !packet.retain) faults.push('not retained');
  if (packet.properties?.messageExpiryInterval !== undefined) faults.push('expires');
  faults.push(...contentFaults(channel.messages, packet));
  return faults.map((fault) => `${topic}: ${fault}`);
}

/** Names of the channels that the document has for what a unit sends. */
export const SENT_CHANNELS = Object.entries(document.operations)
  .filter(([name]) => name.startsWith('send'))
  .map(([, { channel }]) => channel.$ref.replace('#/channels/', ''));

/** @returns undefined where there is none. */
export function channelOf(topic: string): string | undefined {
  return channels.find((candidate) => candidate.topic.test(topic))?.name;
}

/** Throws with every fault of every message, and where nothing came. */
export function expectContract(
  received: readonly ReceivedMessage[],
  options?: { readonly retainAsPublished?: boolean; readonly retain?: boolean },
): void {
  if (received.length === 0) throw new Error('nothing was received');
  const faults = received.flatMap((message) => contractFaults(message, options));
  if (faults.length > 0) {
    throw new Error(`not as config/asyncapi.yaml says:\n${[...new Set(faults)].slice(0, 20).join('\n')}`);
  }
}

/** Binary mode where the packet has properties, else structured mode, where the channel has CloudEvents. */
function contentFaults(names: readonly string[], packet: IPublishPacket): string[] {
  const properties = packet.properties?.userProperties as Record<string, string> | undefined;
  const isEvent = names.length > 1;
  const isStructured = isEvent && properties === undefined;
  const name = names.find((candidate) => candidate.endsWith('Structured') === isStructured) as string;
  const message = document.components.messages[name] as Document['components']['messages'][string];
  const faults: string[] = [];
  if (message.headers !== undefined) faults.push(...schemaFaults(`${name}/headers`, { ...properties }));
  else if (properties !== undefined) faults.push('user properties on what is no CloudEvent');
  const { contentType } = packet.properties ?? {};
  const isNamed = contentType !== undefined || message.headers !== undefined;
  if (isNamed && contentType !== message.contentType) faults.push(`content type ${contentType}`);
  if (message.payload.$ref === undefined) {
    if (packet.payload.length === 0) faults.push('empty payload');
    return faults;
  }
  try {
    faults.push(...schemaFaults(`${name}/payload`, JSON.parse(packet.payload.toString())));
  } catch (error) {
    faults.push(`no JSON: ${String(error)}`);
  }
  return faults;
}

const validators = new Map<string, ValidateFunction>();

function schemaFaults(place: string, value: unknown): string[] {
  let validate = validators.get(place);
  if (validate === undefined) {
    validate = ajv.compile({ $ref: `asyncapi#/components/messages/${place}` });
    validators.set(place, validate);
  }
  if (validate(value)) return [];
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${place}${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}

function deliveryOf(channel: string) {
  const operation = Object.values(document.operations).find(
    ({ channel: { $ref } }) => $ref === `#/channels/${channel}`,
  );
  if (operation === undefined) throw new Error(`${channel} has no operation`);
  return operation.bindings.mqtt;
}

function topicPattern(address: string): RegExp {
  const pattern = address
    .split(/\{(\w+)\}/)
    .map((part, index) =>
      index % 2 === 0
        ? part.replace(/[.*+?^$|()[\]\\]/g, '\\$&')
        : `(?:${document.components.parameters[part]?.['x-pattern']})`,
    );
  return new RegExp(`^${pattern.join('')}$`);
}
