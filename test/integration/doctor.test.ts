import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { freePort } from '../../scripts/src/loopback.js';
import { register } from '../../src/cli/doctor/command.js';
import type { Finding } from '../../src/cli/doctor/finding.js';
import { ControlServer } from '../../src/control/server.js';
import { createDeviceKey } from '../../src/evidence/device-key.js';
import { createCentreKey } from '../../src/governance/centre-key.js';
import { createLogger } from '../../src/lib/log.js';
import { createStorageKey } from '../../src/lib/storage-key.js';
import { runCommand } from '../support/command.js';
import { NO_CREW } from '../support/display-rig.js';
import { type Mosquitto, startMosquitto } from '../support/mosquitto.js';

/** The doctor on a device that is put together here, part by part. */

let folder: string;
let broker: Mosquitto;
let centrePublicKey: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'anprd-doctor-'));
  broker = await startMosquitto();
  mkdirSync(join(folder, 'pictures'));
  mkdirSync(join(folder, 'lines'));
  writeFileSync(join(folder, 'surveyed'), '0.5, -0.5\n', { mode: 0o600 });
  centrePublicKey = createCentreKey(join(folder, 'centre.key'));
  createStorageKey(join(folder, 'storage.key'));
  createDeviceKey(join(folder, 'device.key'));
});

afterEach(async () => {
  await broker.stop();
  rmSync(folder, { recursive: true, force: true });
});

function configured(changes: object = {}): string {
  const path = join(folder, 'anprd.yaml');
  writeFileSync(
    path,
    stringify({
      cameras: [{ id: 'cam-1', source: { kind: 'pictures', folder: join(folder, 'pictures') } }],
      storage: { keyFile: join(folder, 'storage.key') },
      evidence: { keyFile: join(folder, 'device.key') },
      store: { path: join(folder, 'records.db'), leaveFreeMegabytes: 0 },
      control: { socketPath: join(folder, 'control.sock') },
      mqtt: { urls: [broker.url] },
      position: { surveyedFile: join(folder, 'surveyed'), centrePublicKey },
      lines: { board: { kind: 'simulated', folder: join(folder, 'lines') } },
      ...changes,
    }),
  );
  return path;
}

async function examined(changes: object = {}): Promise<Readonly<Record<string, Finding>>> {
  const { out } = await runCommand(register, ['doctor', '--json', '--config', configured(changes)]);
  const findings = JSON.parse(out) as Finding[];
  return Object.fromEntries(findings.map((finding) => [finding.check, finding]));
}

describe('a device that has all it needs', () => {
  it('is in order but for the daemon that does not run, and the doctor says how to see why', async () => {
    const findings = await examined();
    const wanted = [
      'configuration',
      'version',
      'addon',
      'models',
      'storage key',
      'device key',
      'camera cam-1',
    ];
    for (const check of [...wanted, 'surveyed place', 'sealing key', 'lines', 'broker', 'disk']) {
      expect(findings[check], check).toMatchObject({ verdict: 'ok' });
    }
    expect(findings.daemon).toMatchObject({ verdict: 'fail', remedy: expect.stringContaining('journalctl') });
  });

  it('is told with the warnings of its daemon, each with what to do', async () => {
    const config = configured();
    const warning = {
      code: 'camera-lost',
      subject: 'cam-1',
      title: 'Camera gives no frames',
      severity: 'high',
    };
    const control = new ControlServer({
      socketPath: join(folder, 'control.sock'),
      snapshot: () => ({
        uptimeSeconds: 90,
        passages: { read: 3, unreadable: 0, hits: 1 },
        warnings: [{ ...warning, detail: 'silent', remedy: 'Check its power.' }],
      }),
      metrics: async () => '',
      crew: NO_CREW,
      log: createLogger('silent'),
    });
    await control.start();
    const { code, out } = await runCommand(register, ['doctor', '--config', config]);
    await control.stop();
    expect(code).toBe(1);
    expect(out).toMatch(/ok {4}daemon +runs for 90 s: 3 read, 1 hits/);
    expect(out).toMatch(/FAIL {2}warning cam-1 +Camera gives no frames: silent/);
    expect(out).toContain('do: Check its power.');
  });
});

