import { createHash, createPublicKey, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { CaptureRecord } from '../../../src/domain/capture-record.js';
import type { ChainHead, StatementSource } from '../../../src/domain/statement.js';
import type { MatchKey } from '../../../src/domain/vrm.js';
import { deviceKey, notaryOf } from '../../support/notary.js';
import { entryOf, listOf, matchOf, passageOf } from '../../support/reports.js';
import { idOf, statingUnit } from '../../support/statements.js';

const CHAIN = idOf('chain', 1);
const EMPTY: ChainHead = { chain: CHAIN, sequence: 0, digest: '' };
const ID = idOf('record', 1);
const passage = passageOf('BD51SMR', { id: ID, pictures: false });
const record: CaptureRecord = { id: ID, sequence: 42, passage, clock: { source: 'ntp', offsetMs: 3 } };
const SHA = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ';

function readOf(changes: Partial<StatementSource & { kind: 'read' }> = {}): StatementSource {
  const { decidedAtMs } = passage;
  return {
    kind: 'read',
    record,
    hits: [{ id: 'hit-1', stands: true }],
    images: [{ kind: 'plate-patch', revision: 2, sha256: SHA }],
    matchedAtMs: decidedAtMs + 30,
    committedAtMs: decidedAtMs + 45,
    ...changes,
  };
}

function sealed(source: StatementSource) {
  const { evidence, ...data } = JSON.parse(notaryOf('unit-7').seal(source, EMPTY).text);
  return { data, evidence };
}

describe('a seal', () => {
  it('is what the contract says, told without a line of our own code', () => {
    const { text, digest, sequence, id, kind } = notaryOf().seal(readOf(), {
      chain: CHAIN,
      sequence: 8,
      digest: SHA,
    });
    expect({ sequence, id, kind }).toEqual({ sequence: 9, id: ID, kind: 'read' });
    const statement = JSON.parse(text);
    const { signature, ...evidence } = statement.evidence;
    const raw = Buffer.from(deviceKey.publicKey, 'base64');
    expect(evidence).toEqual({
      chain: CHAIN,
      sequence: 9,
      previous: SHA,
      keyId: createHash('sha256').update(raw).digest('hex').slice(0, 16),
    });
    // RFC 8785: names in order, no spaces.
    const ordered = (value: unknown): string => {
      if (Array.isArray(value)) return `[${value.map(ordered).join(',')}]`;
      if (typeof value !== 'object' || value === null) return JSON.stringify(value);
      const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
      return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${ordered(member)}`).join(',')}}`;
    };
    const canonical = Buffer.from(ordered({ ...statement, evidence }));
    const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw]);
    const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
    expect(verify(null, canonical, key, Buffer.from(signature, 'base64url'))).toBe(true);
    expect(digest).toBe(createHash('sha256').update(canonical).digest('base64url'));
  });

  it('is the same for the same statement, and links to the one before', () => {
    const texts = () => {
      const unit = statingUnit();
      return [unit.read(), unit.hit(), unit.loss([]), unit.read()];
    };
    const chain = texts();
    expect(texts()).toEqual(chain);
    const links = chain.map(({ text }) => JSON.parse(text).evidence.previous);
    expect(links).toEqual(['', ...chain.slice(0, -1).map(({ digest }) => digest)]);
  });

  it('is made also where a list or a camera gave what is no JSON', () => {
    const match = matchOf('BD51SMR');
    const entry = entryOf('BD51SMR', { reason: 'half \ud83d' });
    const quad = passage.quad.map((point) => ({ ...point, x: Number.NaN })) as unknown as typeof passage.quad;
    const { data } = sealed({
      kind: 'hit',
      hit: {
        id: idOf('hit', 1),
        recordId: ID,
        matchedAtMs: 0,
        match: { ...match, entries: [{ list: listOf('stolen'), entry, action: '' }] },
      },
      record: { ...record, passage: { ...passage, quad } },
      images: [],
      committedAtMs: 0,
    });
    expect(data.entries[0].entry.reason).toBe('half \ufffd');
    expect(data.read.plateCorners[0]).toEqual([null, 100]);
  });
});

