import { describe, expect, it } from 'vitest';
import type { ChainHead, Loss } from '../../../src/domain/statement.js';
import { type ReceivedStatement, readStatement } from '../../../src/evidence/received.js';
import { type ChainVerdict, StreamVerifier, type VerifierOptions } from '../../../src/evidence/verify.js';
import { deviceKey, deviceKeyOf, notaryOf } from '../../support/notary.js';
import { repeatable } from '../../support/repeatable.js';
import { idOf, type StatingUnit, statingUnit } from '../../support/statements.js';

const otherKey = deviceKeyOf(2);
const KEYS = [{ publicKey: deviceKey.publicKey }];

/** Reads, with a hit as every fifth statement. */
function texts(unit: StatingUnit, count: number): string[] {
  return Array.from({ length: count }, (_, index) => (index % 5 === 4 ? unit.hit() : unit.read()).text);
}

function verdicts(lines: readonly string[], options: Partial<VerifierOptions> = {}): ChainVerdict[] {
  const verifier = new StreamVerifier({ keys: KEYS, ...options });
  for (const text of lines) {
    const line = readStatement(text);
    if (line.kind !== 'statement') throw new Error(`no statement: ${JSON.stringify(line)}`);
    verifier.add(line);
  }
  return verifier.verdicts();
}

function verdict(lines: readonly string[], options: Partial<VerifierOptions> = {}): ChainVerdict {
  const [first, ...others] = verdicts(lines, options);
  if (first === undefined || others.length > 0) throw new Error('expected one chain');
  return first;
}

/** Another statement under the same number and signature. */
function changed(text: string, change: (data: Record<string, unknown>) => void): string {
  const data = JSON.parse(text);
  change(data);
  return JSON.stringify(data);
}

const lostReads = (from: number, to: number): Loss[] => [
  { lane: 'reads', reason: 'budget', count: to - from + 1, statements: [[from, to]] },
];

describe('an intact chain', () => {
  const stream = texts(statingUnit(), 50);

  it('has no break, and says what it is made of', () => {
    expect(verdict(stream)).toEqual({
      chain: idOf('chain', 1),
      unitId: 'unit-1',
      keyIds: [deviceKey.id],
      statements: { hit: 10, read: 40, event: 0, loss: 0 },
      first: 1,
      last: 50,
      end: 'open',
      repeats: 0,
      missing: 0,
      explained: 0,
      breaks: 0,
    });
  });

  it('is intact in any order, and with any of it twice', () => {
    const random = repeatable(11);
    for (let round = 0; round < 10; round++) {
      const repeated = stream.filter(() => random() < 0.3);
      const shuffled = [...stream, ...repeated]
        .map((text) => ({ text, at: random() }))
        .sort((a, b) => a.at - b.at)
        .map(({ text }) => text);
      expect(verdict(shuffled)).toMatchObject({ breaks: 0, missing: 0, repeats: repeated.length });
    }
  });

  it('may be a part: its beginning is then named', () => {
    const part = stream.slice(20);
    expect(verdict(part).firstBreak).toEqual({ reason: 'missing', sequence: 1, until: 20 });
    expect(verdict(part, { from: 21 })).toMatchObject({ breaks: 0, first: 21, last: 50 });
    expect(verdict(part, { from: 20 }).firstBreak).toEqual({ reason: 'missing', sequence: 20, until: 20 });
  });

  it('may go on under a new key, where both are trusted', () => {
    const unit = statingUnit();
    const first = unit.read();
    const keys = [...KEYS, { publicKey: otherKey.publicKey }];
    const { text } = notaryOf('unit-1', otherKey).seal(
      { kind: 'loss', id: idOf('loss', 1), losses: [], committedAtMs: 0 },
      unit.head,
    );
    expect(verdict([first.text, text], { keys })).toMatchObject({
      breaks: 0,
      keyIds: [deviceKey.id, otherKey.id],
    });
  });

  it('is one of several, each judged for itself', () => {
    const other = texts(statingUnit(notaryOf('unit-2', otherKey), idOf('chain', 2)), 20);
    const keys = [
      { publicKey: deviceKey.publicKey, unitId: 'unit-1' },
      { publicKey: otherKey.publicKey, unitId: 'unit-2' },
    ];
    const mixed = stream.flatMap((text, index) => [text, ...(index < 19 ? [other[index] as string] : [])]);
    const found = verdicts(mixed, { keys, heads: new Map([[idOf('chain', 2), 20]]) });
    expect(found.find(({ unitId }) => unitId === 'unit-1')).toMatchObject({ breaks: 0 });
    expect(found.find(({ unitId }) => unitId === 'unit-2')?.firstBreak).toEqual({
      reason: 'missing',
      sequence: 20,
      until: 20,
    });
  });
});

