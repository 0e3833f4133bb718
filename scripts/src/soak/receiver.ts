import { connectAsync, type IPublishPacket, type MqttClient } from 'mqtt';

/** A statement as it came, once. */
export interface ReceivedStatement {
  readonly kind: 'hit' | 'read' | 'event' | 'loss';
  /** Of the hit, the record, the event or the loss. */
  readonly id: string;
  readonly chain: string;
  readonly sequence: number;
  readonly text: string;
  /** UTC, milliseconds. */
  readonly arrivedAtMs: number;
}

/**
 * The centre: a durable session with QoS 1 that takes each event once, by kind and id, and counts what
 * comes again.
 */
export class SoakReceiver {
  readonly statements = new Map<string, ReceivedStatement>();
  /** Events of other kinds: pictures, states of the unit. */
  readonly #others = new Set<string>();
  readonly #client: MqttClient;
  readonly #onStatement: (statement: ReceivedStatement) => void;
  #isListening = false;
  #messages = 0;
  #repeats = 0;
  /** Events whose second coming said something else. */
  #contradictions = 0;
  #bytes = 0;
  /** Of what came for the first time. */
  #freshBytes = 0;
  #images = 0;

  private constructor(client: MqttClient, onStatement: (statement: ReceivedStatement) => void) {
    this.#client = client;
    this.#onStatement = onStatement;
  }

  static async begin(
    url: string,
    onStatement: (statement: ReceivedStatement) => void = () => undefined,
  ): Promise<SoakReceiver> {
    const client = await connectAsync(url, {
      protocolVersion: 5,
      clientId: 'soak-receiver',
      clean: false,
      reconnectPeriod: 20,
      resubscribe: false,
      properties: { sessionExpiryInterval: 86_400 },
    });
    const receiver = new SoakReceiver(client, onStatement);
    client.on('error', () => undefined);
    client.on('close', () => {
      receiver.#isListening = false;
    });
    client.on('connect', (packet) => {
      if (packet.sessionPresent) receiver.#isListening = true;
      else void receiver.#subscribe();
    });
    client.on('message', (topic, payload, packet) => receiver.#take(topic, payload, packet));
    await receiver.#subscribe();
    return receiver;
  }

  /** Connected, with its subscription. */
  get isListening(): boolean {
    return this.#isListening;
  }

  get counts() {
    return {
      messages: this.#messages,
      repeats: this.#repeats,
      contradictions: this.#contradictions,
      bytes: this.#bytes,
      freshBytes: this.#freshBytes,
      images: this.#images,
    };
  }

  has(key: string): boolean {
    return this.statements.has(key) || this.#others.has(key);
  }

  close(): Promise<void> {
    return this.#client.endAsync(true);
  }

  async #subscribe(): Promise<void> {
    // It is tried again at the next connection.
    await this.#client.subscribeAsync('anpr/#', { qos: 1 }).then(
      () => {
        this.#isListening = true;
      },
      () => undefined,
    );
  }

  #take(topic: string, payload: Buffer, packet: IPublishPacket): void {
    const kind = topic.split('/').at(-1) ?? '';
    if (kind === 'status') return;
    const { id, text } = eventOf(payload, packet);
    const key = `${kind} ${id}`;
    this.#messages++;
    this.#bytes += payload.length;
    const known = this.statements.get(key);
    if (known !== undefined || this.#others.has(key)) {
      this.#repeats++;
      if (known !== undefined && known.text !== text()) this.#contradictions++;
      return;
    }
    this.#freshBytes += payload.length;
    if (kind !== 'hit' && kind !== 'read' && kind !== 'event' && kind !== 'loss') {
      this.#others.add(key);
      if (kind === 'image') this.#images++;
      return;
    }
    const { chain, sequence } = JSON.parse(text()).evidence as { chain: string; sequence: number };
    const statement = { kind, id, chain, sequence, text: text(), arrivedAtMs: Date.now() } as const;
    this.statements.set(key, statement);
    this.#onStatement(statement);
  }
}

/** In binary mode (MQTT 5) or in structured mode (MQTT 3.1.1), which has a statement in its own JSON. */
function eventOf(
  payload: Buffer,
  packet: IPublishPacket,
): { readonly id: string; readonly text: () => string } {
  if (packet.properties?.contentType !== undefined) {
    return { id: String(packet.properties.userProperties?.id), text: () => payload.toString() };
  }
  const { id, data } = JSON.parse(payload.toString()) as { id: string; data?: unknown };
  return { id, text: () => JSON.stringify(data) };
}
