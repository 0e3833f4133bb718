import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Certificates, isExpiring, readTls } from '../../../src/uplink/certificates.js';
import { certify } from '../../support/certificates.js';

const DAY_MS = 86_400_000;
let made: string;
let caFile: string;
let certificateFile: string;
let keyFile: string;
const file = (name: string) => join(made, name);
const read = (name: string) => readFileSync(file(name));

beforeAll(() => {
  made = mkdtempSync(join(tmpdir(), 'anprd-certificates-'));
  const authority = 'basicConstraints=critical,CA:TRUE';
  certify(made, 'force', { extension: authority, days: 90 });
  certify(made, 'old-force', { extension: authority, days: 5 });
  certify(made, 'camera', { issuer: 'force', extension: 'extendedKeyUsage=clientAuth', days: 31 });
  certify(made, 'other', { issuer: 'force', extension: 'extendedKeyUsage=clientAuth', days: 40 });
  [caFile, certificateFile, keyFile] = [file('ca.pem'), file('device.pem'), file('device.key')];
});
afterAll(() => rmSync(made, { recursive: true, force: true }));
beforeEach(() => {
  copyFileSync(file('force.pem'), caFile);
  copyFileSync(file('camera.pem'), certificateFile);
  copyFileSync(file('camera.key'), keyFile);
});

const all = () => ({ caFile, certificateFile, keyFile });

describe('files that do not fit together', () => {
  it.each([
    ['a certificate that is not there', () => rmSync(certificateFile), /cannot read .*device\.pem/],
    [
      'a key that is another one',
      () => copyFileSync(file('other.key'), keyFile),
      /device\.key is not the one of/,
    ],
    [
      'a key where a certificate belongs',
      () => copyFileSync(keyFile, certificateFile),
      /holds no certificate/,
    ],
    [
      'a certificate where a key belongs',
      () => copyFileSync(certificateFile, keyFile),
      /holds no private key/,
    ],
    ['an authority that is empty', () => writeFileSync(caFile, ''), /ca\.pem holds no certificate/],
    [
      'a certificate that is broken',
      () => writeFileSync(certificateFile, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'),
      /cannot be read/,
    ],
  ])('are named, with what to do: %s', (_, spoil, said) => {
    spoil();
    expect(() => readTls(all())).toThrowError(said);
    expect(() => readTls(all())).toThrowError(
      expect.objectContaining({ hint: expect.stringMatching(/mqtt/) }),
    );
  });

  it('are a certificate without a key too, and a key without a certificate', () => {
    expect(() => readTls({ certificateFile })).toThrowError(/mqtt.keyFile is not/);
    expect(() => readTls({ keyFile })).toThrowError(/mqtt.certificateFile is not/);
  });

  it('leave what was in force before in force, and nothing where there never was', () => {
    const certificates = new Certificates(all());
    const before = certificates.material;
    copyFileSync(file('other.key'), keyFile);
    expect(certificates.refresh()).toBe(false);
    expect(certificates.problem?.message).toMatch(/is not the one of/);
    expect(certificates.material).toEqual(before);
    copyFileSync(file('other.pem'), certificateFile);
    expect(certificates.refresh()).toBe(true);
    expect(certificates.problem).toBeUndefined();
    rmSync(keyFile);
    expect(() => new Certificates(all()).material).toThrowError(/cannot read/);
  });
});

describe('how long certificates are good for', () => {
  it('is at most 30 days where they are expiring', () => {
    const nowMs = Date.UTC(2026, 10, 22);
    expect(isExpiring(nowMs + 30 * DAY_MS, nowMs)).toBe(false);
    expect(isExpiring(nowMs + 30 * DAY_MS - 1, nowMs)).toBe(true);
    expect(isExpiring(nowMs - 1, nowMs)).toBe(true);
  });

  it("is the end of the first in the device's chain, of the last authority, and what is seen of the broker", () => {
    const certificates = new Certificates(all());
    writeFileSync(caFile, Buffer.concat([read('old-force.pem'), read('force.pem')]));
    writeFileSync(certificateFile, Buffer.concat([read('camera.pem'), read('old-force.pem')]));
    certificates.refresh();
    const nowMs = Date.now();
    const states = certificates.states(nowMs, nowMs + 40 * DAY_MS);
    const days = states.map(({ of, notAfterMs }) => [of, Math.round((notAfterMs - nowMs) / DAY_MS)]);
    expect(days).toEqual([
      ['device', 5],
      ['authority', 90],
      ['broker', 40],
    ]);
    expect(states.map(({ expiring }) => expiring)).toEqual([true, false, false]);
  });

  it('is not said where there are none', () => {
    expect(new Certificates({}).material).toEqual({});
    expect(new Certificates({}).states(0)).toEqual([]);
  });
});
