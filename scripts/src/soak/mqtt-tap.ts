import type { RoadWatcher } from './proxy.js';

/**
 * A witness on the wire between a device and its broker: what was published, and what the broker
 * acknowledged. So what a broker lost after acknowledging it is told from what the device lost.
 *
 * It reads MQTT as far as that: PUBLISH with its packet id and the CloudEvents `id`, among the user
 * properties of MQTT 5 or in the JSON of MQTT 3.1.1, and PUBACK with its reason.
 */
export interface WireCounts {
  /** PUBLISH packets with QoS 1, status messages left out. */
  published: number;
  /** PUBACKs that said that nobody listens. */
  unheard: number;
  /** Connections that the broker accepted. */
  connections: number;
  /** Of these, with MQTT 3.1.1. */
  olderConnections: number;
}

const CONNECT = 1;
const CONNACK = 2;
const PUBLISH = 3;
const PUBACK = 4;
/** MQTT 5: taken, but no session subscribes to it. */
const NO_MATCHING_SUBSCRIBERS = 16;

export interface TapOptions {
  /** The broker's acceptance has come through to the device; one object a connection. */
  readonly onConnected?: (connection: object) => void;
  readonly onEnded?: (connection: object) => void;
}

export class MqttTap implements RoadWatcher {
  readonly counts: WireCounts = { published: 0, unheard: 0, connections: 0, olderConnections: 0 };
  /** By `kind id`, how often it was published. */
  readonly published = new Map<string, number>();
  /** By `kind id`. */
  readonly acknowledged = new Set<string>();
  readonly #options: TapOptions;

  constructor(options: TapOptions = {}) {
    this.#options = options;
  }

  opened(): { passed(to: 'device' | 'broker', bytes: Buffer): void; ended(): void } {
    const { onConnected, onEnded } = this.#options;
    const connection = {};
    const onTheWay = new Map<number, string>();
    let version = 5;
    const up = new PacketSplitter((type, flags, body) => {
      // Behind the name of the protocol.
      if (type === CONNECT) version = body[6] ?? 0;
      if (type === PUBLISH && (flags & 0b0110) !== 0) this.#publish(body, onTheWay);
    });
    const down = new PacketSplitter((type, _flags, body) => {
      if (type === CONNACK && body[1] === 0) {
        this.counts.connections++;
        if (version !== 5) this.counts.olderConnections++;
        onConnected?.(connection);
      } else if (type === PUBACK) this.#acknowledge(body, onTheWay);
    });
    return {
      passed: (to, bytes) => (to === 'broker' ? up : down).push(bytes),
      ended: () => onEnded?.(connection),
    };
  }

  #publish(body: Buffer, onTheWay: Map<number, string>): void {
    const topicLength = body.readUInt16BE(0);
    const kind =
      body
        .toString('utf8', 2, 2 + topicLength)
        .split('/')
        .at(-1) ?? '';
    if (kind === 'status') return;
    const key = `${kind} ${eventIdIn(body.subarray(2 + topicLength))}`;
    onTheWay.set(body.readUInt16BE(2 + topicLength), key);
    this.counts.published++;
    this.published.set(key, (this.published.get(key) ?? 0) + 1);
  }

  #acknowledge(body: Buffer, onTheWay: Map<number, string>): void {
    const packetId = body.readUInt16BE(0);
    const key = onTheWay.get(packetId);
    if (key === undefined) return;
    onTheWay.delete(packetId);
    const reason = body[2] ?? 0;
    if (reason === NO_MATCHING_SUBSCRIBERS) this.counts.unheard++;
    if (reason < 128) this.acknowledged.add(key);
  }
}

const ID_PROPERTY = Buffer.from([0x26, 0, 2, 0x69, 0x64]);
const ID_IN_JSON = Buffer.from('"id":"');

/** @param rest of a PUBLISH, from its packet id on. */
function eventIdIn(rest: Buffer): string {
  const at = rest.indexOf(ID_PROPERTY);
  if (at >= 0) {
    const from = at + ID_PROPERTY.length;
    return rest.toString('utf8', from + 2, from + 2 + rest.readUInt16BE(from));
  }
  const inJson = rest.indexOf(ID_IN_JSON);
  if (inJson < 0) throw new Error('expected a CloudEvent with an id');
  const from = inJson + ID_IN_JSON.length;
  return rest.toString('utf8', from, rest.indexOf('"', from));
}

/** Bytes as they come, packets as they are whole. */
class PacketSplitter {
  readonly #onPacket: (type: number, flags: number, body: Buffer) => void;
  #rest: Buffer = Buffer.alloc(0);

  constructor(onPacket: (type: number, flags: number, body: Buffer) => void) {
    this.#onPacket = onPacket;
  }

  push(bytes: Buffer): void {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    for (;;) {
      const header = headerOf(this.#rest);
      if (header === undefined || this.#rest.length < header.bytes + header.bodyBytes) return;
      const first = this.#rest[0] as number;
      const body = this.#rest.subarray(header.bytes, header.bytes + header.bodyBytes);
      this.#rest = this.#rest.subarray(header.bytes + header.bodyBytes);
      this.#onPacket(first >> 4, first & 0x0f, body);
    }
  }
}

/** The fixed header; undefined while it is not whole. */
function headerOf(bytes: Buffer): { readonly bytes: number; readonly bodyBytes: number } | undefined {
  let bodyBytes = 0;
  for (let place = 0; place < 4; place++) {
    const byte = bytes[place + 1];
    if (byte === undefined) return undefined;
    bodyBytes += (byte & 0x7f) * 128 ** place;
    if ((byte & 0x80) === 0) return { bytes: place + 2, bodyBytes };
  }
  throw new Error('expected MQTT, found a packet length of more than four bytes');
}