describe('a change', () => {
  const unit = statingUnit();
  const stream = texts(unit, 12);
  const at = (number: number) => stream[number - 1] as string;
  const withChanged = (number: number, text: string) =>
    stream.map((one, i) => (i === number - 1 ? text : one));
  const idAt = (number: number) => {
    const data = JSON.parse(at(number));
    return data.hitId ?? data.recordId;
  };

  it.each([
    ['the mark', (data: Record<string, unknown>) => Object.assign(data, { vrm: 'XX00XXX' })],
    [
      'the time',
      (data: Record<string, unknown>) => Object.assign(data, { capturedAt: '2020-01-01T00:00:00.000Z' }),
    ],
    ['a picture', (data: Record<string, unknown>) => Object.assign(data, { images: [] })],
    ['a field that was put in', (data: Record<string, unknown>) => Object.assign(data, { note: 'x' })],
    ['a field that was taken out', (data: Record<string, unknown>) => delete data.direction],
    ['the unit', (data: Record<string, unknown>) => Object.assign(data, { unitId: 'unit-2' })],
    [
      'the link',
      (data: Record<string, unknown>) => Object.assign(data.evidence as object, { previous: 'A'.repeat(43) }),
    ],
    [
      'the signature',
      (data: Record<string, unknown>) =>
        Object.assign(data.evidence as object, { signature: 'A'.repeat(86) }),
    ],
  ])('of %s is named where it is', (_name, change) => {
    const found = verdict(withChanged(6, changed(at(6), change)));
    expect(found.firstBreak).toEqual({ reason: 'signature', sequence: 6, id: idAt(6) });
    // It is not there either, as far as anybody can believe.
    expect(found).toMatchObject({ missing: 1, breaks: 2 });
  });

  it('of the number, or of the chain, leaves a gap where it was', () => {
    for (const change of [{ sequence: 7 }, { chain: idOf('chain', 9) }]) {
      const text = changed(at(6), (data) => Object.assign(data.evidence as object, change));
      const found = verdicts(withChanged(6, text));
      expect(found.map(({ firstBreak }) => firstBreak)).toContainEqual({
        reason: 'missing',
        sequence: 6,
        until: 6,
      });
      expect(found.reduce((sum, { breaks }) => sum + breaks, 0)).toBe(2);
    }
  });

  it('of any single bit is never taken for the original', () => {
    const random = repeatable(12);
    const original = at(6);
    const { digest, signature } = readStatement(original) as ReceivedStatement;
    for (let round = 0; round < 300; round++) {
      const place = Math.floor(random() * original.length);
      const bytes = Buffer.from(original);
      bytes[place] = (bytes[place] as number) ^ (1 << Math.floor(random() * 7));
      const line = readStatement(bytes.toString());
      if (line.kind !== 'statement') continue;
      // The spare bits of a signature's last character mean nothing, and change nothing.
      const isSame = line.digest === digest && line.signature.equals(signature);
      const verifier = new StreamVerifier({ keys: KEYS });
      expect(verifier.add(line), `byte ${place}`).toBe(isSame ? 'new' : 'refused');
    }
  });

  it('that swaps what two of them say is named at the first', () => {
    const [a, b] = [JSON.parse(at(3)), JSON.parse(at(4))];
    const swapped = stream.map((text, index) => {
      if (index === 2) return JSON.stringify({ ...b, evidence: a.evidence });
      return index === 3 ? JSON.stringify({ ...a, evidence: b.evidence }) : text;
    });
    expect(verdict(swapped).firstBreak).toEqual({ reason: 'signature', sequence: 3, id: b.recordId });
  });

  it('that drops some is named by its first and last number', () => {
    const found = verdict(stream.filter((_, index) => index < 4 || index > 6));
    expect(found).toMatchObject({
      missing: 3,
      breaks: 1,
      firstBreak: { reason: 'missing', sequence: 5, until: 7 },
    });
  });

  it('that cuts the tail off is named where the head is known', () => {
    const cut = stream.slice(0, 9);
    expect(verdict(cut).breaks).toBe(0);
    const heads = new Map([[unit.head.chain, unit.head.sequence]]);
    expect(verdict(cut, { heads }).firstBreak).toEqual({ reason: 'missing', sequence: 10, until: 12 });
    expect(verdict([], { heads })).toMatchObject({ missing: 12, first: 0, last: 0 });
  });

  it('under a key that nobody trusts is no part of the chain', () => {
    const forged = statingUnit(notaryOf('unit-1', otherKey), unit.head.chain);
    const lines = texts(forged, 12);
    expect(verdict(withChanged(6, lines[5] as string)).firstBreak).toEqual({
      reason: 'unknown-key',
      sequence: 6,
      id: idAt(6),
    });
    // Not even where it says that it is the trusted one.
    const lying = changed(lines[5] as string, (data) =>
      Object.assign(data.evidence as object, { keyId: deviceKey.id }),
    );
    expect(verdict(withChanged(6, lying)).firstBreak).toMatchObject({ reason: 'signature', sequence: 6 });
  });

  it('that is signed again by the device is seen by what follows', () => {
    const again = statingUnit();
    texts(again, 5);
    const [other] = [again.hit()];
    expect(verdict(withChanged(6, other.text)).firstBreak).toEqual({
      reason: 'link',
      sequence: 7,
      id: idAt(7),
    });
  });

  it('that puts two statements under one number is named, whichever came first', () => {
    const again = statingUnit();
    texts(again, 5);
    const other = again.hit().text;
    for (const lines of [
      [...stream, other],
      [other, ...stream],
    ]) {
      const { firstBreak, breaks } = verdict(lines);
      expect(firstBreak).toMatchObject({ reason: 'fork', sequence: 6 });
      expect(breaks).toBeGreaterThan(0);
    }
  });

  it('that passes a statement off as another unit’s is named', () => {
    const foreign = statingUnit(notaryOf('unit-2'), unit.head.chain);
    const lines = texts(foreign, 12);
    expect(verdict(withChanged(6, lines[5] as string)).firstBreak).toMatchObject({
      reason: 'foreign-unit',
      sequence: 6,
    });
    const keys = [{ publicKey: deviceKey.publicKey, unitId: 'unit-9' }];
    expect(verdict(stream, { keys })).toMatchObject({
      breaks: 12,
      statements: { hit: 0, read: 0 },
      firstBreak: { reason: 'foreign-unit', sequence: 1 },
    });
  });

  it('never puts a mark into a verdict', () => {
    const text = changed(at(6), (data) => Object.assign(data, { vrm: 'XX00XXX' }));
    expect(JSON.stringify(verdict(withChanged(6, text)))).not.toMatch(/XX00XXX|BD51SMR/);
  });
});

