import type { Place } from '../../../src/domain/position.js';

/** A sentence with its checksum and line end, from what stands between $ and *. */
export function sentence(content: string): string {
  let sum = 0;
  for (const character of content) sum ^= character.charCodeAt(0);
  return `$${content}*${sum.toString(16).toUpperCase().padStart(2, '0')}\r\n`;
}

/** As NMEA writes a place: four fields, degrees and minutes together, 2 cm apart. */
export function placeFields({ latitudeDeg, longitudeDeg }: Place): string {
  const north = latitudeDeg < 0 ? 'S' : 'N';
  const east = longitudeDeg < 0 ? 'W' : 'E';
  return `${angle(latitudeDeg, 2)},${north},${angle(longitudeDeg, 3)},${east}`;
}

/** hhmmss.ss */
export function timeField(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(11, 19).replaceAll(':', '')}.${hundredths(atMs)}`;
}

/** ddmmyy */
export function dateField(atMs: number): string {
  const [year, month, day] = new Date(atMs).toISOString().slice(2, 10).split('-');
  return `${day}${month}${year}`;
}

function angle(deg: number, digits: number): string {
  // In hundred-thousandths of a minute, so that 60 minutes are never written.
  const units = Math.round(Math.abs(deg) * 6_000_000);
  const minutes = ((units % 6_000_000) / 100_000).toFixed(5).padStart(8, '0');
  return `${String(Math.floor(units / 6_000_000)).padStart(digits, '0')}${minutes}`;
}

function hundredths(atMs: number): string {
  return String(Math.floor((atMs % 1000) / 10)).padStart(2, '0');
}
