import type { z } from 'zod';
import {
  eventAttributes,
  healthAttributes,
  hitAttributes,
  imageAttributes,
  lossAttributes,
  readAttributes,
  statusAttributes,
} from './attributes.js';
import { manifestEnvelope } from './lists.js';
import { compoundCaptures, onvifEvent } from './renderings.js';
import { eventStatement, hitStatement, lossStatement, readStatement } from './statements.js';
import { healthReport, unitStatus } from './unit.js';

/** Every topic that a unit publishes or listens to, and what stands on it. All go with QoS 1, none expires. */
export interface MessageContract {
  readonly title: string;
  readonly summary: string;
  /** With parameters out of PARAMETERS. */
  readonly address: string;
  /** As seen from the unit. */
  readonly action: 'send' | 'receive';
  readonly retain: boolean;
  /** Of a CloudEvent; absent: it is none. */
  readonly attributes?: z.ZodType;
  readonly data:
    | { readonly kind: 'json'; readonly name: string; readonly schema: z.ZodType }
    | { readonly kind: 'bytes'; readonly contentType: string; readonly description: string };
}

export interface ParameterContract {
  readonly description: string;
  readonly default?: string;
  /** What may stand in its place. */
  readonly pattern: string;
}

const WORDS = '[A-Za-z0-9_-]+(?:/[A-Za-z0-9_-]+)*';
const OPAQUE = '[a-z0-9][a-z0-9-]{0,31}';
const WHOLE = '\\d{1,16}';

export const PARAMETERS: Readonly<Record<string, ParameterContract>> = {
  prefix: { description: 'mqtt.topicPrefix', default: 'anpr', pattern: WORDS },
  onvifPrefix: { description: 'mqtt.renderings.onvif.topicPrefix', default: 'onvif', pattern: WORDS },
  listPrefix: { description: 'hotlist.topicPrefix', default: 'anpr/lists', pattern: WORDS },
  unit: { description: 'unit.id: opaque, never a place.', pattern: OPAQUE },
  camera: { description: 'cameras.id: opaque, never a place.', pattern: OPAQUE },
  list: { description: 'Id of the list.', pattern: OPAQUE },
  revision: { description: 'Revision of the list.', pattern: WHOLE },
  fromRevision: { description: 'Revision that the delta starts from.', pattern: WHOLE },
  toRevision: { description: 'Revision that it leads to.', pattern: WHOLE },
  blob: { description: 'Number of the blob in its part; 0 is the table of digests.', pattern: '\\d{1,9}' },
};

const listBlob = {
  kind: 'bytes',
  contentType: 'application/octet-stream',
  description: 'Blob 0: the SHA-256 of the others, one after the other; the others: lines of JSON, gzip.',
} as const;

export const MESSAGES = {
  hit: {
    title: 'Hit',
    summary: 'A read that matched a vehicle of interest. Goes before everything else, and is never dropped.',
    address: '{prefix}/{unit}/hit',
    action: 'send',
    retain: false,
    attributes: hitAttributes,
    data: { kind: 'json', name: 'HitStatement', schema: hitStatement },
  },
  read: {
    title: 'Read',
    summary: 'One capture record for each vehicle that passed, when it has gone.',
    address: '{prefix}/{unit}/read',
    action: 'send',
    retain: false,
    attributes: readAttributes,
    data: { kind: 'json', name: 'ReadStatement', schema: readStatement },
  },
  image: {
    title: 'Picture',
    summary:
      'A picture of a record; its digest stands in the statements that were sealed after it was taken.',
    address: '{prefix}/{unit}/image',
    action: 'send',
    retain: false,
    attributes: imageAttributes,
    data: { kind: 'bytes', contentType: 'image/jpeg', description: 'A JPEG.' },
  },
  event: {
    title: 'Event',
    summary:
      'What happened to the unit itself, or what its crew decided. Goes with the hits, and is never dropped.',
    address: '{prefix}/{unit}/event',
    action: 'send',
    retain: false,
    attributes: eventAttributes,
    data: { kind: 'json', name: 'EventStatement', schema: eventStatement },
  },
  loss: {
    title: 'Loss',
    summary: 'What the unit dropped before the broker had it, and why.',
    address: '{prefix}/{unit}/loss',
    action: 'send',
    retain: false,
    attributes: lossAttributes,
    data: { kind: 'json', name: 'LossStatement', schema: lossStatement },
  },
  health: {
    title: 'Health',
    summary: 'The state of the unit, every health.reportSeconds.',
    address: '{prefix}/{unit}/health',
    action: 'send',
    retain: false,
    attributes: healthAttributes,
    data: { kind: 'json', name: 'HealthReport', schema: healthReport },
  },
  status: {
    title: 'Status',
    summary: 'Whether the unit is connected. Retained, unless mqtt.retain is off; `offline` is its will.',
    address: '{prefix}/{unit}/status',
    action: 'send',
    retain: true,
    attributes: statusAttributes,
    data: { kind: 'json', name: 'UnitStatus', schema: unitStatus },
  },
  onvif: {
    title: 'ONVIF event',
    summary: 'With mqtt.renderings.onvif.enabled, each read also as an ONVIF Profile M event.',
    address: '{onvifPrefix}/{unit}/onvif-ej/RuleEngine/Recognition/LicensePlate/&{camera}/anprd',
    action: 'send',
    retain: false,
    data: { kind: 'json', name: 'OnvifEvent', schema: onvifEvent },
  },
  compound: {
    title: 'Compound captures',
    summary:
      'With mqtt.renderings.compound.enabled, reads and pictures also in the shape of older back offices.',
    address: '{prefix}/{unit}/compound',
    action: 'send',
    retain: false,
    data: { kind: 'json', name: 'CompoundCaptures', schema: compoundCaptures },
  },
  listManifest: {
    title: 'Manifest of a list',
    summary: 'Which revision of a list is in force, under the signature of its owner.',
    address: '{listPrefix}/{list}/manifest',
    action: 'receive',
    retain: true,
    data: { kind: 'json', name: 'ManifestEnvelope', schema: manifestEnvelope },
  },
  listSnapshot: {
    title: 'Blob of a snapshot',
    summary: 'A part of a whole list.',
    address: '{listPrefix}/{list}/snapshot/{revision}/{blob}',
    action: 'receive',
    retain: true,
    data: listBlob,
  },
  listDelta: {
    title: 'Blob of a delta',
    summary: 'A part of what changed between two revisions of a list.',
    address: '{listPrefix}/{list}/delta/{fromRevision}-{toRevision}/{blob}',
    action: 'receive',
    retain: true,
    data: listBlob,
  },
} as const satisfies Record<string, MessageContract>;