describe('a chain that has ended', () => {
  const ended = statingUnit();
  const stream = texts(ended, 10);
  // As UUIDv7 have it: of the later one the first digits are greater.
  const laterId = idOf('chain', 2).replace(/^01a1/, '01a2');
  const later = (follows?: readonly ChainHead[], notary = notaryOf()) =>
    texts(statingUnit(notary, laterId, follows), 3);
  const judged = (lines: readonly string[], options: Partial<VerifierOptions> = {}) =>
    verdicts(lines, options).find(({ chain }) => chain === ended.head.chain);

  it('is known whole, where the next one names its last statement', () => {
    expect(judged([...stream, ...later([ended.head])])).toMatchObject({ breaks: 0, last: 10, end: 'told' });
    expect(judged(stream)).toMatchObject({ breaks: 0, end: 'open' });
  });

  it('is seen to be cut off, whichever comes first', () => {
    const cut = { breaks: 1, missing: 2, firstBreak: { reason: 'missing', sequence: 9, until: 10 } };
    expect(judged([...stream.slice(0, 8), ...later([ended.head])])).toMatchObject(cut);
    expect(judged([...later([ended.head]), ...stream.slice(0, 8)])).toMatchObject(cut);
  });

  it('is seen to be taken away whole, and may begin where it is said to', () => {
    const none = { unitId: 'unit-1', missing: 10, firstBreak: { reason: 'missing', sequence: 1, until: 10 } };
    expect(judged(later([ended.head]))).toMatchObject(none);
    const fromOf = new Map([[ended.head.chain, 11]]);
    expect(judged(later([ended.head]), { fromOf })).toMatchObject({ breaks: 0, missing: 0 });
  });

  it('may go further than was known when it was named', () => {
    const known = statingUnit();
    texts(known, 7);
    expect(judged([...stream, ...later([known.head])])).toMatchObject({ breaks: 0, last: 10 });
  });

  it('ends with the statement that is named, and no other', () => {
    const digest = 'A'.repeat(43);
    expect(judged([...stream, ...later([{ ...ended.head, digest }])])).toMatchObject({
      breaks: 1,
      firstBreak: { reason: 'end', sequence: 10 },
    });
  });

  it('is marked where no later one says how far it went', () => {
    expect(judged([...stream, ...later()])).toMatchObject({ breaks: 0, end: 'untold' });
    expect(judged([...stream, ...later([])])).toMatchObject({ breaks: 0, end: 'untold' });
  });

  it('is not ended by another unit, nor by a statement that was changed', () => {
    const further = { ...ended.head, sequence: 20 };
    const keys = [...KEYS, { publicKey: otherKey.publicKey }];
    const foreign = later([further], notaryOf('unit-2', otherKey));
    expect(judged([...stream, ...foreign], { keys })).toMatchObject({ breaks: 0, end: 'open' });
    const [first = '', ...rest] = later([ended.head]);
    const cut = changed(first, (data) => {
      (data.evidence as { follows: unknown }).follows = [{ ...ended.head, sequence: 8 }];
    });
    expect(judged([...stream.slice(0, 8), cut, ...rest])).toMatchObject({ end: 'untold' });
  });
});

