import GPS, { type NMEAByType } from 'gps';
import type { Place } from '../../domain/position.js';
import { isPlace } from '../place.js';
import type { FixDetails, Utterance } from '../utterance.js';

/** GPS, GLONASS, Galileo, BeiDou (by two names), and several together. */
const FORM = /^\$(?:GN|GP|GL|GA|GB|BD)([A-Z]{3}),[^*]*\*[0-9A-Fa-f]{2}$/;
/** Proprietary sentences (`$P...`) and those of other talkers are sound when their checksum is. */
const SOUND = /^\$[A-Z][A-Z0-9]*,[^*]*\*[0-9A-Fa-f]{2}$/;
/** The library takes a place without its N, S, E or W for north and east, and letters for digits. */
const PLACE = /,\d{2}[0-5]\d(?:\.\d+)?,[NS],\d{3}[0-5]\d(?:\.\d+)?,[EW],/;
const TIME = /^(?:[01]\d|2[0-3])[0-5]\d[0-6]\d(?:\.\d+)?$/;
const DATE = /^(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])\d{2}$/;

/** Measured by satellites. Neither estimated (dead reckoning), nor set by hand, nor simulated. */
const MEASURED_MODES: readonly unknown[] = [
  'autonomous',
  'differential',
  'precise',
  'rtk',
  'rtk-float',
  null,
];
const MEASURED_QUALITIES: readonly unknown[] = ['fix', 'dgps-fix', 'pps-fix', 'rtk', 'rtk-float'];

/** Faster is no road, and no aeroplane that this device is in. */
const MOST_METRES_PER_SECOND = 150;
/** What receivers write when they mean that they do not know it. */
const UNKNOWN_HDOP = 50;
const KMH_A_METRE_PER_SECOND = 3.6;

/**
 * What a sentence says; undefined where it cannot be believed: no checksum or a wrong one, fields that
 * are missing or not numbers, a place that is not on the globe, a speed that no road allows.
 *
 * The library's own errors repeat the sentence, and the place with it: none of them leaves this file.
 */
export function readSentence(text: string): Utterance | undefined {
  if (!SOUND.test(text) || !isChecksumRight(text)) return undefined;
  const type = FORM.exec(text)?.[1];
  try {
    switch (type) {
      case 'RMC':
        return readRmc(text);
      case 'GGA':
        return readGga(text);
      case 'GSA':
        return readGsa(text);
      case 'VTG':
        return readVtg(text);
      default:
        return { kind: 'other' };
    }
  } catch {
    return undefined;
  }
}

function readRmc(text: string): Utterance | undefined {
  const rmc = parse(text, 'RMC');
  if (!rmc) return undefined;
  const epoch = epochOf(text);
  if (rmc.status !== 'active' || !MEASURED_MODES.includes(rmc.faa)) return voidAt(epoch);
  const place = placeOf(text, rmc);
  const details = detailsOf({ kmh: rmc.speed, courseDeg: rmc.track });
  if (!place || !details || epoch === undefined) return undefined;
  const isDated = DATE.test(fieldOf(text, 9)) && rmc.time !== null;
  const time = isDated ? { gpsAtMs: (rmc.time as Date).getTime() } : {};
  return { kind: 'place', epoch, place, details: { ...details, ...time } };
}

function readGga(text: string): Utterance | undefined {
  const gga = parse(text, 'GGA');
  if (!gga) return undefined;
  const epoch = epochOf(text);
  if (!MEASURED_QUALITIES.includes(gga.quality)) return voidAt(epoch);
  const place = placeOf(text, gga);
  const details = detailsOf({ hdop: gga.hdop, satellites: gga.satellites });
  if (!place || !details || epoch === undefined) return undefined;
  return { kind: 'place', epoch, place, details };
}

function readGsa(text: string): Utterance | undefined {
  const gsa = parse(text, 'GSA');
  if (!gsa) return undefined;
  const details = detailsOf({ hdop: gsa.fix === null ? null : gsa.hdop });
  return details && { kind: 'details', details };
}

function readVtg(text: string): Utterance | undefined {
  const vtg = parse(text, 'VTG');
  if (!vtg) return undefined;
  if (!MEASURED_MODES.includes(vtg.faa)) return { kind: 'other' };
  const details = detailsOf({ kmh: vtg.speed, courseDeg: vtg.track });
  return details && { kind: 'details', details };
}

/** @throws Error with the sentence in it, where a field is not what it should be. */
function parse<T extends keyof NMEAByType>(text: string, type: T): NMEAByType[T] | undefined {
  const sentence = GPS.Parse(text);
  return sentence && sentence.type === type ? (sentence as NMEAByType[T]) : undefined;
}

/** undefined where one of them cannot be: the whole sentence is then not believed. */
function detailsOf(raw: {
  readonly kmh?: number | null;
  readonly courseDeg?: number | null;
  readonly hdop?: number | null;
  readonly satellites?: number | null;
}): FixDetails | undefined {
  const { kmh, courseDeg, hdop, satellites } = raw;
  const speed = typeof kmh === 'number' ? kmh / KMH_A_METRE_PER_SECOND : undefined;
  const isPossible =
    isWithin(speed, MOST_METRES_PER_SECOND) &&
    isWithin(courseDeg, 360) &&
    isWithin(hdop, 100) &&
    isWithin(satellites, 200) &&
    Number.isInteger(satellites ?? 0);
  if (!isPossible) return undefined;
  return {
    ...(speed === undefined ? {} : { speedMetresPerSecond: speed }),
    ...(typeof courseDeg === 'number' ? { courseDeg } : {}),
    ...(typeof hdop === 'number' && hdop > 0 && hdop < UNKNOWN_HDOP ? { hdop } : {}),
    ...(typeof satellites === 'number' ? { satellites } : {}),
  };
}

/** What was not said is possible; what is not a number is not. */
function isWithin(value: number | null | undefined, most: number): boolean {
  return value === null || value === undefined || (value >= 0 && value <= most);
}

function placeOf(
  text: string,
  { lat, lon }: { readonly lat: number | null; readonly lon: number | null },
): Place | undefined {
  if (!PLACE.test(text) || lat === null || lon === null) return undefined;
  const place = { latitudeDeg: lat, longitudeDeg: lon };
  return isPlace(place) ? place : undefined;
}

/** The time of day as written: first field of RMC and of GGA. Zeros at its end are no difference. */
function epochOf(text: string): string | undefined {
  const time = fieldOf(text, 1);
  return TIME.test(time) ? String(Number(time)) : undefined;
}

function voidAt(epoch: string | undefined): Utterance {
  return epoch === undefined ? { kind: 'void' } : { kind: 'void', epoch };
}

function fieldOf(text: string, number: number): string {
  return text.split(/[,*]/)[number] ?? '';
}

/** XOR of all characters between $ and *. */
function isChecksumRight(text: string): boolean {
  const end = text.lastIndexOf('*');
  let sum = 0;
  for (let i = 1; i < end; i++) sum ^= text.charCodeAt(i);
  return sum === Number.parseInt(text.slice(end + 1), 16);
}
