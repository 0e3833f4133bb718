import { LANE_NAMES, LANES, type Lane, type MeteredHour } from '../domain/outbox.js';
import type { SqliteDatabase } from '../lib/sqlite.js';
import { prepared } from './prepared.js';

/** What the link has carried by hour and lane; it outlives the process, as the tariff does. */

/** Adds to an hour. The hour before it is kept, and no other: a clock that was set may have left later ones. */
export function addToMeter(database: SqliteDatabase, { hour, bytes }: MeteredHour): void {
  const add = prepared(
    database,
    'INSERT INTO meter VALUES (?, ?, ?) ON CONFLICT (hour, lane) DO UPDATE SET bytes = bytes + excluded.bytes',
  );
  for (const lane of LANE_NAMES) if (bytes[lane] > 0) add.run(hour, LANES[lane], Math.round(bytes[lane]));
  prepared(database, 'DELETE FROM meter WHERE hour NOT IN (?, ?)').run(hour, hour - 1);
}

export function readMeter(database: SqliteDatabase, hour: number): MeteredHour {
  const bytes = Object.fromEntries(LANE_NAMES.map((lane) => [lane, 0])) as Record<Lane, number>;
  const rows = prepared<{ lane: number; bytes: number }>(
    database,
    'SELECT lane, bytes FROM meter WHERE hour = ?',
  ).all(hour);
  for (const row of rows) bytes[LANE_NAMES[row.lane] as Lane] = row.bytes;
  return { hour, bytes };
}
