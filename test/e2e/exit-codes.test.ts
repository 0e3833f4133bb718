import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { askControl } from '../../src/control/client.js';
import { ControlServer } from '../../src/control/server.js';
import { createLogger } from '../../src/lib/log.js';
import { openDatabase } from '../../src/lib/sqlite.js';
import { runAnprctl, runDaemonOnce } from '../support/daemon.js';
import { NO_CREW } from '../support/display-rig.js';
import { deviceKeyFileIn } from '../support/notary.js';
import { keyFileIn, keyIn } from '../support/storage-key.js';

const folder = mkdtempSync(join(tmpdir(), 'anprd-exit-'));

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** The configuration of a device with both keys. */
function device(
  name: string,
  {
    store,
    keyFile,
    deviceKeyFile,
    ...others
  }: { store: string; keyFile?: string; deviceKeyFile?: string; position?: object },
): string {
  return write(
    `${name}.yaml`,
    JSON.stringify({
      storage: { keyFile: keyFile ?? keyFileIn(folder) },
      evidence: { keyFile: deviceKeyFile ?? deviceKeyFileIn(folder) },
      store: { path: store },
      hotlist: { path: join(folder, 'hotlist.db') },
      control: { socketPath: join(folder, `${name}.sock`) },
      ...others,
    }),
  );
}

