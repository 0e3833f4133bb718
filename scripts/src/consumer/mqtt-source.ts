import { connect, type IPublishPacket, type MqttClient } from 'mqtt';
import type { Take } from './committer.js';
import { type Access, type Source, tlsFiles } from './source.js';

export interface MqttSourceOptions extends Access {
  /** Consumers of one group share the messages: each goes to one of them. */
  readonly group: string;
  /** Of this consumer; the same after a restart, because its sessions wait for it under this name. */
  readonly name: string;
  /** mqtt.topicPrefix of the devices. */
  readonly prefix: string;
  readonly connections: number;
  readonly take: Take;
}

/** The broker keeps what comes while we are away, for ever. */
const NEVER_EXPIRES = 0xffff_ffff;
const RECONNECT_MS = 1_000;
/** Read ahead by a connection; the rest waits at the broker, where it is safe. */
const RECEIVE_MAXIMUM = 100;

/**
 * A shared subscription of MQTT 5, acknowledged after the commit.
 *
 * mqtt.js sends the PUBACK when `handleMessage` calls back, and reads the next packet only then. So one
 * connection has one message in hand; several of them are committed together.
 *
 * A shared subscription gets nothing that was retained: the state of a unit comes when it changes.
 *
 * A session that never comes back keeps its share of the messages at the broker: start a consumer that
 * is to be removed once more with its old name, and let it empty them.
 */
export async function consumeMqtt(options: MqttSourceOptions): Promise<Source> {
  let fail: (reason: unknown) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => undefined);
  const clients: MqttClient[] = [];
  const subscribed = Array.from(
    { length: options.connections },
    (_, index) => new Promise<void>((resolve) => clients.push(open(options, index, resolve, fail))),
  );
  await Promise.race([failed, Promise.all(subscribed)]);
  return {
    failed,
    close: async () => {
      await Promise.all(clients.map((client) => client.endAsync(true)));
    },
  };
}

function open(
  options: MqttSourceOptions,
  index: number,
  subscribed: () => void,
  fail: (reason: unknown) => void,
): MqttClient {
  const { urls, group, name, prefix, take } = options;
  const servers = urls.map((text) => {
    const { protocol, hostname, port } = new URL(text);
    return { protocol: protocol.slice(0, -1) as 'mqtt' | 'mqtts', host: hostname, port: Number(port) };
  });
  const client = connect({
    ...tlsFiles(options),
    servers,
    // mqtt.js looks here, and not at the servers, for whether it may use a certificate.
    ...(servers[0] !== undefined && { protocol: servers[0].protocol }),
    protocolVersion: 5,
    clientId: `${group}-${name}-${index}`,
    clean: false,
    reconnectPeriod: RECONNECT_MS,
    // Asked for on each connection, below: the broker may have lost the session.
    resubscribe: false,
    queueQoSZero: false,
    properties: { sessionExpiryInterval: NEVER_EXPIRES, receiveMaximum: RECEIVE_MAXIMUM },
  });
  client.handleMessage = (packet, done) => {
    const { stream } = client;
    take(deliveryOf(packet as IPublishPacket)).then(
      // On the next connection its number may be another message's, so it is not acknowledged there: it
      // comes again, and is known by its id.
      () => client.stream === stream && done(),
      // Not called back: nothing more is read, and nothing acknowledged.
      (failure) => fail(failure),
    );
  };
  client.on('connect', () => {
    client.subscribe(`$share/${group}/${prefix}/#`, { qos: 1 }, (error, granted) => {
      const code = Number(granted?.[0]?.qos ?? 1);
      if (code > 2) fail(new Error(`the broker does not let this consumer subscribe (${code})`));
      else if (!error) subscribed();
    });
  });
  // Away is an everyday state: it connects again by itself.
  client.on('error', () => undefined);
  return client;
}

function deliveryOf({ topic, payload, properties }: IPublishPacket) {
  return {
    topic,
    payload: Buffer.from(payload),
    ...(properties?.contentType !== undefined && { contentType: properties.contentType }),
    ...(properties?.userProperties !== undefined && { attributes: { ...properties.userProperties } }),
  };
}
