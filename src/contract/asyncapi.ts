import { Document, isScalar, visit } from 'yaml';
import { z } from 'zod';
import { MESSAGES, type MessageContract, PARAMETERS } from './messages.js';
import { STATEMENT_PARTS } from './statements.js';

/** config/asyncapi.yaml, written from the declaration of the messages. */

type Json = Readonly<Record<string, unknown>>;

const DRAFT: { readonly target: 'draft-7'; override: (context: Overridden) => void } = {
  target: 'draft-7',
  // The limits of a double say nothing to a reader.
  override: ({ jsonSchema }) => {
    if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  },
};

interface Overridden {
  readonly jsonSchema: { minimum?: number; maximum?: number };
}

const BINDING = { bindingVersion: '0.2.0' };
const CONTRACT_VERSION = '1.0.0';

const HEAD = [
  'Every message between a unit and the centre: topics, delivery, properties and payloads (AsyncAPI 3.0).',
  'Generated from src/contract by npm run generate:config: change it there. What is published in the',
  'tests is checked against this file.',
];

const DESCRIPTION = [
  [
    'Messages are CloudEvents 1.0. On MQTT 5 they are in binary mode: the payload is the data, the attributes are',
    'user properties (the headers of each message here). MQTT 3.1.1 has no properties: there they are in structured',
    'mode, one JSON object with the attributes and the data (the messages named ...Structured). ONVIF events,',
    'compound captures and lists are no CloudEvents.',
  ],
  [
    'Everything goes with QoS 1, and nothing expires at the broker. A message may come more than once, always with',
    'the same source and id. Hits, reads, events and losses are statements: published byte for byte as they were signed,',
    'numbered without a gap by the attribute sequence, each naming the digest of the one before; anprctl verify',
    'checks them.',
  ],
  [
    'What has nothing to say is left out. A field that is not named here does not occur: it would be a fault.',
  ],
]
  .map((lines) => lines.join(' '))
  .join('\n\n');

export function renderAsyncApi(): string {
  const document = new Document(asyncApiDocument(), { aliasDuplicateObjects: false });
  visit(document, {
    // Lists of words and numbers stand in one line.
    Seq: (_, list) => {
      list.flow = list.items.every((item) => isScalar(item));
    },
  });
  return `${HEAD.map((line) => `# ${line}`).join('\n')}\n\n${document.toString({ lineWidth: 110, flowCollectionPadding: false })}`;
}

export function asyncApiDocument(): Json {
  const contracts = Object.entries<MessageContract>(MESSAGES);
  const each = (make: (name: string, contract: MessageContract) => Json) =>
    Object.assign({}, ...contracts.map(([name, contract]) => make(name, contract))) as Json;
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'anprd',
      version: CONTRACT_VERSION,
      description: DESCRIPTION,
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: 'application/json',
    servers: {
      broker: {
        host: 'broker.example:8883',
        protocol: 'secure-mqtt',
        protocolVersion: '5.0',
        description: 'Any of mqtt.urls; MQTT 3.1.1 and WebSocket as well.',
      },
    },
    channels: each((name, contract) => ({ [name]: channelOf(name, contract) })),
    operations: each((name, contract) => ({ [operationName(name, contract)]: operationOf(name, contract) })),
    components: {
      parameters: Object.fromEntries(
        Object.entries(PARAMETERS).map(([name, { description, default: fallback, pattern }]) => [
          name,
          { description, ...(fallback !== undefined && { default: fallback }), 'x-pattern': pattern },
        ]),
      ),
      messages: each(messagesOf),
      schemas: schemas(contracts.map(([, contract]) => contract)),
    },
  };
}

function operationName(name: string, { action }: MessageContract): string {
  return `${action}${capitalised(name)}`;
}

function channelOf(name: string, contract: MessageContract): Json {
  const used = [...contract.address.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter as string);
  const ref = (message: string) => ({ [message]: { $ref: `#/components/messages/${message}` } });
  return {
    address: contract.address,
    title: contract.title,
    summary: contract.summary,
    parameters: Object.fromEntries(
      used.map((parameter) => [parameter, { $ref: `#/components/parameters/${parameter}` }]),
    ),
    messages: { ...ref(name), ...(contract.attributes !== undefined && ref(`${name}Structured`)) },
  };
}

function operationOf(name: string, { action, retain }: MessageContract): Json {
  return {
    action,
    channel: { $ref: `#/channels/${name}` },
    bindings: { mqtt: { qos: 1, retain, ...BINDING } },
  };
}

/** A CloudEvent is two messages, one for each version of the protocol. */
function messagesOf(name: string, contract: MessageContract): Json {
  const { title, summary, attributes, data } = contract;
  const payload =
    data.kind === 'json'
      ? { $ref: `#/components/schemas/${data.name}` }
      : { type: 'string', format: 'binary', description: data.description };
  const contentType = data.kind === 'json' ? 'application/json' : data.contentType;
  const bindings = { mqtt: BINDING };
  const plain = { name, title, summary, contentType, payload, bindings };
  if (attributes === undefined) return { [name]: plain };
  return {
    [name]: {
      ...plain,
      title: `${title} on MQTT 5`,
      headers: { $ref: `#/components/schemas/${attributesName(name)}` },
    },
    [`${name}Structured`]: {
      ...plain,
      name: `${name}Structured`,
      title: `${title} on MQTT 3.1.1`,
      contentType: 'application/cloudevents+json',
      payload: { $ref: `#/components/schemas/${envelopeName(name)}` },
    },
  };
}

function schemas(contracts: readonly MessageContract[]): Json {
  const names = Object.keys(MESSAGES);
  const registry = z.registry<{ id: string }>();
  for (const [id, part] of Object.entries(STATEMENT_PARTS)) registry.add(part, { id });
  const envelopes: Record<string, unknown> = {};
  for (const [index, { attributes, data }] of contracts.entries()) {
    const name = names[index] as string;
    if (data.kind === 'json') registry.add(data.schema, { id: data.name });
    if (attributes === undefined) continue;
    registry.add(attributes, { id: attributesName(name) });
    envelopes[envelopeName(name)] = envelopeOf(attributes, data);
  }
  const { schemas: named } = z.toJSONSchema(registry, {
    ...DRAFT,
    uri: (id) => `#/components/schemas/${id}`,
  });
  const cleaned = Object.entries(named).map(([name, { $schema, $id, ...schema }]) => [name, schema]);
  return { ...Object.fromEntries(cleaned), ...envelopes };
}

/** Structured mode: the attributes and the data in one object. */
function envelopeOf(attributes: z.ZodType, data: MessageContract['data']): Json {
  const { $schema, ...schema } = z.toJSONSchema(attributes, DRAFT);
  const [field, value] =
    data.kind === 'json'
      ? ['data', { $ref: `#/components/schemas/${data.name}` }]
      : ['data_base64', { type: 'string', contentEncoding: 'base64', contentMediaType: data.contentType }];
  const contentType = data.kind === 'json' ? 'application/json' : data.contentType;
  return {
    ...schema,
    properties: {
      ...schema.properties,
      datacontenttype: { type: 'string', const: contentType },
      [field as string]: value,
    },
    required: [...(schema.required ?? []), 'datacontenttype', field],
  };
}

const attributesName = (name: string) => `${capitalised(name)}Attributes`;
const envelopeName = (name: string) => `${capitalised(name)}Envelope`;

function capitalised(name: string): string {
  return `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;
}
