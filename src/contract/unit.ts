import { z } from 'zod';
import type { LinesConfig } from '../config/site-schema.js';
import type { ViewLook } from '../domain/optics.js';
import type { PositionSnapshot } from '../domain/position.js';
import type { LossReason } from '../domain/statement.js';
import { byLane, clockSource, count, digest, instant, lane, oneOf, opaqueId, uuid } from './fields.js';

/** What a unit says of itself; not signed, as nothing rests on it that the statements do not say. */

export const unitStatus = z
  .strictObject({
    unitId: opaqueId(),
    state: oneOf({
      online: 'connected',
      offline: 'the connection broke without a word; published by the broker',
      stopped: 'a clean stop',
    }),
    sessionId: z
      .string()
      .min(1)
      .max(64)
      .describe('Of the connection: a will that comes late is told from a newer birth by it.'),
  })
  .describe('Whether the unit is connected.');

export const healthReport = z
  .strictObject({
    type: z.literal('health'),
    unitId: opaqueId(),
    at: instant(),
    version: z.string().describe("Of the unit's software."),
    uptimeSeconds: count(),
    warnings: z.array(
      z.strictObject({
        code: z.string().regex(/^[a-z-]+$/),
        subject: z.string().describe("Id of a camera or a list; '' for the unit."),
        severity: oneOf({ high: '', medium: '', low: '' }),
        since: instant(),
      }),
    ),
    lanes: byLane(
      z.strictObject({
        items: count(),
        bytes: count(),
        oldestSeconds: count().optional().describe('Absent where nothing waits.'),
      }),
    ).describe('What waits for the broker.'),
    losses: z
      .array(
        z.strictObject({
          lane: lane(),
          reason: oneOf<LossReason>({ budget: '', age: '', damage: '' }),
          count: count(),
          uncounted: z.literal(true).optional().describe('There may have been more.'),
        }),
      )
      .describe('What was dropped since the store was made.'),
    chain: z
      .strictObject({
        chain: uuid(),
        sequence: count().describe('Of the last statement; 0 before the first.'),
        digest: z.union([digest(), z.literal('')]),
      })
      .describe('The end of the chain: statements that never arrived after the last one show from here.'),
    link: z.strictObject({
      connections: count().describe('Since the start.'),
      resent: count().describe('Messages that were sent again after a lost connection.'),
      brokerIndex: count().describe('Place of the broker in mqtt.urls, from 0.'),
      protocolVersion: z.union([z.literal(4), z.literal(5)]).describe('4: MQTT 3.1.1.'),
      meteredBytes: count().describe('Over metered links in this hour.'),
    }),
    clock: z.strictObject({
      source: clockSource(),
      offsetMs: z.number().optional().describe('Positive: ahead.'),
      jumps: count().describe('Times that the clock was set, since the start.'),
    }),
    store: z.strictObject({
      medium: oneOf({ file: '', memory: 'the disk cannot be written; a loss of power loses what waits' }),
      usedBytes: count(),
      mostBytes: count(),
    }),
    cameras: z.array(
      z.strictObject({
        id: opaqueId(),
        state: oneOf({ stopped: '', starting: '', running: '', waiting: '', ended: '' }).describe(
          'Of the process that watches it.',
        ),
        framesProcessed: count(),
        view: oneOf<ViewLook['state']>({
          learning: 'too few pictures yet',
          same: 'it looks where it did',
          moved: 'it has looked elsewhere for minutes',
          unclear: 'too dark, too empty or too changeable to say',
        }),
      }),
    ),
    position: z
      .strictObject({
        source: oneOf<PositionSnapshot['source']>({ surveyed: '', serial: '', gpsd: '', none: '' }),
        state: oneOf<PositionSnapshot['state']>({
          fixed: '',
          searching: 'the receiver speaks, and has no fix',
          silent: 'nothing comes, or nothing that can be understood',
          none: 'there is no receiver',
        }),
        ageSeconds: count().optional().describe('Of the newest fix.'),
        hdop: z.number().optional(),
        satellites: count().optional(),
      })
      .describe('How well the receiver of positions does; places travel sealed, in statements alone.'),
    lines: z.strictObject({
      board: oneOf<LinesConfig['board']['kind']>({ none: '', onoff: '', simulated: '' }),
      tamperOpen: z.boolean().optional().describe('The cabinet.'),
      ignitionOn: z.boolean().optional(),
    }),
    machine: z
      .strictObject({
        celsius: z.int().optional().describe('Of the processor.'),
        throttled: z.boolean().optional().describe('It runs slower than it could.'),
        underVoltage: z.boolean().optional(),
        wornPercent: count().optional().describe('Of the disk, by its own estimate.'),
        freeBytes: count().optional().describe('On the disk of the store.'),
        writtenBytes: count().optional().describe('To disks by the main process, since its start.'),
      })
      .describe('Each absent where the machine does not tell it.'),
  })
  .describe('The state of the unit, at intervals; only the newest waits for a link.');
