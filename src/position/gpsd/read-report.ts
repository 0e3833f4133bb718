import { isPlace } from '../place.js';
import type { Utterance } from '../utterance.js';

const MOST_METRES_PER_SECOND = 150;
const UNKNOWN_HDOP = 50;
/** TPV `status`: dead reckoning, and simulated. */
const NOT_MEASURED: readonly unknown[] = [5, 8];

/**
 * What one line of gpsd's JSON says of the position; undefined where it is no report that can be believed.
 * TPV is the fix, SKY the satellites behind it; the rest (VERSION, DEVICES, WATCH...) is of gpsd itself.
 */
export function readReport(line: string): Utterance | undefined {
  let report: unknown;
  try {
    report = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof report !== 'object' || report === null) return undefined;
  const fields = report as Record<string, unknown>;
  if (fields.class === 'TPV') return readTpv(fields);
  if (fields.class === 'SKY') return readSky(fields);
  return typeof fields.class === 'string' && fields.class !== 'ERROR' ? { kind: 'other' } : undefined;
}

function readTpv({ mode, status, time, lat, lon, speed, track }: Record<string, unknown>) {
  const atMs = typeof time === 'string' ? Date.parse(time) : Number.NaN;
  const epoch = Number.isFinite(atMs) ? { epoch: String(atMs) } : {};
  if ((mode !== 2 && mode !== 3) || NOT_MEASURED.includes(status)) return { kind: 'void', ...epoch } as const;
  if (typeof lat !== 'number' || typeof lon !== 'number') return undefined;
  const place = { latitudeDeg: lat, longitudeDeg: lon };
  const isPossible = isPlace(place) && isWithin(speed, MOST_METRES_PER_SECOND) && isWithin(track, 360);
  if (!isPossible) return undefined;
  const details = {
    ...(Number.isFinite(atMs) ? { gpsAtMs: atMs } : {}),
    ...(typeof speed === 'number' ? { speedMetresPerSecond: speed } : {}),
    ...(typeof track === 'number' ? { courseDeg: track } : {}),
  };
  return { kind: 'place', ...epoch, place, details } as const;
}

function readSky({ hdop, uSat, satellites }: Record<string, unknown>): Utterance {
  const used = Number.isInteger(uSat) ? (uSat as number) : usedOf(satellites);
  return {
    kind: 'details',
    details: {
      ...(typeof hdop === 'number' && hdop > 0 && hdop < UNKNOWN_HDOP ? { hdop } : {}),
      ...(used === undefined ? {} : { satellites: used }),
    },
  };
}

/** Before gpsd 3.22 they had to be counted. */
function usedOf(satellites: unknown): number | undefined {
  if (!Array.isArray(satellites)) return undefined;
  return satellites.filter((one: unknown) => (one as { used?: unknown } | null)?.used === true).length;
}

/** What was not said is possible; what is not a number is not. */
function isWithin(value: unknown, most: number): boolean {
  return value === undefined || (typeof value === 'number' && value >= 0 && value <= most);
}