describe('how the daemon ends', () => {
  it('with 78 and every fault at once for a bad configuration', async () => {
    const bad = write('bad.yaml', 'unit: {id: A 13}\nmqtt: {urls: [broker]}\nstoor: {}\n');
    const { exitCode, stderr } = await runDaemonOnce(['--config', bad]);
    expect(exitCode).toBe(78);
    for (const place of ['unit.id (line 1)', 'mqtt.urls[0] (line 2)', 'stoor (line 3)'])
      expect(stderr).toContain(place);
    expect(stderr).toContain('Did you mean store?');
  });

  it('with 78 when there is no configuration', async () => {
    const { exitCode, stderr } = await runDaemonOnce(['--config', join(folder, 'none.yaml')]);
    expect(exitCode).toBe(78);
    expect(stderr).toContain('--config');
  });

  it('with 2 and the help text for wrong usage', async () => {
    const { exitCode, stderr } = await runDaemonOnce(['--confg', 'x']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("Unknown option '--confg'");
    expect(stderr).toContain('Usage: anprd');
  });

  it('with 70 when a later version wrote its store', async () => {
    const store = join(folder, 'newer.db');
    const database = openDatabase(store, [], { key: keyIn(folder) });
    database.pragma('user_version = 999');
    database.close();
    const { exitCode, stderr } = await runDaemonOnce(['--config', device('store', { store })]);
    expect(exitCode).toBe(70);
    expect(stderr).toContain('Install the version of anprd that wrote it');
  });

  it('with 78 without a storage key, before it has made anything', async () => {
    const home = join(folder, 'keyless');
    const store = join(home, 'records.db');
    const { exitCode, stderr } = await runDaemonOnce([
      '--config',
      device('keyless', { store, keyFile: join(folder, 'no.key') }),
    ]);
    expect(exitCode).toBe(78);
    expect(stderr).toContain(`anprctl storage-key --out ${folder}/no.key`);
    expect(existsSync(home)).toBe(false);
  });

  it('with 78 without a device key: nothing is recorded unsigned', async () => {
    const home = join(folder, 'unsigned');
    const { exitCode, stderr } = await runDaemonOnce([
      '--config',
      device('unsigned', { store: join(home, 'records.db'), deviceKeyFile: join(folder, 'no-device.key') }),
    ]);
    expect(exitCode).toBe(78);
    expect(stderr).toContain(`anprctl device-key --out ${folder}/no-device.key`);
    expect(existsSync(home)).toBe(false);
  });

  it('with 78 when the storage key is another than that of its records, which stay as they are', async () => {
    const store = write('records.db', 'to whom it may concern');
    const { exitCode, stderr } = await runDaemonOnce(['--config', device('other-key', { store })]);
    expect(exitCode).toBe(78);
    expect(stderr).toContain('the storage key does not open the database');
    expect(readFileSync(store, 'utf8')).toBe('to whom it may concern');
  });
});

describe('how a daemon ends that cannot be set up', () => {
  it('with 78 where the surveyed place cannot be used, and says nothing of what is in it', async () => {
    const surveyedFile = write('surveyed', '54.5 north');
    chmodSync(surveyedFile, 0o600);
    const { exitCode, stderr } = await runDaemonOnce([
      '--config',
      device('surveyed', { store: join(folder, 'surveyed.db'), position: { surveyedFile } }),
    ]);
    expect(exitCode).toBe(78);
    expect(stderr).toContain(`${surveyedFile} holds no surveyed place`);
    expect(stderr).not.toContain('54.5 north');
  });

  it('with 70 where another one runs, which goes on', async () => {
    const config = device('second', { store: join(folder, 'second.db') });
    const first = new ControlServer({
      socketPath: join(folder, 'second.sock'),
      snapshot: () => ({ unit: 'the first' }),
      metrics: async () => '',
      crew: NO_CREW,
      log: createLogger('silent'),
    });
    await first.start();
    const { exitCode, stderr } = await runDaemonOnce(['--config', config]);
    expect(exitCode).toBe(70);
    expect(stderr).toContain('another anprd is running');
    expect(stderr).toContain('systemctl stop anprd');
    await expect(askControl(join(folder, 'second.sock'), '/status')).resolves.toEqual({ unit: 'the first' });
    await first.stop();
  });
});

describe('how anprctl ends', () => {
  it('with 78 for a bad configuration, 0 for a good one', async () => {
    const bad = write('bad2.yaml', 'log: {level: loud}\n');
    await expect(runAnprctl(['config', 'check', bad])).resolves.toMatchObject({ exitCode: 78 });
    await expect(runAnprctl(['config', 'check', 'config/anprd.yaml'])).resolves.toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('in order'),
    });
  });

  it('with 2 for an unknown command or option, and names the nearest', async () => {
    await expect(runAnprctl(['statsu'])).resolves.toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('Did you mean status?'),
    });
    await expect(runAnprctl(['status', '--jsn'])).resolves.toMatchObject({ exitCode: 2 });
  });

  it('with 1 when no daemon answers, and says what to check', async () => {
    const path = write('away.yaml', `control: {socketPath: ${folder}/nobody.sock}\n`);
    await expect(runAnprctl(['status', '--config', path])).resolves.toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('systemctl status anprd'),
    });
  });

  it('with 0 for a new storage key, and 1 rather than replace one', async () => {
    const path = join(folder, 'new.key');
    await expect(runAnprctl(['storage-key', '--out', path])).resolves.toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining(`LoadCredential=storage-key:${path}`),
    });
    const key = readFileSync(path, 'utf8');
    await expect(runAnprctl(['storage-key', '--out', path])).resolves.toMatchObject({
      exitCode: 1,
      stdout: '',
      stderr: expect.stringContaining('exists already and was left as it is'),
    });
    expect(readFileSync(path, 'utf8')).toBe(key);
  });

  it('with 0 for help, which names every command', async () => {
    const { exitCode, stdout } = await runAnprctl(['--help']);
    expect(exitCode).toBe(0);
    const tending = ['hotlist', 'config', 'storage-key', 'device-key'];
    for (const command of ['status', 'read', 'rates', 'export', 'verify', ...tending])
      expect(stdout).toContain(command);
  });

  it('with 1 and a line of text where its output cannot be written', () => {
    const full = openSync('/dev/full', 'w');
    const anprctl = resolve(import.meta.dirname, '../../dist/src/cli/anprctl.js');
    const valid = device('output', { store: join(folder, 'records.db') });
    const { status, stderr } = spawnSync(process.execPath, [anprctl, 'config', 'check', valid], {
      stdio: ['ignore', full, 'pipe'],
      encoding: 'utf8',
    });
    closeSync(full);
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: 'cannot write the output: ENOSPC: no space left on device, write\n',
    });
  });
});
