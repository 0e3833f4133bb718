import { readFileSync } from 'node:fs';
import { connectAsync } from 'mqtt';
import type { BareOrder, BareReport, SampledMessage } from './orders.js';

/** The peer: MQTT.js, messages that are made already, a window, and nothing else. */
async function publishAll({ url, window, count, path }: BareOrder): Promise<BareReport> {
  const messages = readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as SampledMessage)
    .map(({ topic, payload, contentType, userProperties }) => ({
      topic,
      payload: Buffer.from(payload, 'base64'),
      options: {
        qos: 1,
        ...(contentType !== undefined && {
          properties: { contentType, userProperties: { ...userProperties } },
        }),
      } as const,
    }));
  const client = await connectAsync(url, { protocolVersion: 5, clean: true, reconnectPeriod: 0 });
  const most = Math.min(window, client.serverProperties?.receiveMaximum ?? window);
  const cpuBefore = process.cpuUsage();
  const beganMs = performance.now();
  await new Promise<void>((resolve, reject) => {
    let sent = 0;
    let acknowledged = 0;
    const send = () => {
      const { topic, payload, options } = messages[sent % messages.length] as (typeof messages)[number];
      sent++;
      client.publish(topic, payload, options, (error) => {
        if (error) return reject(error);
        if (++acknowledged === count) resolve();
        else if (sent < count) send();
      });
    };
    while (sent < Math.min(most, count)) send();
  });
  const tookMs = performance.now() - beganMs;
  const { user, system } = process.cpuUsage(cpuBefore);
  await client.endAsync();
  return { tookMs, cpuMs: (user + system) / 1_000 };
}

process.on('message', async (order: BareOrder) => {
  process.send?.({ kind: 'published', ...(await publishAll(order)) });
  process.disconnect();
});
