import type { Clock } from '../lib/clock.js';
import { DeviceError } from '../lib/errors.js';
import { type Connection, GOODBYE_MS } from './connection.js';

export interface Probed {
  /** Why it does not answer; absent: it does, though perhaps not to this client id. */
  readonly problem?: DeviceError;
  /** From where it was reached. */
  readonly localAddress?: string;
}

/**
 * Whether a broker answers, asked with a connection that does nothing.
 * @param open makes the connection, with a client id that nobody else uses
 * @param signal gives it up
 */
export async function probe(open: () => Connection, clock: Clock, signal: AbortSignal): Promise<Probed> {
  let connection: Connection;
  try {
    connection = open();
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    return { problem: error };
  }
  const stop = () => void connection.goodbye(clock, GOODBYE_MS);
  signal.addEventListener('abort', stop, { once: true });
  const isOpen = await connection.opened;
  const { localAddress } = connection;
  if (isOpen) await connection.goodbye(clock, GOODBYE_MS);
  const { error, kind } = await connection.ended;
  signal.removeEventListener('abort', stop);
  if (!isOpen && kind !== 'refused' && kind !== 'no-version') return { problem: error };
  return localAddress === undefined ? {} : { localAddress };
}
