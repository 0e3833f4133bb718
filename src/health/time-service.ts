import { execFile } from 'node:child_process';

/** What the time service says of the clock, where it says more than the kernel does. */
export interface ServiceTime {
  readonly source: 'ntp' | 'gps';
  /** How far the clock is ahead of its source. */
  readonly offsetMs: number;
}

/** Fields of `chronyc -c tracking`, chrony 4. */
const REFERENCE_ID = 0;
const STRATUM = 2;
const SYSTEM_TIME_SECONDS = 4;
/** Of a clock that is not synchronised. */
const NO_REFERENCE = '00000000';
/** Reference ids of receivers that chrony listens to itself, as its documentation names them. */
const SATELLITE_REFERENCES = ['GPS', 'PPS', 'NMEA', 'GNSS', 'SHM'];
const ANSWER_WITHIN_MS = 2_000;

/** Asks chrony, where it runs; systemd-timesyncd tells the kernel all that it knows. Never throws. */
export function askTimeService(): Promise<ServiceTime | undefined> {
  return new Promise((resolve) => {
    try {
      execFile('chronyc', ['-c', '-n', 'tracking'], { timeout: ANSWER_WITHIN_MS }, (error, stdout) =>
        resolve(error === null ? parseTracking(stdout) : undefined),
      );
    } catch {
      // Where memory is short no process can be begun, and Node says so at once.
      resolve(undefined);
    }
  });
}

/** @returns undefined for what is no line of chronyc, or where chrony has no source. */
export function parseTracking(line: string): ServiceTime | undefined {
  const fields = line.trim().split(',');
  const [id = '', stratum = '', slow = ''] = [
    fields[REFERENCE_ID],
    fields[STRATUM],
    fields[SYSTEM_TIME_SECONDS],
  ];
  const slowSeconds = Number.parseFloat(slow);
  if (!/^[0-9A-F]{8}$/i.test(id) || id === NO_REFERENCE || !/^\d+$/.test(stratum)) return undefined;
  if (!Number.isFinite(slowSeconds)) return undefined;
  const name = Buffer.from(id, 'hex').toString('latin1');
  // A clock that chrony reads itself makes this machine stratum 1; above, the id is an address.
  const isSatellite = stratum === '1' && SATELLITE_REFERENCES.some((known) => name.startsWith(known));
  // chrony says how slow the clock is.
  return { source: isSatellite ? 'gps' : 'ntp', offsetMs: -slowSeconds * 1000 };
}
