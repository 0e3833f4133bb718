import { z } from 'zod';
import { seconds, whole } from './fields.js';

/** What surrounds the device in its cabinet or car: its position, its lines, its power and heat, its crew. */

const serialReceiver = z.strictObject({
  kind: z.literal('serial').describe('A receiver that speaks NMEA 0183 over a serial line.'),
  device: z
    .string()
    .regex(/^\//, 'expected a device such as /dev/anprd-gps')
    .default('/dev/anprd-gps')
    .describe('The device; the udev rules give it this stable name.'),
  baudRate: z
    .union([z.literal('auto'), z.number().int().min(1_200).max(3_000_000)], {
      error: 'expected auto, or a baud rate such as 9600',
    })
    .default('auto')
    .describe('auto tries the usual rates until sentences come whose checksums are right.'),
});
const gpsdReceiver = z.strictObject({
  kind: z.literal('gpsd').describe('gpsd, which shares one receiver among programs.'),
  host: z.string().min(1).default('127.0.0.1').describe('Where it listens.'),
  port: whole(2947, 1, 65_535).describe('Its port.'),
});
const noReceiver = z.strictObject({
  kind: z.literal('none').describe('No receiver: records bear the surveyed position, or none.'),
});

export const positionSchema = z.strictObject({
  receiver: z
    .discriminatedUnion('kind', [noReceiver, serialReceiver, gpsdReceiver])
    .default({ kind: 'none' })
    .describe('Where fixes come from.'),
  surveyedFile: z
    .string()
    .min(1)
    .optional()
    .describe(
      'File (a systemd credential) with the surveyed place of a fixed camera: latitude and longitude in degrees, in one line with a comma between them. It stands in a file of its own so that this one can be shown to anybody.',
    ),
  centrePublicKey: z
    .string()
    .regex(/^[A-Za-z0-9+/]{43}=$/, 'expected 44 characters of base64, as anprctl centre-key prints')
    .optional()
    .describe(
      "The centre's X25519 key that positions are sealed to. Without it no position is kept or sent.",
    ),
  silentAfterSeconds: z
    .number()
    .min(1)
    .max(3600)
    .default(5)
    .describe('A receiver without a sentence that can be understood for so long is reopened.'),
  usefulSeconds: z
    .number()
    .min(0.1)
    .max(86_400)
    .default(300)
    .describe('A record that was captured longer after the last fix than this bears no position.'),
  movedMetres: z
    .number()
    .min(5)
    .max(100_000)
    .default(50)
    .describe('A receiver that is so far from the surveyed place raises a warning and an event.'),
});

const line = (what: string) =>
  z
    .strictObject({
      line: z
        .number()
        .int()
        .min(0)
        .max(1023)
        .optional()
        .describe('Number on its chip (BCM number on a Pi); left out: there is none.'),
      activeLow: z.boolean().default(false).describe('Whether 0 volts means on.'),
    })
    .prefault({})
    .describe(what);

export const linesSchema = z.strictObject({
  board: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('none').describe('No lines.') }),
      z.strictObject({
        kind: z.literal('onoff').describe('GPIO of the kernel (/sys/class/gpio).'),
        chipLabel: z
          .string()
          .min(1)
          .optional()
          .describe(
            'Label of the chip, for example pinctrl-bcm2711; left out: the one with the most lines. Its base number is looked up.',
          ),
      }),
      z.strictObject({
        kind: z
          .literal('simulated')
          .describe('Files that stand for lines: for training, and where tests run.'),
        folder: z.string().min(1).describe('A file for each line, holding 0 or 1.'),
      }),
    ])
    .default({ kind: 'none' })
    .describe('What the lines are on.'),
  illuminator: line('Infrared illuminator.'),
  strobeEnable: line('Allows the illuminator to flash with the exposure.'),
  tamper: line('Switch of the cabinet door; on: open.'),
  ignition: line('Ignition sense; on: the engine may run.'),
  lamp: line('Status lamp.'),
  buzzer: line('Buzzer for hits.'),
  mute: line('Button that silences the buzzer.'),
  debounceMs: whole(50, 1, 5_000).describe('A switch must rest for so long to be believed.'),
  illumination: z
    .enum(['auto', 'sun', 'ambient', 'on', 'off'])
    .default('auto')
    .describe(
      'sun: between dusk and dawn at the position; ambient: while the picture is dark; auto: either; on and off: always.',
    ),
  ambientDark: z
    .number()
    .min(0)
    .max(255)
    .default(60)
    .describe('Mean brightness of the picture under which it counts as dark.'),
  ignitionOffSeconds: z
    .number()
    .min(0)
    .max(15)
    .default(3)
    .describe('Ignition off for so long begins the clean stop, which is over within 20 s of ignition off.'),
  muteSeconds: seconds(300, 86_400).describe('How long the mute button silences the buzzer.'),
});

export const exposureSchema = z.strictObject({
  control: z
    .boolean()
    .default(false)
    .describe(
      "Whether the camera's exposure and gain are set by how plates look (V4L2 drivers that allow it).",
    ),
  everySeconds: z.number().min(1).max(600).default(5).describe('How often they are changed at most.'),
  plateBrightness: z
    .number()
    .min(20)
    .max(235)
    .default(150)
    .describe('Brightness that plates are brought to: the 90th percentile of their pixels, 0 to 255.'),
  mostExposureMs: z
    .number()
    .min(0.05)
    .max(40)
    .default(2)
    .describe('Longest exposure: longer blurs plates of moving vehicles.'),
  alternate: z
    .boolean()
    .default(false)
    .describe(
      'Whether every second frame is exposed for shiny plates, at a quarter of the exposure; needs control, and an empty road then costs as much as a busy one.',
    ),
});

export const powerSchema = z.strictObject({
  hotCelsius: z
    .number()
    .min(40)
    .max(120)
    .default(78)
    .describe(
      'Temperature of the processor from which fewer frames are taken in, before it throttles itself.',
    ),
  coolCelsius: z
    .number()
    .min(30)
    .max(119)
    .default(72)
    .describe('Temperature below which all frames are taken in again.'),
  hotFramesPerSecond: z.number().min(0.5).max(240).default(5).describe('Frames a second while it is hot.'),
  wornPercent: z
    .number()
    .min(1)
    .max(100)
    .default(80)
    .describe('Used part of the card or disk, as it says itself, from which a warning is raised.'),
});

export const displaySchema = z.strictObject({
  profile: z
    .enum(['auto', 'driver-moving', 'passenger', 'stationary'])
    .default('auto')
    .describe(
      'What anprctl watch shows: auto takes stationary while the vehicle is known to stand and driver-moving otherwise; stationary is for a cabinet, and gives way to a fix that says that it moves; passenger is for a screen that the driver cannot see.',
    ),
  standingMetresPerSecond: z
    .number()
    .min(0)
    .max(5)
    .default(1)
    .describe('Speed below which the vehicle counts as standing.'),
  standingSeconds: seconds(5, 600).describe('For so long, before more is shown.'),
  freshFixSeconds: z
    .number()
    .min(0.5)
    .max(60)
    .default(3)
    .describe('A speed older than this is not known: what a moving driver may see is shown.'),
  keepHits: whole(200, 1, 1_000).describe('Hits that are held for the display.'),
});

export type PositionConfig = z.infer<typeof positionSchema>;
export type LinesConfig = z.infer<typeof linesSchema>;
export type LineConfig = LinesConfig['illuminator'];
export type ExposureConfig = z.infer<typeof exposureSchema>;
export type PowerConfig = z.infer<typeof powerSchema>;
export type DisplayConfig = z.infer<typeof displaySchema>;
