import { connectAsync } from 'mqtt';
import { afterEach, describe, expect, it } from 'vitest';
import { packetBytes } from '../../../src/uplink/packet-size.js';
import { type Gate, startGate } from '../../support/gate.js';
import { repeatable } from '../../support/repeatable.js';

let gate: Gate | undefined;
afterEach(() => gate?.close());

/** What a broker says that lets everybody in. */
const WELCOME = { 4: Buffer.from([0x20, 2, 0, 0]), 5: Buffer.from([0x20, 3, 0, 0, 0]) };

describe.each([5, 4] as const)('the bytes of a packet, MQTT protocol %i', (protocolVersion) => {
  it('are never more than said, and hardly fewer: long and short, texts beyond ASCII', async () => {
    gate = await startGate((near) => {
      near.once('data', () => near.write(WELCOME[protocolVersion]));
      near.resume();
    });
    const client = await connectAsync(gate.url, { protocolVersion, reconnectPeriod: 0 });
    const { stream } = client as unknown as { stream: { bytesWritten: number } };
    const random = repeatable(5);
    const text = (most: number) => 'é'.repeat(random() * most) + 'x'.repeat(random() * most);
    for (let round = 0; round < 200; round++) {
      const payload = Buffer.alloc(random() * 2 ** (random() * 18));
      const userProperties = { id: text(40), [`a${text(9)}`]: text(300) };
      const properties = { contentType: 'application/json', userProperties };
      const topic = `anpr/${text(9)}/read`;
      const before = stream.bytesWritten;
      client.publish(topic, payload, { qos: 1, ...(protocolVersion === 5 && { properties }) });
      const bytes = stream.bytesWritten - before;
      const said = packetBytes({ topic, retain: false, payload, ...(protocolVersion === 5 && properties) });
      expect(said - bytes).toBeGreaterThanOrEqual(0);
      expect(said - bytes).toBeLessThanOrEqual(6);
    }
    await client.endAsync(true);
  });
});
