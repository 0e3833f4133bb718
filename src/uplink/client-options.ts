import type { IClientOptions } from 'mqtt';
import type { MqttConfig } from '../config/link-schema.js';
import type { Attempt } from './brokers.js';
import { readSecret, type TlsMaterial } from './certificates.js';
import { plainTextError } from './failures.js';

export const CONNECT_WITHIN_MS = 20_000;

export interface ClientSettings {
  readonly config: MqttConfig;
  readonly attempt: Attempt;
  readonly tls: TlsMaterial;
  /** After so long without an answer an attempt is given up. */
  readonly connectWithinMs?: number;
}

/**
 * What every client of a broker needs, whoever it is: the way there and the credentials. It never
 * connects again by itself, and holds nothing beyond a connection.
 *
 * The password is read each time, so that replacing the file is enough.
 * @throws DeviceError uplink.connect-failed where it cannot be read, or where certificates are set
 *   and the way there is not encrypted.
 */
export function clientOptions({
  config,
  attempt,
  tls,
  connectWithinMs = CONNECT_WITHIN_MS,
}: ClientSettings): IClientOptions {
  const { username, passwordFile, serverName, keepaliveSeconds } = config;
  const isSecure = /^(mqtts|wss):/.test(attempt.url);
  if (!isSecure && Object.keys(tls).length > 0) throw plainTextError(attempt.url);
  const secure = { ...tls, ...(serverName !== undefined && { servername: serverName }) };
  return {
    protocolVersion: attempt.protocolVersion,
    clean: true,
    reconnectPeriod: 0,
    queueQoSZero: false,
    // mqtt.js would ask some twenty times a message whether somebody debugs it.
    log: () => undefined,
    connectTimeout: connectWithinMs,
    keepalive: keepaliveSeconds,
    ...(username !== undefined && { username }),
    ...(passwordFile !== undefined && { password: readSecret(passwordFile).toString('utf8').trimEnd() }),
    ...(isSecure && secure),
    // A WebSocket takes its own; compressing what is mostly JPEG costs memory for nothing.
    wsOptions: { ...(isSecure && secure), perMessageDeflate: false },
  };
}
