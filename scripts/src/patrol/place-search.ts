import type { Place } from '../../../src/domain/position.js';

/**
 * Looks for places in bytes, whatever form they were written in: as decimals of any precision, as NMEA has
 * them, as floating-point numbers, and as text in base64 (at any alignment) or in hexadecimal digits.
 *
 * A position need not be one that a receiver said: between two fixes lie others. So everything within the box
 * around them is looked for, which is a small part of a world in which no test has other business.
 */
export interface PlaceSearch {
  /** Names of the forms in which a place stands there; empty: none. */
  formsIn(bytes: Buffer): string[];
}

interface Axis {
  readonly least: number;
  readonly most: number;
}

/** Between two numbers of one place: half a sentence, or some fields of JSON. */
const NEAR = 120;

/**
 * @param places in the south and west, so that each number has a sign: without one, `67.01` could be
 *   a count of seconds.
 */
export function searchFor(places: readonly Place[]): PlaceSearch {
  const latitude = axisOf(places.map(({ latitudeDeg }) => latitudeDeg));
  const longitude = axisOf(places.map(({ longitudeDeg }) => longitudeDeg));
  if (latitude.most > 0 || longitude.most > 0) throw new Error('expected places in the south and west');
  const texts = textForms(latitude, longitude);
  return {
    formsIn: (bytes) => {
      const text = bytes.toString('latin1');
      const found = texts.filter(({ pattern }) => pattern.test(text)).map(({ name }) => name);
      return [...found, ...numbersIn(bytes, latitude, longitude)];
    },
  };
}

function axisOf(values: readonly number[]): Axis {
  return { least: Math.min(...values), most: Math.max(...values) };
}

function textForms(
  latitude: Axis,
  longitude: Axis,
): readonly { readonly name: string; readonly pattern: RegExp }[] {
  const signed = [...decimals(latitude, 2), ...decimals(longitude, 2)];
  const fine = [...decimals(latitude, 3), ...decimals(longitude, 3)];
  const unsigned = (axis: Axis) => decimals(axis, 2).map((text) => text.slice(1));
  const minutes = (axis: Axis, digits: number) =>
    decimals({ least: 60 * axis.least, most: 60 * axis.most }, 1).map((text) => {
      const tenths = Math.round(-10 * Number(text));
      const degrees = Math.floor(tenths / 600);
      const rest = ((tenths - 600 * degrees) / 10).toFixed(1);
      return `${String(degrees).padStart(digits, '0')}${rest.padStart(4, '0')}`;
    });
  const both = (one: readonly string[], other: readonly string[]) => {
    const near = `[^]{0,${NEAR}}?`;
    const [first, second] = [numberStarting(one), numberStarting(other)];
    return new RegExp(`(?:${first}${near}${second})|(?:${second}${near}${first})`);
  };
  const [north, east] = [minutes(latitude, 2), minutes(longitude, 3)];
  return [
    { name: 'decimals', pattern: any(signed) },
    { name: 'decimals without a sign', pattern: both(unsigned(latitude), unsigned(longitude)) },
    { name: 'NMEA', pattern: both(north, east) },
    { name: 'one field of NMEA', pattern: new RegExp(`(?:${numberStarting([...north, ...east])})\\d*,[SW]`) },
    { name: 'base64', pattern: any(fine.flatMap(base64Forms)) },
    { name: 'hexadecimal', pattern: any(fine.map((text) => Buffer.from(text).toString('hex'))) },
  ];
}

/** What numbers of the axis begin with, cut or rounded to so many decimals. */
function decimals({ least, most }: Axis, places: number): string[] {
  const step = 10 ** -places;
  const [from, to] = [Math.floor(least / step) - 1, Math.ceil(most / step) + 1];
  return Array.from({ length: to - from + 1 }, (_, index) => ((from + index) * step).toFixed(places));
}

function numberStarting(texts: readonly string[]): string {
  return `(?<![\\d.])(?:${texts.map(escaped).join('|')})\\d*`;
}

function any(texts: readonly string[]): RegExp {
  return new RegExp([...new Set(texts)].map(escaped).join('|'));
}

function escaped(text: string): string {
  return text.replace(/[.+*?^$|()[\]\\]/g, '\\$&');
}

/** The characters that the text alone decides, wherever in a longer text it stands, in both alphabets. */
function base64Forms(text: string): string[] {
  return [0, 1, 2].flatMap((before) => {
    const bits = 8 * before;
    const first = Math.ceil(bits / 6);
    const last = Math.floor((bits + 8 * text.length) / 6);
    const padded = Buffer.from('\0'.repeat(before) + text);
    return (['base64', 'base64url'] as const).map((form) => padded.toString(form).slice(first, last));
  });
}

/** Two numbers side by side, latitude and longitude in either order, as memory or a file of another program has them. */
function numbersIn(bytes: Buffer, latitude: Axis, longitude: Axis): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const found = new Set<string>();
  const forms = [
    { name: 'double', size: 8, read: (at: number, little: boolean) => view.getFloat64(at, little) },
    { name: 'float', size: 4, read: (at: number, little: boolean) => view.getFloat32(at, little) },
  ];
  for (const { name, size, read } of forms) {
    for (let at = 0; at + 2 * size <= bytes.length; at++) {
      for (const little of [true, false]) {
        const value = read(at, little);
        const isPlace =
          (isWithin(latitude, value) && isWithin(longitude, read(at + size, little))) ||
          (isWithin(longitude, value) && isWithin(latitude, read(at + size, little)));
        if (isPlace) found.add(`${name}, ${little ? 'little' : 'big'} endian`);
      }
    }
  }
  return [...found];
}

/** A little more, for numbers that were rounded. */
function isWithin({ least, most }: Axis, value: number): boolean {
  return value >= least - 1e-4 && value <= most + 1e-4;
}
