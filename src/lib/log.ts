import { type Logger as PinoLogger, pino } from 'pino';

/**
 * Structured logs on standard error, one JSON object a line (systemd's journal keeps them).
 *
 * error = data was lost or a person is needed; warn = unexpected, but recovered. No VRM, no place
 * and no picture may be logged: log ids and counts.
 */
export type Logger = PinoLogger;

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

export function createLogger(level: LogLevel, name = 'anprd'): Logger {
  return pino(
    { level, name, base: { name }, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: 2, sync: true }),
  );
}
