import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readMachine } from '../../../src/health/machine.js';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'anprd-machine-'));
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

function put(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), `${text}\n`);
  }
}

const read = () => readMachine({ storePath: join(root, 'records.db'), root });

describe('heat and power, as the kernel shows them', () => {
  it('takes the hottest sensor of the processor, and no battery', async () => {
    put({
      'sys/class/thermal/thermal_zone0/type': 'cpu-thermal',
      'sys/class/thermal/thermal_zone0/temp': '61250',
      'sys/class/thermal/thermal_zone1/type': 'GPU-therm',
      'sys/class/thermal/thermal_zone1/temp': '63000',
      'sys/class/thermal/thermal_zone2/type': 'battery',
      'sys/class/thermal/thermal_zone2/temp': '90000',
    });
    expect((await read()).celsius).toBe(63);
  });

  it.each([
    ['0', { isThrottled: false, isUnderVoltage: false }],
    ['50005', { isThrottled: true, isUnderVoltage: true }],
    ['50000', { isThrottled: false, isUnderVoltage: false }],
    ['1', { isThrottled: false, isUnderVoltage: true }],
    ['80008', { isThrottled: true, isUnderVoltage: false }],
  ])('understands what the firmware of a Raspberry Pi says: %s', async (flags, expected) => {
    put({ 'sys/devices/platform/soc/soc:firmware/get_throttled': flags });
    expect(await read()).toMatchObject(expected);
  });

  it('finds a slowed processor by its cooler elsewhere, and the voltage alarm of a Pi by its driver', async () => {
    put({
      'sys/class/thermal/cooling_device0/type': 'thermal-cpufreq-0',
      'sys/class/thermal/cooling_device0/cur_state': '2',
      'sys/class/thermal/cooling_device1/type': 'pwm-fan',
      'sys/class/thermal/cooling_device1/cur_state': '4',
      'sys/class/hwmon/hwmon1/name': 'rpi_volt',
      'sys/class/hwmon/hwmon1/in0_lcrit_alarm': '1',
    });
    expect(await read()).toMatchObject({ isThrottled: true, isUnderVoltage: true });
    put({ 'sys/class/thermal/cooling_device0/cur_state': '0' });
    expect((await read()).isThrottled).toBe(false);
  });

  it('says nothing where the machine says nothing', async () => {
    const state = await read();
    expect(Object.keys(state)).toEqual(['freeBytes']);
  });
});

describe('the disk', () => {
  it('tells its wear by the worse of two estimates, found from the file through its partition', async () => {
    const { dev } = statSync(root);
    const [major, minor] = [(dev >>> 8) & 0xfff, (dev & 0xff) | ((dev >>> 12) & 0xfff00)];
    put({
      'sys/devices/mmcblk0/device/life_time': '0x01 0x08',
      'sys/devices/mmcblk0/mmcblk0p2/partition': '2',
    });
    mkdirSync(join(root, 'sys/dev/block'), { recursive: true });
    symlinkSync(join(root, 'sys/devices/mmcblk0/mmcblk0p2'), join(root, `sys/dev/block/${major}:${minor}`));
    expect((await read()).wornPercent).toBe(80);
    put({ 'sys/devices/mmcblk0/device/life_time': '0x0B 0x00' });
    expect((await read()).wornPercent).toBe(100);
  });

  it('has room, and was written to', async () => {
    put({ 'proc/self/io': 'rchar: 1\nwrite_bytes: 81920\ncancelled_write_bytes: 0' });
    const state = await read();
    expect(state.writtenBytes).toBe(81_920);
    expect(state.freeBytes).toBeGreaterThan(0);
  });

  it('is left out where there is none', async () => {
    expect((await readMachine({ storePath: '/nowhere/at/all/records.db', root })).freeBytes).toBeUndefined();
  });
});
