import { z } from 'zod';
import { seconds, topicWords, whole } from './fields.js';

/** The way to the centre: brokers, pace, metered links, and the forms of what is published. */

/** What may go over a metered link in an hour; left out: no limit. */
const hourly = () => z.number().min(0).max(100_000_000).optional();

export const meteringSchema = z.strictObject({
  freeInterfaces: z
    .array(z.string().regex(/^[A-Za-z0-9._-]{1,15}$/, 'expected a network interface such as eth0 or wlan0'))
    .max(16, 'expected at most 16 interfaces')
    .default([])
    .describe('Networks on which nothing is metered, by the interface that leads to the broker.'),
  kilobytesPerHour: z
    .strictObject({
      total: hourly().describe('Of everything; hits count, and never wait.'),
      reads: hourly().describe('Of reads.'),
      hitImages: hourly().describe('Of pictures of hits; 0: only on freeInterfaces.'),
      readImages: hourly().describe('Of pictures of the other reads; 0: only on freeInterfaces.'),
      health: hourly().describe('Of what the device says of itself.'),
    })
    .prefault({})
    .describe('What may go over a metered link in an hour, in kilobytes of packets; left out: no limit.'),
});

/** Other forms of what is published, for receivers that know nothing else. */
export const renderingsSchema = z.strictObject({
  onvif: z
    .strictObject({
      enabled: z.boolean().default(false).describe('Whether each read also goes out as an ONVIF event.'),
      topicPrefix: topicWords('onvif').describe('First part of its topic.'),
    })
    .prefault({})
    .describe('ONVIF Profile M event JSON.'),
  compound: z
    .strictObject({
      enabled: z.boolean().default(false).describe('Whether reads also go out in compound captures.'),
      mostCaptures: whole(50, 1, 50).describe('Captures in one message at most.'),
    })
    .prefault({})
    .describe('The compound shape of older back offices: text first, pictures later.'),
});

const BROKER_URL = 'a URL such as mqtt://127.0.0.1:1883 or mqtts://broker:8883';

function isAddress(url: string): boolean {
  return URL.canParse(url) && !/\s/.test(url) && new URL(url).hostname !== '';
}

export const mqttSchema = z.strictObject({
  urls: z
    .array(
      z
        .string()
        .regex(/^(mqtts?|wss?):\/\//, `expected ${BROKER_URL}`)
        .refine((url) => !/^(mqtts?|wss?):\/\//.test(url) || isAddress(url), {
          error: `expected a name or an address there and a port up to 65535: ${BROKER_URL}`,
        }),
    )
    .min(1, 'expected at least one broker')
    .max(8, 'expected at most 8 brokers')
    .default(['mqtt://127.0.0.1:1883'])
    .describe('The brokers, the preferred one first: mqtt, mqtts (TLS), ws or wss (WebSocket).'),
  protocolVersion: z
    .union([z.literal('auto'), z.literal(4), z.literal(5)], { error: 'expected auto, 4 or 5' })
    .default('auto')
    .describe('5, 4 for MQTT 3.1.1, or auto: 5, and 4 where the broker does not speak it.'),
  serverName: z
    .string()
    .min(1)
    .optional()
    .describe("Name in the broker's certificate, where it is not the one in its URL."),
  username: z.string().optional().describe('Name to log in with.'),
  passwordFile: z.string().optional().describe('File (a systemd credential) that holds the password.'),
  caFile: z.string().optional().describe("Certificate authority that signed the broker's certificate (PEM)."),
  certificateFile: z.string().optional().describe("The device's certificate (PEM)."),
  keyFile: z.string().optional().describe("The device's private key (PEM)."),
  topicPrefix: topicWords('anpr').describe('First part of every topic.'),
  retain: z
    .boolean()
    .default(true)
    .describe('Whether the unit state is retained at the broker; false for cloud brokers that refuse it.'),
  keepaliveSeconds: whole(50, 5, 3600).describe(
    'Longest silence on the link before it is tested; mobile networks forget a silent connection after a minute or more.',
  ),
  answerSeconds: z
    .number()
    .min(1)
    .max(300)
    .default(15)
    .describe('A broker that has not acknowledged a message after so long is taken for gone.'),
  reconnectFirstSeconds: seconds(1, 60).describe('First wait before reconnecting; doubles at every failure.'),
  reconnectMostSeconds: seconds(60, 3600).describe('Longest wait before reconnecting.'),
  windowMessages: whole(100, 1, 1000).describe(
    'Messages on their way without acknowledgement at most; fewer where the broker asks for it.',
  ),
  mostPacketBytes: whole(262_144, 40_000, 8_000_000).describe(
    'Largest message that is sent; the broker may ask for less.',
  ),
  hitWaitSeconds: z
    .number()
    .min(0.1)
    .max(60)
    .default(1)
    .describe(
      'No more is put on its way at once than the link carries in this time, so that a hit need not wait.',
    ),
  starvationSeconds: z
    .number()
    .min(1)
    .max(86_400)
    .default(30)
    .describe('A lane that has waited so long behind higher ones sends one message all the same.'),
  slowLinkImageSeconds: z
    .number()
    .min(1)
    .max(86_400)
    .default(300)
    .describe('The same for a picture on a link that needs longer than hitWaitSeconds for it.'),
  usefulSeconds: z
    .number()
    .min(1)
    .max(86_400)
    .default(300)
    .describe('What is older when it is sent is marked historical.'),
  metering: meteringSchema.prefault({}).describe('Links on which bytes cost money.'),
  renderings: renderingsSchema.prefault({}).describe('Other forms of what is published.'),
  drainSeconds: seconds(5, 120).describe('How long a clean stop waits for what is still to be sent.'),
});

export type MqttConfig = z.infer<typeof mqttSchema>;
export type MeteringConfig = z.infer<typeof meteringSchema>;
export type RenderingsConfig = z.infer<typeof renderingsSchema>;
