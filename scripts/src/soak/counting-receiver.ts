import { connectAsync, type IPublishPacket, type MqttClient } from 'mqtt';

/** A receiver that does as little as it can with each message: what it costs is on every publisher's side. */
export class CountingReceiver {
  readonly #client: MqttClient;
  readonly #seen = new Set<string>();
  /** By kind, when each different event came; UTC, milliseconds. */
  readonly #arrivals = new Map<string, number[]>();
  readonly #hitLatenciesMs: number[] = [];
  #repeats = 0;
  #isBare = false;

  private constructor(client: MqttClient) {
    this.#client = client;
  }

  static async begin(url: string): Promise<CountingReceiver> {
    const client = await connectAsync(url, { protocolVersion: 5, clientId: 'soak-receiver' });
    const receiver = new CountingReceiver(client);
    client.on('message', (topic, payload, packet) => receiver.#take(topic, payload, packet));
    await client.subscribeAsync('anpr/#', { qos: 1 });
    return receiver;
  }

  /** Different events of a kind. */
  count(kind: string): number {
    return this.#arrivals.get(kind)?.length ?? 0;
  }

  firstMs(kind: string): number {
    return this.reachedMs(kind, 1);
  }

  /** When so many different events of a kind had come; UTC, milliseconds. */
  reachedMs(kind: string, events: number): number {
    return this.#arrivals.get(kind)?.[events - 1] ?? Number.NaN;
  }

  /** Of each hit from its commit to its arrival, in the order of arrival. */
  hitLatenciesMs(): number[] {
    return [...this.#hitLatenciesMs];
  }

  /** From now on repeats are meant. */
  countBare(): void {
    this.#isBare = true;
  }

  get repeatsBeforeBare(): number {
    return this.#repeats;
  }

  close(): Promise<void> {
    return this.#client.endAsync(true);
  }

  #take(topic: string, payload: Buffer, packet: IPublishPacket): void {
    const kind = topic.slice(topic.lastIndexOf('/') + 1);
    const id = String(packet.properties?.userProperties?.id);
    if (this.#seen.has(id)) {
      if (!this.#isBare) this.#repeats++;
      return;
    }
    this.#seen.add(id);
    const nowMs = Date.now();
    const arrivals = this.#arrivals.get(kind);
    if (arrivals === undefined) this.#arrivals.set(kind, [nowMs]);
    else arrivals.push(nowMs);
    if (kind !== 'hit') return;
    const { committedAt } = JSON.parse(payload.toString()) as { committedAt: string };
    this.#hitLatenciesMs.push(nowMs - Date.parse(committedAt));
  }
}
