import { loadConfig } from './config/load.js';
import type { DeviceConfig } from './config/schema.js';
import { buildDevice, type Device } from './device.js';
import { systemClock } from './lib/clock.js';
import { DeviceError } from './lib/errors.js';
import { createLogger, type Logger } from './lib/log.js';
import { forbidCoreDumps } from './native/core-dumps.js';
import { notifyServiceManager } from './native/service-manager.js';
import { parked } from './parked.js';

/** sysexits.h: systemd's RestartPreventExitStatus names 78, since no restart mends a configuration. */
const EXIT_CANNOT_RUN = 70;
const EXIT_CONFIG = 78;

/**
 * Runs the device until SIGTERM, SIGINT, or the ignition of its vehicle is off.
 * @returns the exit code: 0 after a clean stop, 70 when it cannot run, 78 for a bad configuration, keys
 *   and the surveyed place included.
 */
export async function runDaemon(configPath: string): Promise<number> {
  let config: DeviceConfig;
  try {
    config = await loadConfig(configPath);
  } catch (error) {
    return explain(error, EXIT_CONFIG);
  }
  const log = createLogger(config.log.level);
  keepMemoryFromDisk(log);
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
    await device.stop('stop');
    return explain(error, isConfigured(error) ? EXIT_CONFIG : EXIT_CANNOT_RUN);
  }
  log.info({ cameras: config.cameras.length }, 'running');
  const reason = await Promise.race([stopped, device.stopAsked]);
  log.info({ reason }, 'stopping');
  await device.stop(reason === 'ignition-off' ? reason : 'stop');
  // Without a service manager nobody starts it again when the vehicle drives on, and nobody need wait.
  if (reason === 'ignition-off' && process.env.NOTIFY_SOCKET !== undefined) {
    const asked = new AbortController();
    void stopped.then(() => asked.abort());
    const { lines } = config;
    await parked({
      config: lines,
      clock: systemClock,
      log,
      notify: notifyServiceManager,
      signal: asked.signal,
    });
  }
  log.info('stopped');
  return 0;
}

/** Before there is anything in memory that must not be in a core dump. */
function keepMemoryFromDisk(log: Logger): void {
  try {
    if (!forbidCoreDumps()) log.warn('core dumps cannot be forbidden: a crash may leave one');
  } catch (error) {
    // A missing addon is the vision process's to tell.
    if (!(error instanceof DeviceError)) throw error;
    log.warn({ code: error.code }, error.message);
  }
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

/** Whether it lies in what somebody set up, so that no restart mends it. */
function isConfigured(error: unknown): boolean {
  return error instanceof DeviceError && /^(store\.key-wrong|position\.survey-invalid)$/.test(error.code);
}

function explain(error: unknown, exitCode: number): number {
  if (!(error instanceof DeviceError)) throw error;
  process.stderr.write(`${error.message}\n${error.hint}\n`);
  return exitCode;
}
