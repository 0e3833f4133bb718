import { LANE_NAMES, LANES, type Lane, type MeteredHour } from '../domain/outbox.js';
import type { SqliteDatabase } from '../lib/sqlite.js';
import { prepared } from './prepared.js';

/**
 * What the link has carried by hour and lane; it outlives the process, as the tariff does.
 *
 * A clock that is set wrong leads to other hours and back again, and an hour that comes a second time goes on with what was
 * counted in it. So more are kept than the present one and the one before: those closest to the hour that is
 * counted. Hours of a wrong clock are far away, and the first to go.
 */
const HOURS_KEPT = 24;

/** Adds to an hour. */
export function addToMeter(database: SqliteDatabase, { hour, bytes }: MeteredHour): void {
  const add = prepared(
    database,
    'INSERT INTO meter VALUES (?, ?, ?) ON CONFLICT (hour, lane) DO UPDATE SET bytes = bytes + excluded.bytes',
  );
  const isNew = prepared(database, 'SELECT 1 FROM meter WHERE hour = ?').get(hour) === undefined;
  for (const lane of LANE_NAMES) if (bytes[lane] > 0) add.run(hour, LANES[lane], Math.round(bytes[lane]));
  if (!isNew) return;
  prepared(
    database,
    `DELETE FROM meter WHERE hour NOT IN
       (SELECT DISTINCT hour FROM meter ORDER BY abs(hour - ?) LIMIT ${HOURS_KEPT})`,
  ).run(hour);
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
