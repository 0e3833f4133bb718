import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { keyIdOf, publicKeyOf, publicKeyText } from '../../../../src/lib/ed25519.js';
import { deltasFrom } from '../../../../src/matching/package/chain.js';
import { openEnvelope, sealManifest } from '../../../../src/matching/package/envelope.js';
import { type Manifest, renderManifest } from '../../../../src/matching/package/manifest.js';
import type { DeltaPart } from '../../../../src/matching/package/parts.js';

const owner = generateKeyPairSync('ed25519').privateKey;
const ownerKey = publicKeyText(owner);
const other = generateKeyPairSync('ed25519').privateKey;
const otherKey = publicKeyText(other);

const part = { bytes: 500, blobs: 2, sha256: '0a'.repeat(32) };
const delta = (from: number, to: number): DeltaPart => ({ from, to, ...part });
const counts = { markCount: 3, entryCount: 4 };
const manifest: Manifest = {
  list: 'stolen',
  level: 'force',
  owner: 'a force',
  revision: 7,
  issuedAtMs: Date.UTC(2026, 10, 22, 20),
  expiresAtMs: Date.UTC(2026, 10, 29),
  defaultAction: 'STOP',
  ...counts,
  snapshot: { revision: 5, ...part, ...counts },
  deltas: [delta(2, 5), delta(5, 6), delta(6, 7)],
};

/** An envelope over any payload and type, truly signed: what a broken or hostile publisher may send. */
function envelope(payload: string, options: { type?: string; signedType?: string; keys?: string } = {}) {
  const type = options.type ?? 'application/vnd.anprd.voi-list+json';
  const body = Buffer.from(payload);
  const head = options.signedType ?? type;
  const signed = Buffer.concat([Buffer.from(`DSSEv1 ${head.length} ${head} ${body.length} `), body]);
  const signature = {
    keyid: options.keys ?? keyIdOf(ownerKey),
    sig: sign(null, signed, owner).toString('base64'),
  };
  return Buffer.from(
    JSON.stringify({ payloadType: type, payload: body.toString('base64'), signatures: [signature] }),
  );
}

const outcome = (work: () => unknown) => {
  try {
    work();
    return 'taken';
  } catch (error) {
    return `${(error as { code: string }).code}: ${(error as Error).message}`;
  }
};

describe('a signed manifest', () => {
  it('is what its owner signed', () => {
    expect(openEnvelope(sealManifest(manifest, owner), [ownerKey], 'stolen')).toEqual(manifest);
    const { expiresAtMs: _, ...endless } = manifest;
    expect(openEnvelope(sealManifest(endless, owner), [ownerKey])).toEqual(endless);
  });

  it('is taken with any of the pinned keys, so that one can follow the other', () => {
    expect(openEnvelope(sealManifest(manifest, other), [ownerKey, otherKey])).toEqual(manifest);
  });

  it('is as the standard says, so that other tools can sign and verify', () => {
    expect(outcome(() => openEnvelope(envelope(renderManifest(manifest)), [ownerKey]))).toBe('taken');
    expect(publicKeyText(publicKeyOf(ownerKey))).toBe(ownerKey);
    expect(Buffer.from(ownerKey, 'base64')).toHaveLength(32);
  });
});

describe('a manifest that nobody vouches for', () => {
  const text = sealManifest(manifest, owner).toString();
  const parsed = JSON.parse(text);
  const changed = (change: object) => Buffer.from(JSON.stringify({ ...parsed, ...change }));
  const payloadOf = (envelopeBytes: Buffer) => JSON.parse(envelopeBytes.toString()).payload;
  it.each([
    ['signed with another key', sealManifest(manifest, other)],
    [
      'another payload under its signature',
      changed({
        payload: payloadOf(sealManifest({ ...manifest, revision: 8, deltas: [delta(5, 8)] }, owner)),
      }),
    ],
    ['signed as another type', envelope(renderManifest(manifest), { signedType: 'application/other' })],
    ['signed under another name', envelope(renderManifest(manifest), { keys: '0'.repeat(16) })],
    [
      'a signature of zeros',
      changed({ signatures: [{ ...parsed.signatures[0], sig: Buffer.alloc(64).toString('base64') }] }),
    ],
    ['a signature that is too short', changed({ signatures: [{ ...parsed.signatures[0], sig: 'AAAA' }] })],
  ])('is refused: %s', (_, bytes) => {
    expect(outcome(() => openEnvelope(bytes, [ownerKey]))).toContain('hotlist.signature-invalid');
  });

  it('is refused without a key', () => {
    expect(outcome(() => openEnvelope(Buffer.from(text), []))).toContain('hotlist.signature-invalid');
  });

  it('is refused where it is of another list of the same owner', () => {
    expect(outcome(() => openEnvelope(Buffer.from(text), [ownerKey], 'wanted'))).toBe(
      'hotlist.signature-invalid: the manifest is of the list stolen, expected wanted',
    );
  });

  it('is not parsed: its faults stay unseen', () => {
    const foreign = envelope('no JSON at all', { keys: keyIdOf(otherKey) });
    expect(outcome(() => openEnvelope(foreign, [otherKey]))).toContain('hotlist.signature-invalid');
  });
});