describe('what the unit dropped', () => {
  const unit = statingUnit();
  const before = texts(unit, 10);
  const loss = unit.loss(lostReads(3, 7)).text;
  const after = texts(unit, 5);
  const without = (...numbers: number[]) => before.filter((_, index) => !numbers.includes(index + 1));

  it('is explained by its own statement, whenever that comes', () => {
    const received = without(3, 4, 6, 7);
    for (const lines of [
      [...received, loss, ...after],
      [loss, ...after, ...received],
    ]) {
      expect(verdict(lines)).toMatchObject({ breaks: 0, missing: 0, explained: 4, statements: { loss: 1 } });
    }
  });

  it('explains nothing else', () => {
    expect(verdict([...without(2, 3, 8), loss, ...after])).toMatchObject({
      missing: 2,
      explained: 1,
      breaks: 2,
      firstBreak: { reason: 'missing', sequence: 2, until: 2 },
    });
  });

  it('explains no statement where only pictures went', () => {
    const dropping = statingUnit();
    const reads = texts(dropping, 5);
    const pictures = dropping.loss([{ lane: 'read-images', reason: 'age', count: 2, statements: [[2, 3]] }]);
    const received = [...reads.filter((_, index) => index !== 1), pictures.text];
    expect(verdict(received)).toMatchObject({ missing: 1, explained: 0 });
    expect(verdict([...reads, pictures.text])).toMatchObject({ breaks: 0 });
  });

  it('of an earlier chain is explained by the next one of the same unit', () => {
    const nextOf = (unitId: string) => {
      const next = statingUnit(notaryOf(unitId), idOf('chain', 7));
      const [lost] = lostReads(3, 7) as [Loss];
      return next.loss([{ ...lost, reason: 'damage', chain: unit.head.chain }]).text;
    };
    const judged = (lines: readonly string[]) =>
      verdicts(lines).find(({ chain }) => chain === unit.head.chain) as ChainVerdict;
    expect(judged([...without(3, 4), nextOf('unit-1')])).toMatchObject({ breaks: 0, explained: 2 });
    expect(judged([...without(3, 4), nextOf('unit-2')])).toMatchObject({ missing: 2, explained: 0 });
  });

  it('is not explained by somebody else’s statement, nor by a changed one', () => {
    const other = statingUnit(notaryOf('unit-1', otherKey), unit.head.chain);
    texts(other, 10);
    const forged = other.loss(lostReads(1, 10)).text;
    const wider = changed(loss, (data) => Object.assign(data, { losses: lostReads(1, 10) }));
    for (const lie of [forged, wider]) {
      expect(verdict([...without(5), lie, ...after])).toMatchObject({ explained: 0, missing: 2 });
    }
  });
});
