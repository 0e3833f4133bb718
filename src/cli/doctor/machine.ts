import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { dirname } from 'node:path';
import type { DeviceConfig } from '../../config/schema.js';
import { type MachineState, readMachine } from '../../health/machine.js';
import { DeviceError } from '../../lib/errors.js';
import { kernelClock } from '../../native/kernel-clock.js';
import { type Finding, fault, ok } from './finding.js';

const MEGABYTE = 1_000_000;

/** The machine itself: disk, heat, power, clock, and what may reach the disk unencrypted. */
export async function checkMachine(config: DeviceConfig): Promise<readonly Finding[]> {
  const state = await readMachine({ storePath: config.store.path });
  return [
    checkRoom(state, config),
    ...checkHeat(state, config),
    ...checkWear(state, config),
    checkClock(),
    checkSwap(fileText('/proc/swaps')),
  ];
}

function checkRoom({ freeBytes }: MachineState, { store }: DeviceConfig): Finding {
  const folder = dirname(store.path);
  if (freeBytes === undefined) {
    return fault('fail', 'disk', {
      found: `${folder} cannot be looked at`,
      expected: 'a folder that the service may write to',
      remedy: 'Make it, or mend store.path; the systemd unit makes /var/lib/anprd by itself.',
    });
  }
  const found = `${Math.floor(freeBytes / MEGABYTE)} MB free`;
  const wanted = store.leaveFreeMegabytes * 2;
  if (freeBytes >= wanted * MEGABYTE) return ok('disk', found);
  return fault('warn', 'disk', {
    found,
    expected: `${wanted} MB or more: twice store.leaveFreeMegabytes`,
    remedy: `See what fills the disk (du -x ${folder}).`,
  });
}

export function checkHeat(state: MachineState, { power }: DeviceConfig): readonly Finding[] {
  const { celsius, isThrottled, isUnderVoltage } = state;
  const findings: Finding[] = [];
  if (celsius !== undefined) {
    const found = `${Math.round(celsius)} °C${isThrottled ? ', and the processor slows itself down' : ''}`;
    findings.push(
      celsius < power.hotCelsius && !isThrottled
        ? ok('heat', found)
        : fault('warn', 'heat', {
            found,
            expected: `under ${power.hotCelsius} °C`,
            remedy: 'Check the fan, the vents and the sun on the cabinet.',
          }),
    );
  }
  if (isUnderVoltage !== undefined) {
    findings.push(
      isUnderVoltage
        ? fault('fail', 'supply', {
            found: 'the voltage is too low',
            expected: '5.1 V at the plug of a Raspberry Pi',
            remedy: 'Use a stronger supply and a short, thick cable.',
          })
        : ok('supply', 'the voltage is high enough'),
    );
  }
  return findings;
}

export function checkWear({ wornPercent }: MachineState, { power }: DeviceConfig): readonly Finding[] {
  if (wornPercent === undefined) return [];
  const found = `${wornPercent} % of its life is used, by its own estimate`;
  if (wornPercent < power.wornPercent) return [ok('disk wear', found)];
  return [
    fault('warn', 'disk wear', {
      found,
      expected: `under ${power.wornPercent} %`,
      remedy: 'Replace the card or disk at this visit.',
    }),
  ];
}

function checkClock(): Finding {
  try {
    const state = kernelClock();
    if (state?.isSynchronised) return ok('clock', `synchronised, within ${Math.ceil(state.maxErrorMs)} ms`);
  } catch (error) {
    // The missing addon is a finding of its own.
    if (!(error instanceof DeviceError)) throw error;
  }
  return fault('warn', 'clock', {
    found: 'the kernel does not know it to be synchronised',
    expected: 'chrony or systemd-timesyncd with a source',
    remedy:
      'timedatectl shows the service; it may take minutes after a start without a battery-backed clock.',
  });
}

/** Memory that is swapped out is written as it is: reads, lists and keys would be on the card in clear. */
export function checkSwap(swaps: string | undefined): Finding {
  const files = (swaps ?? '')
    .split('\n')
    .slice(1)
    .map((line) => line.split(/\s+/)[0] ?? '')
    .filter((path) => path !== '' && !path.startsWith('/dev/zram'));
  if (files.length === 0) return ok('swap', `none on a disk, Linux ${release()}`);
  return fault('warn', 'swap', {
    found: `memory may be written to ${files.join(', ')}`,
    expected: 'no swap on a disk: what is in memory is not encrypted',
    remedy: 'Switch it off (on a Raspberry Pi: dphys-swapfile swapoff, and CONF_SWAPSIZE=0), or use zram.',
  });
}

function fileText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
