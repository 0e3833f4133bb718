import { loadConfig } from './config/load.js';
import type { DeviceConfig } from './config/schema.js';
import { buildDevice, type Device } from './device.js';
import { systemClock } from './lib/clock.js';
import { DeviceError } from './lib/errors.js';
import { createLogger } from './lib/log.js';

/** sysexits.h: systemd's RestartPreventExitStatus names 78, since no restart mends a configuration. */
const EXIT_CANNOT_RUN = 70;
const EXIT_CONFIG = 78;

/**
 * Runs the device until SIGTERM or SIGINT.
 * @returns the exit code: 0 after a clean stop, 70 when it cannot run, 78 for a bad configuration, the
 *   storage key included.
 */
export async function runDaemon(configPath: string): Promise<number> {
  let config: DeviceConfig;
  try {
    config = await loadConfig(configPath);
  } catch (error) {
    return explain(error, EXIT_CONFIG);
  }
  const log = createLogger(config.log.level);
  let device: Device;
  try {
    device = buildDevice(config, { clock: systemClock, log });
  } catch (error) {
    return explain(error, EXIT_CONFIG);
  }
  const stopped = nextStopSignal();
  try {
    await device.start();
  } catch (error) {
    await device.stop();
    return explain(error, isKeyWrong(error) ? EXIT_CONFIG : EXIT_CANNOT_RUN);
  }
  log.info({ cameras: config.cameras.length }, 'running');
  log.info({ signal: await stopped }, 'stopping');
  await device.stop();
  log.info('stopped');
  return 0;
}

/** The first signal asks for a clean stop; a second one ends at once, for whoever is in a hurry. */
function nextStopSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.once(signal, () => {
        process.once(signal, () => process.exit(1));
        resolve(signal);
      });
    }
  });
}

function isKeyWrong(error: unknown): boolean {
  return error instanceof DeviceError && error.code === 'store.key-wrong';
}

function explain(error: unknown, exitCode: number): number {
  if (!(error instanceof DeviceError)) throw error;
  process.stderr.write(`${error.message}\n${error.hint}\n`);
  return exitCode;
}
