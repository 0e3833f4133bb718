import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

/**
 * What systemd itself says of the units, without starting them; scripts/boot starts them.
 */
const FOLDER = resolve(import.meta.dirname, '../../systemd');
const UNITS = ['anprd.service', 'anprd-again.service', 'anprd-again.timer'];
const unit = readFileSync(resolve(FOLDER, 'anprd.service'), 'utf8');
/** Tenths, as systemd-analyze counts thresholds. */
const MOST_EXPOSURE = 20;

const has = (command: string, argument: string) => spawnSync(command, [argument]).status === 0;
const hasAnalyze = has('systemd-analyze', '--version');
// systemd 254 was the first to know it.
const canVerifyRules = spawnSync('udevadm', ['verify', '--help']).status === 0;

function run(command: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: FOLDER, encoding: 'utf8' });
  return { status, output: `${stdout}${stderr}` };
}

/** All values of a setting, in order. */
const valuesOf = (setting: string) =>
  [...unit.matchAll(new RegExp(`^${setting}=(.*)$`, 'gm'))].map((match) => match[1]);

describe('the units', () => {
  it.skipIf(!hasAnalyze)(
    'have nothing that systemd-analyze (not on this machine where skipped) objects to',
    () => {
      expect(run('systemd-analyze', 'verify', ...UNITS.map((name) => `./${name}`))).toEqual({
        status: 0,
        output: '',
      });
    },
  );

  it.skipIf(!hasAnalyze)('leave little of the system open to the service', () => {
    const asked = ['security', '--offline=true', `--threshold=${MOST_EXPOSURE}`];
    const { status, output } = run('systemd-analyze', ...asked, './anprd.service');
    expect(status, output).toBe(0);
    // The threshold is one that a unit can miss.
    expect(run('systemd-analyze', ...asked, './anprd-again.service').status).not.toBe(0);
  });

  it('hand over every secret that is read as a credential, and something empty in the place of each', () => {
    const ids = (setting: string) => valuesOf(setting).map((value) => value?.split(':')[0]);
    expect(ids('LoadCredential')).toEqual(['storage-key', 'device-key', 'mqtt-password', 'surveyed-place']);
    expect(ids('SetCredential')).toEqual(ids('LoadCredential'));
    const encrypted = readFileSync(resolve(FOLDER, 'encrypted-credentials.conf'), 'utf8');
    const named = [...encrypted.matchAll(/^LoadCredentialEncrypted=(.*)$/gm)].map((match) => match[1]);
    expect(named).toEqual(ids('LoadCredential'));
  });

  it('do not start again what no restart mends, by the exit codes of the daemon', () => {
    expect(valuesOf('RestartPreventExitStatus')).toEqual(['2 78']);
    const daemon = readFileSync(resolve(FOLDER, '../src/daemon.ts'), 'utf8');
    expect(daemon).toContain('EXIT_CONFIG = 78');
  });

  it.skipIf(!canVerifyRules)('and device rules that udevadm (from systemd 254 on) understands', () => {
    expect(run('udevadm', 'verify', './70-anprd.rules')).toMatchObject({ status: 0 });
  });
});
