import { z } from 'zod';
import { LANE_NAMES } from '../domain/outbox.js';
import { messageOf } from '../lib/errors.js';
import { canonicalBytes, digestOf, type Evidence } from './canonical.js';
import { hasRepeatedName } from './repeated-names.js';

/** A statement as somebody received it: read, and nothing of it believed yet. Pure. */
export interface ReceivedStatement {
  readonly kind: 'statement';
  readonly type: 'hit' | 'read' | 'event' | 'loss';
  readonly unitId: string;
  /** Of the hit, the record, the event or the loss. */
  readonly id: string;
  /** Of a hit or a read. */
  readonly recordId?: string;
  readonly evidence: Evidence;
  /** What was signed. */
  readonly bytes: Buffer;
  /** Of `bytes`. */
  readonly digest: string;
  readonly signature: Buffer;
  readonly images: readonly ReceivedImageDigest[];
  /** Statements that the unit says will never come. */
  readonly losses: readonly ReceivedLoss[];
}

export interface ReceivedImageDigest {
  readonly kind: string;
  readonly revision: number;
  readonly sha256: string;
}

export interface ReceivedLoss {
  /** Whose numbers they are: the statement's own chain, or an earlier one of its unit. */
  readonly chain: string;
  /** First and last number. */
  readonly from: number;
  readonly to: number;
}

export type ReceivedLine =
  | ReceivedStatement
  /** A message of the device that is no statement, such as a picture or its state. */
  | { readonly kind: 'other' }
  /** The reason says what is wrong with its form, and repeats nothing of it. */
  | { readonly kind: 'bad'; readonly reason: string };

const uuid = z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
const sequence = z.int().min(1);
const digest = z.string().regex(/^[A-Za-z0-9_-]{43}$/);

const evidenceSchema = z.strictObject({
  chain: uuid,
  sequence,
  previous: z.union([z.literal(''), digest]),
  follows: z.array(z.strictObject({ chain: uuid, sequence, digest })).exactOptional(),
  keyId: z.string().regex(/^[0-9a-f]{16}$/),
  signature: z.string().regex(/^[A-Za-z0-9_-]{86}$/),
});
const common = {
  unitId: z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/),
  evidence: evidenceSchema,
};
const images = z
  .array(z.object({ kind: z.enum(['plate-patch', 'overview']), revision: sequence, sha256: digest }))
  .optional();
const losses = z.array(
  z.object({
    lane: z.enum(LANE_NAMES),
    statements: z.array(z.tuple([sequence, sequence])),
    coarse: z.literal(true).optional(),
    chain: uuid.optional(),
  }),
);
const statementSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('hit'), ...common, hitId: uuid, read: z.object({ recordId: uuid }), images }),
  z.object({ type: z.literal('read'), ...common, recordId: uuid, images }),
  z.object({ type: z.literal('event'), ...common, eventId: uuid }),
  z.object({ type: z.literal('loss'), ...common, lossId: uuid, losses }),
]);

const STATEMENT_EVENT = /^uk\.anpr\.(hit|read|event|loss)\.v1$/;

/**
 * Reads a statement, bare or in a structured CloudEvent with `data`. The order of names, spaces and
 * the writing of numbers do not matter.
 *
 * JSON that names something twice is refused: programs differ in which of the two they take, so what
 * was verified would not be what somebody else reads.
 */
export function readStatement(line: string): ReceivedLine {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return { kind: 'bad', reason: 'no JSON' };
  }
  if (!isObject(value)) return { kind: 'bad', reason: 'no JSON object' };
  const isEvent = 'specversion' in value;
  if (isEvent && !(typeof value.type === 'string' && STATEMENT_EVENT.test(value.type))) {
    return { kind: 'other' };
  }
  if (!isAsWritten(value, line) && hasRepeatedName(line)) {
    return { kind: 'bad', reason: 'JSON that gives a name twice in one object' };
  }
  const data = isEvent ? value.data : value;
  const parsed = statementSchema.safeParse(data);
  if (!parsed.success) {
    const where = parsed.error.issues.map(({ path }) => path.join('.') || 'the whole').slice(0, 5);
    return { kind: 'bad', reason: `no statement: ${where.join(', ')} not as expected` };
  }
  const statement = parsed.data;
  const id = idOf(statement);
  const { signature, ...evidence } = statement.evidence;
  if (isEvent && !agrees(value, statement.type, statement.unitId, id, evidence.sequence)) {
    return { kind: 'bad', reason: 'an event with a type, source, id or sequence other than its statement’s' };
  }
  let bytes: Buffer;
  try {
    bytes = canonicalBytes({ ...(data as object), evidence });
  } catch (error) {
    return { kind: 'bad', reason: `JSON that has no canonical form: ${messageOf(error)}` };
  }
  return {
    kind: 'statement',
    type: statement.type,
    unitId: statement.unitId,
    id,
    ...recordOf(statement),
    evidence,
    bytes,
    digest: digestOf(bytes),
    signature: Buffer.from(signature, 'base64url'),
    images: 'images' in statement ? (statement.images ?? []) : [],
    losses: statement.type === 'loss' ? lossesOf(statement.losses, evidence.chain) : [],
  };
}

type ParsedStatement = z.infer<typeof statementSchema>;

function idOf(statement: ParsedStatement): string {
  switch (statement.type) {
    case 'hit':
      return statement.hitId;
    case 'read':
      return statement.recordId;
    case 'event':
      return statement.eventId;
    case 'loss':
      return statement.lossId;
  }
}

function recordOf(statement: ParsedStatement): { recordId?: string } {
  if (statement.type === 'hit') return { recordId: statement.read.recordId };
  return statement.type === 'read' ? { recordId: statement.recordId } : {};
}

/** Runs that are coarse take in numbers that were not lost, so they explain none; nor do lost pictures. */
function lossesOf(stated: z.infer<typeof losses>, own: string): ReceivedLoss[] {
  return stated
    .filter(({ lane, coarse }) => !lane.endsWith('-images') && coarse !== true)
    .flatMap(({ statements, chain = own }) => statements.map(([from, to]) => ({ chain, from, to })));
}

/** Attributes are not signed, and receivers go by them: they must say what the statement says. */
function agrees(
  event: Readonly<Record<string, unknown>>,
  type: string,
  unitId: string,
  id: string,
  number: number,
): boolean {
  return (
    event.type === `uk.anpr.${type}.v1` &&
    event.source === `urn:anprd:${unitId}` &&
    event.id === id &&
    (event.sequence === undefined || event.sequence === String(number))
  );
}

/** What is written as JavaScript would write it has no name twice: the usual case, and a quick one. */
function isAsWritten(value: unknown, line: string): boolean {
  try {
    return JSON.stringify(value) === line.trim();
  } catch {
    // Nested deeper than it can be written.
    return false;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
