import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDeviceKey, loadDeviceKey } from '../../../src/evidence/device-key.js';
import { DeviceError } from '../../../src/lib/errors.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'anprd-device-key-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string | Buffer, mode = 0o600): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode });
  return path;
}

function refusal(work: () => unknown): DeviceError {
  try {
    work();
  } catch (error) {
    if (error instanceof DeviceError) return error;
    throw error;
  }
  throw new Error('it was taken');
}

describe('the device key', () => {
  it('is made in a file of its owner’s alone, and read again from there', () => {
    const path = join(folder, 'device.key');
    const made = createDeviceKey(path);
    expect((statSync(path).mode & 0o777).toString(8)).toBe('600');
    const loaded = loadDeviceKey({ keyFile: path }, {});
    expect(loaded).toMatchObject({ publicKey: made.publicKey, id: made.id });
    expect(loaded.sign(Buffer.from('x'))).toEqual(made.sign(Buffer.from('x')));
    expect(made.publicKey).toMatch(/^[A-Za-z0-9+/]{43}=$/);
    expect(made.id).toMatch(/^[0-9a-f]{16}$/);
  });

  it('is never made in the place of one that is there', () => {
    const path = file('device.key', 'old');
    const { code, message } = refusal(() => createDeviceKey(path));
    expect(code).toBe('evidence.key-not-made');
    expect(message).toContain('exists already');
    expect(readFileSync(path, 'utf8')).toBe('old');
  });

  it('is the systemd credential where no file is named', () => {
    const { id } = createDeviceKey(join(folder, 'device-key'));
    expect(loadDeviceKey({}, { CREDENTIALS_DIRECTORY: folder }).id).toBe(id);
    expect(refusal(() => loadDeviceKey({}, {})).message).toContain('/etc/anprd/device.key');
  });

  it('is refused open to others, missing, or of another kind, and never repeated', () => {
    const pem = (type: 'ed25519' | 'x25519') =>
      generateKeyPairSync(type as 'ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
    const good = pem('ed25519');
    const open = refusal(() => loadDeviceKey({ keyFile: file('open', good, 0o640) }, {}));
    expect(open).toMatchObject({
      code: 'evidence.key-missing',
      message: expect.stringContaining('mode 640'),
    });
    const half = good.slice(0, 80);
    for (const text of ['', half, pem('x25519'), 'x'.repeat(4_000)]) {
      const { code, message, hint } = refusal(() => loadDeviceKey({ keyFile: file('bad', text) }, {}));
      expect(code).toBe('evidence.key-missing');
      expect(message).toContain('expected an Ed25519 private key as PEM');
      expect(`${message}${hint}`).not.toContain(half.slice(30, 60));
    }
    const missing = refusal(() => loadDeviceKey({ keyFile: join(folder, 'none') }, {}));
    expect(missing.hint).toContain(`anprctl device-key --out ${join(folder, 'none')}`);
  });

  it('shows its public half alone in JSON, inspected and in a log line', () => {
    const path = join(folder, 'device.key');
    const key = createDeviceKey(path);
    const secret = readFileSync(path, 'utf8').split('\n')[1] as string;
    const hex = Buffer.from(secret, 'base64').subarray(-32).toString('hex');
    let logged = '';
    pino({}, { write: (line: string) => (logged += line) }).info({ key, among: [key] }, `the key is ${key}`);
    const clone = inspect(structuredClone({ key }), { showHidden: true, depth: 9 });
    const shown = [
      JSON.stringify({ key }),
      inspect(key, { showHidden: true, depth: 9 }),
      logged,
      clone,
    ].join();
    expect(shown).toContain(key.publicKey);
    expect(shown).not.toContain(secret.slice(24));
    expect(shown).not.toContain(hex);
    expect(shown).not.toMatch(/PRIVATE|privateKey/);
  });
});