describe('a read', () => {
  it('says what was seen, when, and which pictures show it', () => {
    const { frameSize, ...data } = sealed(readOf()).data;
    expect(data).toEqual({
      type: 'read',
      unitId: 'unit-7',
      recordId: ID,
      cameraId: 'cam-1',
      outcome: 'read',
      vrm: 'BD51SMR',
      probability: 0.987,
      characterProbabilities: Array(7).fill(0.99),
      otherCharacters: [0, 1, 2, 3, 4, 5, 6].map((place) => ({ place, character: 'X', probability: 0.01 })),
      ukClass: 'current',
      capturedAt: '2026-09-21T14:13:20.400Z',
      firstSeenMs: -400,
      lastSeenMs: 500,
      pictureMs: -40,
      frames: { first: 10, last: 32, found: 20, read: 18 },
      direction: 'towards',
      plateCorners: [
        [100, 100],
        [200, 100],
        [200, 122],
        [100, 122],
      ],
      clock: { source: 'ntp', offsetMs: 3 },
      matchedAt: '2026-09-21T14:13:20.430Z',
      committedAt: '2026-09-21T14:13:20.445Z',
      hits: [{ id: 'hit-1', stands: true }],
      images: [{ kind: 'plate-patch', revision: 2, sha256: SHA }],
    });
    expect(frameSize).toEqual(passage.frameSize && [passage.frameSize.widthPx, passage.frameSize.heightPx]);
  });

  const { outcome } = passage;
  if (outcome.kind !== 'read') throw new Error('expected a read');

  it('says of its characters only what is in doubt, and nothing far-fetched', () => {
    const shares = { X: 0.2, Y: 0.1234567, Z: 0.05, V: 0.04, W: 0.03, K: 0.009 };
    const alternatives = Object.entries(shares).map(([character, probability]) => ({
      character,
      probability,
    }));
    const sure = outcome.read.characters.map((place) => ({
      ...place,
      probability: 0.9996,
      alternatives: [],
    }));
    const [first, ...others] = sure;
    const characters = [{ ...first, character: 'B', probability: 0.55, alternatives }, ...others];
    const otherTexts = [{ matchKey: 'BD51SM' as MatchKey, probability: 0.01 }];
    const saying = (read: typeof outcome.read) =>
      sealed(readOf({ record: { ...record, passage: { ...passage, outcome: { kind: 'read', read } } } }))
        .data;
    const doubtful = saying({ ...outcome.read, characters, otherTexts });
    expect(doubtful.characterProbabilities).toEqual([0.55, ...Array(6).fill(0.9996)]);
    expect(doubtful.otherCharacters).toEqual([
      { place: 0, character: 'X', probability: 0.2 },
      { place: 0, character: 'Y', probability: 0.1235 },
      { place: 0, character: 'Z', probability: 0.05 },
      { place: 0, character: 'V', probability: 0.04 },
    ]);
    expect(doubtful).not.toHaveProperty('otherTexts');
    const clear = saying({ ...outcome.read, characters: sure });
    expect(clear).not.toHaveProperty('characterProbabilities');
    expect(clear).not.toHaveProperty('otherCharacters');
  });

  it('says why where nothing could be read, and what is odd about the plate', () => {
    const unread = passageOf(undefined, { id: ID, pictures: false, hints: ['suspected-ghost'] });
    const { matchedAtMs, ...source } = readOf({
      record: { ...record, passage: unread },
      hits: [],
      images: [],
    }) as StatementSource & { kind: 'read' };
    expect(matchedAtMs).toBeDefined();
    const { data } = sealed(source);
    expect(data).toMatchObject({ outcome: 'unreadable', reason: 'blurred', hints: ['suspected-ghost'] });
    for (const name of ['vrm', 'matchedAt', 'hits', 'images']) expect(data).not.toHaveProperty(name);
  });

  it('is small: it goes over mobile networks by the thousand', () => {
    const characters = outcome.read.characters.map((place) => ({
      ...place,
      probability: 0.9996,
      alternatives: [],
    }));
    const read = { ...outcome.read, characters };
    const images = (['plate-patch', 'overview'] as const).map((kind) => ({ kind, revision: 2, sha256: SHA }));
    const typical = readOf({
      record: { ...record, passage: { ...passage, outcome: { kind: 'read', read } } },
      hits: [],
      images,
    });
    const { text } = notaryOf().seal(typical, { chain: CHAIN, sequence: 41_234, digest: SHA });
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(1_024);
  });
});

