import type { SealedText } from './payloads.js';

/**
 * What the packet of a read says of it, taken from the sealed text without making objects of all that stands
 * there: for most of a backlog that is half of what rendering costs.
 *
 * Quotes inside a text are escaped in JSON, so `"name":` is found where a field has that name and nowhere else;
 * the fields looked for are the record's own, which stand before any other of their name, or, of the evidence, at the
 * end. What is not found as it is written here is left to whoever reads all of it.
 */
const HEAD = /^\{"type":"read","unitId":"[^"\\]*","recordId":"([^"\\]*)","cameraId":"([^"\\]*)",/;
const CAPTURED_AT = '"capturedAt":"';
const COMMITTED_AT = '"committedAt":"';
const EVIDENCE = '"evidence":{';
const SEQUENCE = '"sequence":';
const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const ISO_TIME_LENGTH = 24;

/** @returns undefined where it has to be read as a whole. */
export function readHeadOf(text: string): SealedText | undefined {
  const head = HEAD.exec(text);
  if (head === null) return undefined;
  const [{ length: from }, recordId = '', cameraId = ''] = head;
  const capturedAt = timeBehind(text, CAPTURED_AT, from);
  const committedAt = timeBehind(text, COMMITTED_AT, from);
  const evidenceAt = text.lastIndexOf(EVIDENCE);
  const sequence = Number.parseInt(text.slice(text.indexOf(SEQUENCE, evidenceAt) + SEQUENCE.length), 10);
  if (capturedAt === undefined || committedAt === undefined) return undefined;
  if (evidenceAt < 0 || !Number.isSafeInteger(sequence)) return undefined;
  return { type: 'read', recordId, cameraId, capturedAt, committedAt, evidence: { sequence } };
}

function timeBehind(text: string, name: string, from: number): string | undefined {
  const found = text.indexOf(name, from);
  if (found < 0) return undefined;
  const at = found + name.length;
  const time = text.slice(at, at + ISO_TIME_LENGTH);
  return ISO_TIME.test(time) ? time : undefined;
}
