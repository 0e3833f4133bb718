import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * What the machine says of its own heat, power and disk, as Linux shows it in /sys and /proc. Every figure
 * is absent where the machine does not tell it: a PC has no voltage alarm, an SD card no wear.
 */
export interface MachineState {
  /** Of the processor, its hottest sensor. */
  readonly celsius?: number;
  /** Whether the processor runs slower than it could, now. */
  readonly isThrottled?: boolean;
  /** Whether the supply voltage is too low, now. */
  readonly isUnderVoltage?: boolean;
  /** Of the disk that holds the store, 0 to 100 in steps of ten, as it estimates itself. */
  readonly wornPercent?: number;
  readonly freeBytes?: number;
  /** What this process has caused to be written to disks since its start. */
  readonly writtenBytes?: number;
}

export interface MachineOptions {
  /** What is looked at for disk figures: the store's file, or its folder. */
  readonly storePath: string;
  /** Root of the system, for tests. */
  readonly root?: string;
}

/** Sensors of processors by the names that their drivers give; others measure batteries and radios. */
const PROCESSOR_ZONE = /cpu|soc|gpu|x86_pkg|^tj/i;
/** What slows a processor down to cool it. */
const PROCESSOR_COOLER = /cpufreq|^processor$/i;
/** Raspberry Pi firmware, get_throttled: what holds now; the upper half is what has held since the start. */
const UNDER_VOLTAGE = 0x1;
const SLOWED = 0x2 | 0x4 | 0x8;
/** JEDEC: tenths of the estimated life, 11 where it is exceeded. */
const LIFE_STEP_PERCENT = 10;

/** Reads some twenty small files of the kernel; no disk is touched. Never throws. */
export async function readMachine({ storePath, root = '/' }: MachineOptions): Promise<MachineState> {
  const firmware = text(root, 'sys/devices/platform/soc/soc:firmware/get_throttled');
  const flags = firmware === undefined ? undefined : Number.parseInt(firmware, 16);
  return given({
    celsius: hottest(root),
    isThrottled: flags === undefined ? isCooledDown(root) : (flags & SLOWED) !== 0,
    isUnderVoltage: flags === undefined ? voltageAlarm(root) : (flags & UNDER_VOLTAGE) !== 0,
    wornPercent: wear(root, storePath),
    freeBytes: await free(storePath),
    writtenBytes: written(root),
  });
}

function hottest(root: string): number | undefined {
  const zones = entries(root, 'sys/class/thermal')
    .filter((name) => name.startsWith('thermal_zone'))
    .filter((name) => PROCESSOR_ZONE.test(text(root, `sys/class/thermal/${name}/type`) ?? ''))
    .map((name) => numberIn(root, `sys/class/thermal/${name}/temp`))
    .filter((milliCelsius) => milliCelsius !== undefined);
  return zones.length === 0 ? undefined : Math.max(...zones) / 1000;
}

function isCooledDown(root: string): boolean | undefined {
  const coolers = entries(root, 'sys/class/thermal').filter(
    (name) =>
      name.startsWith('cooling_device') &&
      PROCESSOR_COOLER.test(text(root, `sys/class/thermal/${name}/type`) ?? ''),
  );
  if (coolers.length === 0) return undefined;
  return coolers.some((name) => (numberIn(root, `sys/class/thermal/${name}/cur_state`) ?? 0) > 0);
}

function voltageAlarm(root: string): boolean | undefined {
  const sensor = entries(root, 'sys/class/hwmon').find(
    (name) => text(root, `sys/class/hwmon/${name}/name`) === 'rpi_volt',
  );
  if (sensor === undefined) return undefined;
  const alarm = numberIn(root, `sys/class/hwmon/${sensor}/in0_lcrit_alarm`);
  return alarm === undefined ? undefined : alarm !== 0;
}

/** eMMC says two estimates, for two kinds of its cells: the worse one counts. */
function wear(root: string, storePath: string): number | undefined {
  const device = diskOf(root, storePath);
  const life = device === undefined ? undefined : text('/', join(device, 'device/life_time'));
  const steps =
    life
      ?.split(/\s+/)
      .map(Number)
      .filter((step) => step > 0) ?? [];
  return steps.length === 0 ? undefined : Math.min(100, Math.max(...steps) * LIFE_STEP_PERCENT);
}

/** Folder of the whole disk in /sys, from a partition or from the disk itself. */
function diskOf(root: string, storePath: string): string | undefined {
  try {
    const { dev } = statSync(dirname(storePath));
    // As glibc's major() and minor() have it.
    const [major, minor] = [(dev >>> 8) & 0xfff, (dev & 0xff) | ((dev >>> 12) & 0xfff00)];
    const folder = realpathSync(join(root, `sys/dev/block/${major}:${minor}`));
    const isPartition = text('/', join(folder, 'partition')) !== undefined;
    return isPartition ? dirname(folder) : folder;
  } catch {
    return undefined;
  }
}

async function free(storePath: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(dirname(storePath));
    return bavail * bsize;
  } catch {
    return undefined;
  }
}

function written(root: string): number | undefined {
  const line = /^write_bytes: (\d+)$/m.exec(text(root, 'proc/self/io') ?? '');
  return line === null ? undefined : Number(line[1]);
}

function numberIn(root: string, path: string): number | undefined {
  const value = Number.parseFloat(text(root, path) ?? '');
  return Number.isFinite(value) ? value : undefined;
}

/** Trimmed; undefined where there is no such file, or it cannot be read now. */
function text(root: string, path: string): string | undefined {
  try {
    return readFileSync(join(root, path), 'utf8').trim();
  } catch {
    return undefined;
  }
}

function entries(root: string, path: string): readonly string[] {
  try {
    return readdirSync(join(root, path));
  } catch {
    return [];
  }
}

function given(state: { readonly [K in keyof MachineState]: MachineState[K] | undefined }): MachineState {
  return Object.fromEntries(Object.entries(state).filter(([, value]) => value !== undefined));
}
