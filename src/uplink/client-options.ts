import { readFileSync } from 'node:fs';
import type { IClientOptions } from 'mqtt';
import type { MqttConfig } from '../config/link-schema.js';
import { DeviceError, messageOf } from '../lib/errors.js';

const CONNECT_TIMEOUT_MS = 20_000;

/**
 * What every client of a broker needs, whoever it is: the way there and the credentials. It never
 * connects again by itself, and holds nothing beyond a connection.
 *
 * Secrets and certificates are read each time, so that replacing the files is enough.
 * @throws DeviceError uplink.connect-failed where one of them cannot be read
 */
export function clientOptions(config: MqttConfig): IClientOptions {
  const { username, passwordFile, caFile, certificateFile, keyFile } = config;
  return {
    protocolVersion: config.protocolVersion === 'auto' ? 5 : config.protocolVersion,
    clean: true,
    reconnectPeriod: 0,
    queueQoSZero: false,
    connectTimeout: CONNECT_TIMEOUT_MS,
    keepalive: config.keepaliveSeconds,
    ...(username !== undefined && { username }),
    ...(passwordFile !== undefined && { password: readSecret(passwordFile).toString('utf8').trimEnd() }),
    ...(caFile !== undefined && { ca: readSecret(caFile) }),
    ...(certificateFile !== undefined && { cert: readSecret(certificateFile) }),
    ...(keyFile !== undefined && { key: readSecret(keyFile) }),
  };
}

function readSecret(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new DeviceError('uplink.connect-failed', {
      message: `cannot read ${path}: ${messageOf(cause)}`,
      hint: 'Check the files named below mqtt in the configuration, and that the service may read them.',
      cause,
    });
  }
}
