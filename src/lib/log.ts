import { fstatSync } from 'node:fs';
import { type DestinationStream, type Logger as PinoLogger, pino } from 'pino';

/**
 * Structured logs on standard error, one JSON object a line; where that is systemd's journal, each line
 * bears its priority, so that journalctl can tell errors from the rest.
 *
 * error = data was lost or a person is needed; warn = unexpected, but recovered. No VRM, no place
 * and no picture may be logged: log ids and counts.
 */
export type Logger = PinoLogger;

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

const STDERR = 2;

export function createLogger(level: LogLevel, name = 'anprd'): Logger {
  const stderr = pino.destination({ dest: STDERR, sync: true });
  return pino(
    { level, name, base: { name }, timestamp: pino.stdTimeFunctions.isoTime },
    isJournal() ? withPriority(stderr) : stderr,
  );
}

/** systemd names the journal's socket; whoever redirected standard error elsewhere gets plain JSON. */
function isJournal(): boolean {
  const { JOURNAL_STREAM: journal } = process.env;
  if (journal === undefined) return false;
  const { dev, ino } = fstatSync(STDERR, { bigint: true });
  return journal === `${dev}:${ino}`;
}

/** Puts the priority before each line as sd-daemon(3) wants it; the journal takes it off again. */
function withPriority(stream: DestinationStream): DestinationStream {
  return {
    // Asks pino to leave the level of a line here before the line is written.
    [Symbol.for('pino.metadata')]: true,
    lastLevel: 0,
    write(line: string) {
      stream.write(`<${priorityOf(this.lastLevel)}>${line}`);
    },
  } as DestinationStream & { lastLevel: number };
}

/** syslog(3): 2 critical, 3 error, 4 warning, 6 informational, 7 debug. */
function priorityOf(level: number): number {
  if (level >= 60) return 2;
  if (level >= 50) return 3;
  if (level >= 40) return 4;
  return level >= 30 ? 6 : 7;
}
