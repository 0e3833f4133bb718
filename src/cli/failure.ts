import { CommanderError } from 'commander';
import { ConfigError } from '../config/load.js';
import { DeviceError } from '../lib/errors.js';

/** sysexits.h: a configuration error, so that systemd does not restart what cannot work. */
export const EXIT_CONFIG = 78;
export const EXIT_FAILURE = 1;
export const EXIT_USAGE = 2;

/**
 * Says on standard error what went wrong and what to do.
 * @returns the exit code: 2 wrong usage or nothing to verify, 78 bad configuration or key, 1 any other
 *   operational error.
 * @throws anything that is no operational error: a bug should be seen whole.
 */
export function reportFailure(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
  if (!(error instanceof DeviceError)) throw error;
  process.stderr.write(`${error.message}\n${error.hint}\n`);
  // 1 would say that a stream was read, and is broken.
  if (/^evidence\.stream-/.test(error.code)) return EXIT_USAGE;
  const isConfiguration =
    error instanceof ConfigError ||
    /^(config\.unreadable|store\.key-(missing|wrong)|evidence\.key-missing)$/.test(error.code);
  return isConfiguration ? EXIT_CONFIG : EXIT_FAILURE;
}
