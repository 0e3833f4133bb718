import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Position } from '../../../src/domain/position.js';
import { PositionOpener, PositionSealer } from '../../../src/governance/sealing.js';
import { hpkeSeal, rawX25519 } from '../../../src/lib/hpke.js';
import { repeatable } from '../../support/repeatable.js';

const { privateKey, publicKey } = generateKeyPairSync('x25519');
const centrePublicKey = rawX25519(publicKey).toString('base64');
const sealer = new PositionSealer({ centrePublicKey, unitId: 'unit-7' });
const opener = new PositionOpener(privateKey);
const RECORD = '01a1b2c3-0000-7000-8000-000000000001';
const SUBJECT = { unitId: 'unit-7', subjectId: RECORD };

const SURVEYED: Position = {
  latitudeDeg: 0,
  longitudeDeg: 0,
  source: 'surveyed',
  ageMs: 0,
  isInterpolated: false,
};
const DRIVING: Position = {
  latitudeDeg: -51.501364,
  longitudeDeg: -0.14189,
  source: 'serial',
  ageMs: 412,
  isInterpolated: true,
  hdop: 0.9,
  satellites: 12,
  speedMetresPerSecond: 13.4,
  courseDeg: 271.3,
};

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return 'none';
}

describe('a position', () => {
  it.each([
    ['surveyed', SURVEYED],
    ['driven by', DRIVING],
  ])('%s comes out as it went in', (_, position) => {
    expect(opener.open(sealer.seal(position, RECORD), SUBJECT)).toEqual(position);
  });

  it('is kept to a tenth of a metre', () => {
    const { latitudeDeg, longitudeDeg } = opener.open(
      sealer.seal({ ...DRIVING, latitudeDeg: 51.501_364_49, longitudeDeg: 179.999_999_9 }, RECORD),
      SUBJECT,
    );
    expect([latitudeDeg, longitudeDeg]).toEqual([51.501364, 180]);
  });

  it('names the key that it is sealed to, as the centre names its own', () => {
    expect(sealer.seal(SURVEYED, RECORD).keyId).toBe(opener.keyId);
    expect(opener.keyId).toMatch(/^[0-9a-f]{16}$/);
  });

  it('has one length wherever it is and whatever is said of it', () => {
    const random = repeatable(6);
    const lengths = new Set<number>();
    const maybe = (value: number) => (random() < 0.5 ? undefined : value);
    for (let index = 0; index < 500; index++) {
      const said = Object.entries({
        hdop: maybe(10 ** (4 * random() - 2)),
        satellites: maybe(Math.floor(400 * random())),
        speedMetresPerSecond: maybe(10 ** (6 * random() - 2)),
        courseDeg: maybe(360 * random()),
      }).filter(([, value]) => value !== undefined);
      const position: Position = {
        latitudeDeg: 180 * random() - 90,
        longitudeDeg: 360 * random() - 180,
        source: (['surveyed', 'serial', 'gpsd'] as const)[index % 3] as Position['source'],
        ageMs: 10 ** (12 * random()),
        isInterpolated: random() < 0.5,
        ...Object.fromEntries(said),
      };
      lengths.add(sealer.seal(position, RECORD).sealed.length);
    }
    expect([...lengths]).toEqual([256]);
  });

  it('sealed twice is not seen to be the same', () => {
    expect(sealer.seal(DRIVING, RECORD).sealed).not.toBe(sealer.seal(DRIVING, RECORD).sealed);
  });
});

describe('a sealed position', () => {
  const sealed = sealer.seal(DRIVING, RECORD);

  it.each([
    ['another record', { ...SUBJECT, subjectId: '01a1b2c3-0000-7000-8000-000000000002' }],
    ['another unit', { ...SUBJECT, unitId: 'unit-8' }],
  ])('does not open beside %s', (_, subject) => {
    expect(codeOf(() => opener.open(sealed, subject))).toBe('position.unseal-failed');
  });

  it('says which key it needs where another is tried', () => {
    const other = new PositionOpener(generateKeyPairSync('x25519').privateKey);
    expect(() => other.open(sealed, SUBJECT)).toThrow(
      `sealed to key ${opener.keyId}, this is key ${other.keyId}`,
    );
  });

  it.each(['', 'AAAA', 'no base64url!', 'A'.repeat(256)])('that is none is refused: %j', (text) => {
    const fake = { keyId: opener.keyId, sealed: text };
    expect(codeOf(() => opener.open(fake, SUBJECT))).toBe('position.unseal-failed');
  });

  it.each(['', '[]', '{"lat":91,"lon":0,"source":"serial","ageMs":0}', '{"lat":0,"lon":0}', '\u0000'])(
    'that holds no place is refused, and repeats nothing of it: %j',
    (text) => {
      const context = { info: 'anprd position 1', aad: `unit-7/${RECORD}` };
      const bytes = hpkeSeal(publicKey, context, Buffer.from(text));
      const fake = { keyId: opener.keyId, sealed: bytes.toString('base64url') };
      expect(() => opener.open(fake, SUBJECT)).toThrow('it opens, and holds no position');
    },
  );
});

describe('a configured key to which nothing can be sealed', () => {
  it('is an error of the configuration', () => {
    const options = { centrePublicKey: `${'A'.repeat(43)}=`, unitId: 'unit-7' };
    expect(codeOf(() => new PositionSealer(options))).toBe('config.invalid');
  });
});
