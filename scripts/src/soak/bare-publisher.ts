import { connectAsync } from 'mqtt';
import { readMessages } from './message-file.js';

/**
 * MQTT.js and nothing else: publishes a file of messages with QoS 1, so many at once, and prints how
 * long it took from the first to the last acknowledgement. Run as `bare-publisher.js URL FILE WINDOW`.
 */
const [url = '', path = '', window = ''] = process.argv.slice(2);
const mostAtOnce = Number(window);
const client = await connectAsync(url, {
  protocolVersion: 5,
  clientId: 'soak-bare',
  clean: true,
  reconnectPeriod: 0,
});
const messages = readMessages(path);
let sent = 0;
let acknowledged = 0;
let isOver = false;
const began = performance.now();

await new Promise<void>((resolve, reject) => {
  const send = (): void => {
    while (!isOver && sent - acknowledged < mostAtOnce) {
      const next = messages.next();
      if (next.done) {
        isOver = true;
        break;
      }
      const { topic, payload, retain, contentType, userProperties } = next.value;
      sent++;
      client.publish(
        topic,
        payload,
        {
          qos: 1,
          retain,
          ...(contentType !== undefined && {
            properties: { contentType, userProperties: { ...userProperties } },
          }),
        },
        (error) => {
          if (error) return reject(error);
          acknowledged++;
          send();
        },
      );
    }
    if (isOver && acknowledged === sent) resolve();
  };
  send();
});
const tookMs = performance.now() - began;
await client.endAsync();
process.stdout.write(`${JSON.stringify({ messages: sent, tookMs })}\n`);
