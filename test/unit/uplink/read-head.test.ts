import { describe, expect, it } from 'vitest';
import type { SealedText } from '../../../src/uplink/payloads.js';
import { readHeadOf } from '../../../src/uplink/read-head.js';
import { everyMessage, HISTORICAL_NOW_MS, MQTT_5, outboxMessages } from '../../support/outgoing.js';
import { statingUnit } from '../../support/statements.js';

/** The head of a read taken out of its text says what reading all of the text says, or nothing. */

const parsedHeadOf = (text: string) => {
  const { type, recordId, cameraId, capturedAt, committedAt, evidence } = JSON.parse(text) as SealedText;
  return { type, recordId, cameraId, capturedAt, committedAt, evidence: { sequence: evidence.sequence } };
};
const reads = Object.entries(outboxMessages()).flatMap(([name, message]) =>
  message.kind === 'read' ? [[name, message.text] as const] : [],
);

describe('the head of a read', () => {
  it.each(reads)('is what its whole text says: %s', (_name, text) => {
    expect(readHeadOf(text)).toEqual(parsedHeadOf(text));
  });

  it('has the number of the statement itself, where that names the chains it follows', () => {
    const earlier = { chain: '0'.repeat(36), sequence: 77, digest: 'A'.repeat(43) };
    const unit = statingUnit(undefined, undefined, [earlier]);
    const first = unit.read();
    expect(first.text).toContain('"sequence":77');
    for (const { text } of [first, unit.read(), unit.read()]) {
      expect(readHeadOf(text)).toEqual(parsedHeadOf(text));
    }
  });

  it('is not deceived by what stands inside a text', () => {
    const [[, text = ''] = []] = reads;
    const lie = '"capturedAt":"2001-01-01T00:00:00.000Z","evidence":{"sequence":9}';
    const lying = JSON.stringify({ ...JSON.parse(text), direction: lie });
    expect(readHeadOf(lying)).toEqual(parsedHeadOf(text));
    expect(readHeadOf(text.replace('"cam-1"', JSON.stringify(lie)))).toBeUndefined();
  });

  it('is left to others where the text is written in another way, or is no read', () => {
    const [[, text = ''] = []] = reads;
    const { evidence, ...data } = JSON.parse(text);
    for (const other of [
      statingUnit().hit().text,
      JSON.stringify({ evidence, ...data }),
      JSON.stringify(data),
      JSON.stringify({ ...data, capturedAt: 'yesterday', evidence }),
      JSON.stringify({ ...data, evidence: { ...evidence, sequence: 'first' } }),
      text.slice(0, text.indexOf('"evidence"')),
      '',
    ]) {
      expect(readHeadOf(other)).toBeUndefined();
    }
  });

  it('makes the same packet as the whole text does', () => {
    const sent = everyMessage(MQTT_5, HISTORICAL_NOW_MS).filter(({ message }) =>
      message.topic.endsWith('/read'),
    );
    expect(sent.length).toBeGreaterThanOrEqual(reads.length);
    for (const { message } of sent) {
      const { recordId, cameraId, capturedAt, evidence } = JSON.parse(message.payload.toString());
      expect(message.userProperties).toMatchObject({
        id: recordId,
        cameraid: cameraId,
        time: capturedAt,
        sequence: String(evidence.sequence),
        historical: 'true',
      });
    }
  });
});
