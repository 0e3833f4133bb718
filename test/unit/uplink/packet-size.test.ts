import { generate } from 'mqtt-packet';
import { expect, it } from 'vitest';
import { packetBytes } from '../../../src/uplink/packet-size.js';
import { repeatable } from '../../support/repeatable.js';

it('a packet is never larger than said, and hardly smaller: both versions, texts beyond ASCII', () => {
  const random = repeatable(5);
  const text = (most: number) => 'é'.repeat(random() * most) + 'x'.repeat(random() * most);
  for (let round = 0; round < 400; round++) {
    const protocolVersion = round % 2 === 0 ? 5 : 4;
    const payload = Buffer.alloc(random() * 2 ** (random() * 18));
    const userProperties = { id: text(40), [`a${text(9)}`]: text(300) };
    const properties = { contentType: 'application/json', userProperties };
    const topic = `anpr/${text(9)}/read`;
    const packet = {
      cmd: 'publish',
      qos: 1,
      dup: false,
      retain: false,
      messageId: 7,
      topic,
      payload,
    } as const;
    const bytes = generate(
      { ...packet, ...(protocolVersion === 5 && { properties }) },
      { protocolVersion },
    ).length;
    const said = packetBytes({ topic, retain: false, payload, ...(protocolVersion === 5 && properties) });
    expect(said - bytes).toBeGreaterThanOrEqual(0);
    expect(said - bytes).toBeLessThanOrEqual(6);
  }
});