describe('an envelope that is none', () => {
  const text = sealManifest(manifest, owner).toString();
  const parsed = JSON.parse(text);
  it.each([
    ['nothing', ''],
    ['garbage', '\u0000\u0001'],
    ['cut off', text.slice(0, -20)],
    ['with spaces', JSON.stringify(parsed, null, 1)],
    ['a key twice', text.replace('{', '{"payload":"AAAA",')],
    ['a key more', JSON.stringify({ ...parsed, note: '' })],
    ['unsigned', JSON.stringify({ ...parsed, signatures: [] })],
    ['a payload that is no base64', JSON.stringify({ ...parsed, payload: '!!!!' })],
    [
      'a signature in another spelling',
      text.replace(
        /([A-Za-z0-9+/])=="}\]}$/,
        (_, last) => `${String.fromCharCode(last.charCodeAt(0) + 1)}=="}]}`,
      ),
    ],
    ['another type', JSON.stringify({ ...parsed, payloadType: 'application/json' })],
    ['five signatures', JSON.stringify({ ...parsed, signatures: Array(5).fill(parsed.signatures[0]) })],
    ['a megabyte', `${text}${' '.repeat(1e6)}`],
    ['no UTF-8', Buffer.from([0xff, 0xfe])],
  ])('is refused: %s', (_, bytes) => {
    const found = outcome(() => openEnvelope(Buffer.from(bytes as string), [ownerKey]));
    expect(found).toContain('hotlist.package-invalid');
  });
});

describe('a manifest that contradicts itself', () => {
  const rendered = renderManifest(manifest);
  const altered = (change: object) => JSON.stringify({ ...JSON.parse(rendered), ...change });
  it.each([
    ['a gap in its deltas', altered({ deltas: [delta(5, 6)] }), 'lead to revision 6, not to 7'],
    [
      'deltas in another order',
      altered({ deltas: [delta(6, 7), delta(5, 6)] }),
      'after the delta to revision 7 comes one from 5',
    ],
    [
      'a delta twice',
      altered({ deltas: [delta(5, 6), delta(5, 6), delta(6, 7)] }),
      'after the delta to revision 6 comes one from 5',
    ],
    ['a delta backwards', altered({ deltas: [delta(7, 7)] }), 'leads from revision 7 to 7'],
    [
      'deltas past its snapshot',
      altered({ deltas: [delta(4, 6), delta(6, 7)] }),
      'no delta begins at the revision of its snapshot, 5',
    ],
    [
      'a snapshot of the future',
      altered({ snapshot: { ...manifest.snapshot, revision: 9 } }),
      'snapshot is newer',
    ],
    ['more marks than a device can hold', altered({ markCount: 2.1e7, entryCount: 2.1e7 }), 'markCount: '],
    ['more marks than entries', altered({ markCount: 5 }), '4 entries for 5 marks'],
    ['entries without marks', altered({ markCount: 0 }), '4 entries for 0 marks'],
    ['expired at birth', altered({ expiresAt: '2026-11-22T19:00:00.000Z' }), 'expires before it was issued'],
    [
      'issued in 1970',
      altered({ issuedAt: '1970-01-01T00:00:00.000Z' }),
      'not between the years 2024 and 2100',
    ],
    [
      'a time in another spelling',
      altered({ issuedAt: '2026-11-22T20:00:00Z' }),
      'issuedAt: expected a time',
    ],
    ['revision 0', altered({ revision: 0 }), 'revision: '],
    ['half a revision', altered({ revision: 6.5 }), 'revision: '],
    [
      'more bytes than its blobs can have',
      altered({ snapshot: { ...manifest.snapshot, bytes: 9e6 } }),
      '9000000 bytes in 2 blobs',
    ],
    [
      'fewer bytes than its table',
      altered({ snapshot: { ...manifest.snapshot, bytes: 32 } }),
      '32 bytes in 2 blobs',
    ],
    ['a million blobs', altered({ snapshot: { ...manifest.snapshot, blobs: 1e6 } }), 'snapshot.blobs: '],
    ['no blobs', altered({ snapshot: { ...manifest.snapshot, blobs: 1 } }), 'snapshot.blobs: '],
    [
      'a terabyte',
      altered({ snapshot: { ...manifest.snapshot, blobs: 60_000, bytes: 1e12 } }),
      'snapshot.bytes: ',
    ],
    ['a list id that leads elsewhere', altered({ list: '../etc' }), 'list: '],
    ['an unknown level', altered({ level: 'galactic' }), 'level: '],
    ['a key more', altered({ rows: [] }), 'rows'],
    ['another format', altered({ format: 'anprd.voi-list.v2' }), 'format: '],
    ['a key twice', rendered.replace('"revision":7', '"revision":9,"revision":7'), 'has a key twice'],
    ['no JSON', rendered.slice(1), 'is no JSON'],
  ])('is refused though its owner signed it: %s', (_, payload, found) => {
    const said = outcome(() => openEnvelope(envelope(payload), [ownerKey]));
    expect(said).toContain('hotlist.package-invalid');
    expect(said).toContain(found);
  });

  it('is not signed in the first place', () => {
    expect(outcome(() => sealManifest({ ...manifest, deltas: [] }, owner))).toContain(
      'hotlist.package-invalid',
    );
  });
});

describe('the way from one revision to another', () => {
  it('is the deltas from there on, also where one bridges it', () => {
    const spans = (revision: number) =>
      deltasFrom(manifest, revision)?.map(({ from, to }) => `${from}-${to}`);
    expect(spans(7)).toEqual([]);
    expect(spans(6)).toEqual(['6-7']);
    expect(spans(5)).toEqual(['5-6', '6-7']);
    expect(spans(3)).toEqual(['2-5', '5-6', '6-7']);
    expect(spans(2)).toEqual(['2-5', '5-6', '6-7']);
  });

  it('is none from before the oldest delta, nor back from a newer revision', () => {
    expect(deltasFrom(manifest, 1)).toBeUndefined();
    expect(deltasFrom(manifest, 8)).toBeUndefined();
  });
});
