import type { Clock } from '../lib/clock.js';
import { DeviceError } from '../lib/errors.js';
import { type Connection, GOODBYE_MS } from './connection.js';

/**
 * Whether a broker answers, asked with a connection that does nothing.
 * @param open makes the connection, with a client id that nobody else uses
 * @param signal gives it up
 * @returns why it does not; undefined: it answers, though perhaps not to this client id.
 */
export async function probe(
  open: () => Connection,
  clock: Clock,
  signal: AbortSignal,
): Promise<DeviceError | undefined> {
  let connection: Connection;
  try {
    connection = open();
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    return error;
  }
  const stop = () => void connection.goodbye(clock, GOODBYE_MS);
  signal.addEventListener('abort', stop, { once: true });
  const isOpen = await connection.opened;
  if (isOpen) await connection.goodbye(clock, GOODBYE_MS);
  const { error, kind } = await connection.ended;
  signal.removeEventListener('abort', stop);
  return isOpen || kind === 'refused' || kind === 'no-version' ? undefined : error;
}
