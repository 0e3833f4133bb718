import { describe, expect, it } from 'vitest';
import { type ReceivedStatement, readStatement } from '../../../src/evidence/received.js';
import { hasRepeatedName } from '../../../src/evidence/repeated-names.js';
import { idOf, statingUnit } from '../../support/statements.js';

const unit = statingUnit();
const READ = unit.read();
const HIT = unit.hit();
const LOSS = unit.loss([
  { lane: 'reads', reason: 'budget', count: 2, statements: [[4, 5]] },
  { lane: 'hit-images', reason: 'age', count: 1, statements: [[2, 2]] },
  { lane: 'reads', reason: 'damage', count: 2, statements: [[7, 9]], chain: idOf('chain', 0) },
  { lane: 'hits', reason: 'damage', count: 2, statements: [[1, 9]], coarse: true },
]);

function statement(line: string): ReceivedStatement {
  const received = readStatement(line);
  if (received.kind !== 'statement') throw new Error(JSON.stringify(received));
  return received;
}

/** The structured form, as it goes over MQTT 3.1.1. */
function event(text: string, attributes: Record<string, unknown> = {}): string {
  const data = JSON.parse(text);
  return JSON.stringify({
    specversion: '1.0',
    id: data.hitId ?? data.recordId ?? data.lossId,
    source: 'urn:anprd:unit-1',
    type: `uk.anpr.${data.type}.v1`,
    sequence: String(data.evidence.sequence),
    datacontenttype: 'application/json',
    data,
    ...attributes,
  });
}

/** The same JSON as another program may write it. */
function rewritten(value: unknown): string {
  if (Array.isArray(value)) return `[ ${value.map(rewritten).join(' , ')} ]`;
  if (typeof value === 'number') return Number.isInteger(value) ? value.toFixed(1) : value.toExponential();
  if (typeof value !== 'object' || value === null) return JSON.stringify(value).replaceAll('B', '\\u0042');
  const members = Object.entries(value).reverse();
  return `{\t${members.map(([name, member]) => `${JSON.stringify(name)} : ${rewritten(member)}`).join(' ,\r ')} }`;
}

describe('a statement', () => {
  it('is read with what its verification needs', () => {
    expect(statement(READ.text)).toMatchObject({
      type: 'read',
      unitId: 'unit-1',
      id: READ.id,
      recordId: READ.id,
      digest: READ.digest,
      evidence: { sequence: 1, previous: '' },
      images: [{ kind: 'overview', revision: 1 }],
      losses: [],
    });
    expect(statement(HIT.text)).toMatchObject({ id: HIT.id, evidence: { previous: READ.digest } });
    const { chain } = unit.head;
    expect(statement(LOSS.text).losses).toEqual([
      { chain, from: 4, to: 5 },
      { chain: idOf('chain', 0), from: 7, to: 9 },
    ]);
  });

  it.each([READ, HIT, LOSS])(
    'is the same in another order of names, spaces and writing of numbers',
    ({ text, digest }) => {
      expect(statement(rewritten(JSON.parse(text))).digest).toBe(digest);
    },
  );

  it.each([READ, HIT, LOSS])('is the same inside a structured event', ({ text, digest, id }) => {
    expect(statement(event(text))).toMatchObject({ digest, id });
  });
});

describe('a line that is refused', () => {
  const notJson = ['', '{', 'null x', READ.text.slice(0, -1)];
  it.each(notJson)('is no JSON: %j', (line) => {
    expect(readStatement(line)).toEqual({ kind: 'bad', reason: 'no JSON' });
  });

  it.each(['1', 'null', '[]', '"x"'])('is no object: %s', (line) => {
    expect(readStatement(line)).toEqual({ kind: 'bad', reason: 'no JSON object' });
  });

  it.each([
    ['evidence', (data: Record<string, unknown>) => delete data.evidence],
    ['recordId', (data: Record<string, unknown>) => Object.assign(data, { recordId: 'BD51SMR' })],
    ['unitId', (data: Record<string, unknown>) => Object.assign(data, { unitId: 'High Street' })],
    [
      'evidence.sequence',
      (data: Record<string, unknown>) => Object.assign(data.evidence as object, { sequence: 0 }),
    ],
    [
      'evidence.sequence',
      (data: Record<string, unknown>) => Object.assign(data.evidence as object, { sequence: 2 ** 53 }),
    ],
    [
      'evidence.chain',
      (data: Record<string, unknown>) => Object.assign(data.evidence as object, { chain: '../x' }),
    ],
    ['evidence', (data: Record<string, unknown>) => Object.assign(data.evidence as object, { more: 1 })],
    ['type', (data: Record<string, unknown>) => Object.assign(data, { type: 'picture' })],
  ])('says that %s is not as expected, and repeats none of it', (path, change) => {
    const data = JSON.parse(READ.text);
    change(data);
    const line = readStatement(JSON.stringify(data));
    expect(line).toEqual({ kind: 'bad', reason: expect.stringContaining(`no statement: ${path}`) });
    expect(JSON.stringify(line)).not.toMatch(/BD51SMR|High Street|\.\.\/x/);
  });

  it('gives a name twice, of which programs take one or the other', () => {
    const twice = [
      READ.text.replace('"vrm":', '"vrm":"XX00XXX","vrm":'),
      READ.text.replace('"vrm":', '"v\\u0072m":"XX00XXX","vrm":'),
      READ.text.replace('"sequence":', '"sequence" : 9, "sequence":'),
      event(READ.text).replace('"data":', '"data":{},"data":'),
    ];
    for (const line of twice)
      expect(readStatement(line)).toMatchObject({ kind: 'bad', reason: expect.stringContaining('twice') });
  });

  it('has half of a surrogate pair, which has no bytes', () => {
    const line = READ.text.replace('BD51SMR', '\\ud800');
    expect(readStatement(line)).toMatchObject({ kind: 'bad', reason: expect.stringContaining('canonical') });
  });

  it('is nested without end', () => {
    const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    expect(readStatement(READ.text.replace('"type"', `"deep":${deep},"type"`)).kind).toBe('bad');
  });

  it.each([
    { id: '01a1b2c3-0000-7000-8000-000000000000' },
    { source: 'urn:anprd:unit-2' },
    { type: 'uk.anpr.hit.v1' },
    { sequence: '2' },
  ])('is an event that says something else than its statement: %j', (attributes) => {
    expect(readStatement(event(READ.text, attributes))).toMatchObject({
      kind: 'bad',
      reason: expect.stringContaining('other than its statement'),
    });
  });
});

describe('another message of a device', () => {
  it.each(['uk.anpr.image.v1', 'uk.anpr.status.v1', 'uk.anpr.health.v1'])('is left out: %s', (type) => {
    expect(readStatement(event(READ.text, { type }))).toEqual({ kind: 'other' });
  });
});

describe('names given twice', () => {
  it.each([
    ['{"a":1,"b":{"a":2},"c":[{"a":1},{"a":1}]}', false],
    ['{"a":"a","b":"a\\":","c":"{\\"c\\":1}"}', false],
    ['{"a":{"b":1},"b":{"b":2}}', false],
    ['{"a":1,"b":{"c":1,"c":2}}', true],
    ['{"a":[1,{"x":1}],"a":2}', true],
    ['{"a" :1,\n"\\u0061"\t: 2}', true],
  ])('are found in the same object alone: %s', (json, expected) => {
    expect(hasRepeatedName(json)).toBe(expected);
  });
});
