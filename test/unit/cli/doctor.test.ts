import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fault, ok, renderFindings } from '../../../src/cli/doctor/finding.js';
import { checkHeat, checkSwap, checkWear } from '../../../src/cli/doctor/machine.js';
import { checkKey, checkNode } from '../../../src/cli/doctor/software.js';
import { configSchema } from '../../../src/config/schema.js';
import { DeviceError } from '../../../src/lib/errors.js';
import { temporaryFolder } from '../../support/recordings.js';

const config = configSchema.parse({});

describe('the page of the doctor', () => {
  it('has a line for what is in order, and what to do below what is not', () => {
    const page = renderFindings([
      ok('disk', '12000 MB free'),
      fault('fail', 'storage key', { found: 'none', expected: 'a key', remedy: 'Make one.' }),
    ]);
    expect(page).toBe(
      [
        'ok    disk         12000 MB free',
        'FAIL  storage key  none',
        '      expected: a key',
        '      do: Make one.',
        '',
        '1 in order, 0 to look at, 1 that fail',
        '',
      ].join('\n'),
    );
  });
});

describe('what is looked at', () => {
  it.each([
    ['20.20.2', 'arm64', 'ok'],
    ['18.19.0', 'x64', 'fail'],
    ['20.1.0', 'arm', 'fail'],
  ])('Node %s on %s', (version, arch, verdict) => {
    expect(checkNode(version, arch).verdict).toBe(verdict);
  });

  it('a key that systemd alone can open, unless the configuration names another', async () => {
    const credstore = temporaryFolder();
    const load = () => {
      throw new DeviceError('store.key-missing', { message: 'no file', hint: 'Make one.' });
    };
    expect(await checkKey('storage-key', {}, load, credstore)).toMatchObject({ verdict: 'fail' });
    writeFileSync(join(credstore, 'storage-key'), 'sealed');
    expect(await checkKey('storage-key', {}, load, credstore)).toMatchObject({ verdict: 'ok' });
    expect(await checkKey('storage-key', { keyFile: '/k' }, load, credstore)).toMatchObject({
      verdict: 'fail',
    });
  });

  it('swap on a disk, where memory would lie in clear', () => {
    const head = 'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n';
    expect(checkSwap(undefined).verdict).toBe('ok');
    expect(checkSwap(head).verdict).toBe('ok');
    expect(checkSwap(`${head}/dev/zram0  partition\t100\t0\t100\n`).verdict).toBe('ok');
    expect(checkSwap(`${head}/var/swap   file\t102396\t0\t-2\n`)).toMatchObject({
      verdict: 'warn',
      found: expect.stringContaining('/var/swap'),
    });
  });

  it('heat and voltage, where the machine tells them', () => {
    expect(checkHeat({}, config)).toEqual([]);
    const verdicts = (state: Parameters<typeof checkHeat>[0]) =>
      checkHeat(state, config).map(({ verdict }) => verdict);
    expect(verdicts({ celsius: 50, isThrottled: false, isUnderVoltage: false })).toEqual(['ok', 'ok']);
    expect(verdicts({ celsius: 50, isThrottled: true, isUnderVoltage: true })).toEqual(['warn', 'fail']);
    expect(verdicts({ celsius: 79 })).toEqual(['warn']);
  });

  it('a card near its end', () => {
    expect(checkWear({}, config)).toEqual([]);
    expect(checkWear({ wornPercent: 70 }, config)[0]?.verdict).toBe('ok');
    expect(checkWear({ wornPercent: 90 }, config)[0]?.verdict).toBe('warn');
  });
});