describe('a hit', () => {
  it('names the entries and every list that was in force, with its age', () => {
    const match = matchOf('BD51SMR', 'stolen', 'insurance');
    const matchedAtMs = passage.decidedAtMs + 30;
    const hit = { id: idOf('hit', 1), recordId: ID, matchedAtMs, match };
    const { data } = sealed({ kind: 'hit', hit, record, images: [], committedAtMs: matchedAtMs + 15 });
    expect(data).toMatchObject({
      type: 'hit',
      unitId: 'unit-7',
      hitId: hit.id,
      kind: 'exact',
      probability: 0.987,
      alerts: true,
      late: false,
      matchedAt: '2026-09-21T14:13:20.430Z',
      committedAt: '2026-09-21T14:13:20.445Z',
      lists: [
        { id: 'stolen', revision: 1, ageSeconds: 1_000, overAge: false },
        { id: 'insurance', revision: 1, ageSeconds: 1_000, overAge: false },
      ],
      read: { recordId: ID, vrm: 'BD51SMR', capturedAt: '2026-09-21T14:13:20.400Z' },
    });
    expect(
      data.entries.map(({ action, list }: { action: string; list: { id: string } }) => [action, list.id]),
    ).toEqual([
      ['STOP', 'stolen'],
      ['STOP', 'insurance'],
    ]);
    expect(data.entries[0].entry.vrm).toBe('BD51SMR');
    expect(data.read).not.toHaveProperty('sequence');
  });
});

describe('an event', () => {
  const event = {
    id: idOf('event', 1),
    kind: 'hit-rejected',
    atMs: 1_790_000_000_000,
    hitId: idOf('hit', 1),
    clock: { source: 'gps', maxErrorMs: 40 },
  } as const;

  it('says what happened and when, and of which hit', () => {
    const { data } = sealed({ kind: 'event', event, committedAtMs: 1_790_000_000_020 });
    expect(data).toEqual({
      type: 'event',
      unitId: 'unit-7',
      eventId: event.id,
      kind: 'hit-rejected',
      hitId: event.hitId,
      at: '2026-09-21T14:13:20.000Z',
      clock: event.clock,
      committedAt: '2026-09-21T14:13:20.020Z',
    });
  });

  it('says where, as it was sealed, and names no hit where there is none', () => {
    const { hitId, ...opened } = { ...event, kind: 'tamper-opened' } as const;
    const position = { keyId: '0123456789abcdef', sealed: 'S'.repeat(256) };
    const { data } = sealed({ kind: 'event', event: { ...opened, position }, committedAtMs: event.atMs });
    expect(data).toMatchObject({ kind: 'tamper-opened', position });
    expect(data).not.toHaveProperty('hitId');
  });
});

describe('a loss', () => {
  it('names lanes, reasons, counts and statements', () => {
    const losses = [{ lane: 'reads', reason: 'budget', count: 3, statements: [[4, 6]] }] as const;
    const { data } = sealed({ kind: 'loss', id: idOf('loss', 1), losses, committedAtMs: 1_790_000_000_000 });
    expect(data).toEqual({
      type: 'loss',
      unitId: 'unit-7',
      lossId: idOf('loss', 1),
      committedAt: '2026-09-21T14:13:20.000Z',
      losses,
    });
  });
});