describe('what is not in order is named, with what was expected and what to do', () => {
  it.each<[string, string, () => object]>([
    [
      'a camera that is not plugged in',
      'camera cam-1',
      () => ({
        cameras: [{ id: 'cam-1', source: { kind: 'v4l2', device: '/dev/no-such-camera' } }],
      }),
    ],
    ['models that are missing', 'models', () => ({ plates: { modelsFolder: join(folder, 'pictures') } })],
    [
      'a receiver that is not plugged in',
      'receiver',
      () => ({
        position: { receiver: { kind: 'serial', device: '/dev/no-such-receiver' } },
      }),
    ],
    ['no room for the store', 'disk', () => ({ store: { path: '/nowhere/at/all/records.db' } })],
    [
      'a password that is not there',
      'broker password',
      () => ({ mqtt: { urls: [broker.url], username: 'unit-1', passwordFile: join(folder, 'none') } }),
    ],
    [
      'a certificate that is none',
      'certificates',
      () => ({
        mqtt: { urls: [broker.url], caFile: join(folder, 'surveyed') },
      }),
    ],
  ])('%s', async (_, check, changes) => {
    const finding = (await examined(changes()))[check] as Finding;
    expect(finding.verdict).toBe('fail');
    for (const said of [finding.found, finding.expected, finding.remedy]) expect(said).toMatch(/\S/);
  });

  it('a broker that is away', async () => {
    const findings = await examined({ mqtt: { urls: [`mqtt://127.0.0.1:${await freePort()}`] } });
    expect(findings.broker).toMatchObject({
      verdict: 'fail',
      found: expect.stringContaining('nothing listens there'),
    });
  });

  it('a key that others may read', async () => {
    chmodSync(join(folder, 'storage.key'), 0o644);
    expect((await examined())['storage key']).toMatchObject({
      verdict: 'fail',
      remedy: expect.stringContaining('chmod 600'),
    });
  });

  it('a receiver without a key to seal its positions to', async () => {
    const findings = await examined({ position: { surveyedFile: join(folder, 'surveyed') } });
    expect(findings['sealing key']?.verdict).toBe('warn');
  });

  it('a key that nothing can be sealed to', async () => {
    const findings = await examined({ position: { centrePublicKey: `${'A'.repeat(43)}=` } });
    expect(findings['sealing key']).toMatchObject({
      verdict: 'fail',
      remedy: expect.stringContaining('anprctl centre-key'),
    });
  });

  it.each([
    ['is open to others', '0.5, -0.5', 0o644, 'mode 644'],
    ['holds something else', 'up the hill', 0o600, 'holds no surveyed place'],
  ])('a surveyed place whose file %s, and nothing of what is in it', async (_, text, mode, said) => {
    writeFileSync(join(folder, 'surveyed'), text);
    chmodSync(join(folder, 'surveyed'), mode);
    const finding = (await examined())['surveyed place'];
    expect(finding).toMatchObject({ verdict: 'fail', found: expect.stringContaining(said) });
    expect(finding?.found).not.toContain(text);
  });

  it('a broker at an address of IPv6 is asked like any other', async () => {
    const findings = await examined({ mqtt: { urls: [`mqtt://[::1]:${await freePort()}`] } });
    expect(findings.broker?.found).toContain('nothing listens there');
  });

  it('a configuration with faults, and nothing else, as all else hangs on it', async () => {
    const { code, out } = await runCommand(register, ['doctor', '--config', configured({ lnes: {} })]);
    expect(code).toBe(1);
    expect(out).toContain('lnes');
    expect(out).toContain('1 that fail');
  });
});
