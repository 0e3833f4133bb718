import type { IDisconnectPacket } from 'mqtt';
import { DeviceError, messageOf } from '../lib/errors.js';

/** What a broker or the way to it can do wrong, as errors that say what to do. */

/**
 * CONNACK codes that trying again soon will not mend; 1 to 5 are MQTT 3.1.1, from 128 MQTT 5.
 * Every other refusal (busy, shutting down) is an outage.
 */
const REFUSALS: Readonly<Record<number, { readonly found: string; readonly hint: string }>> = {
  1: {
    found: 'does not speak this version of MQTT',
    hint: 'Set mqtt.protocolVersion to the other of 4 and 5.',
  },
  2: { found: 'does not accept the client id', hint: 'Check which client ids the broker lets in.' },
  4: {
    found: 'does not accept user name and password',
    hint: 'Check mqtt.username and the contents of mqtt.passwordFile.',
  },
  5: {
    found: 'does not let this client in',
    hint: 'Check mqtt.username and mqtt.passwordFile or the client certificate, and the access rules of the broker.',
  },
};
const SAME_IN_MQTT_5: Readonly<Record<number, number>> = { 132: 1, 133: 2, 134: 4, 135: 5, 138: 5, 140: 5 };

/** Why a connection could not be made or was lost. */
export function connectionError(url: string, thrown: unknown): DeviceError {
  const code = (thrown as { code?: unknown } | undefined)?.code;
  const refusal = typeof code === 'number' ? REFUSALS[SAME_IN_MQTT_5[code] ?? code] : undefined;
  const broker = `the broker ${withoutSecrets(url)}`;
  if (refusal !== undefined) {
    return new DeviceError('uplink.refused', {
      message: `${broker} ${refusal.found} (code ${String(code)})`,
      hint: refusal.hint,
      cause: thrown,
    });
  }
  return new DeviceError('uplink.connect-failed', {
    message: `no connection to ${broker}: ${messageOf(thrown) || String(code)}`,
    hint: 'Check the link, mqtt.urls and the certificates; it is tried again by itself and nothing is lost.',
    cause: thrown,
  });
}

/** MQTT 5: why the broker ended the connection. */
export function disconnectError(url: string, packet: IDisconnectPacket): DeviceError {
  const takenOver = packet.reasonCode === 142;
  return new DeviceError('uplink.connect-failed', {
    message: `the broker ${withoutSecrets(url)} ended the connection (reason ${packet.reasonCode ?? 0}${takenOver ? ', taken over by another client of the same id' : ''})`,
    hint: takenOver
      ? 'Give each device its own unit.id: two with the same one push each other off the broker.'
      : 'See the log of the broker; it is tried again by itself and nothing is lost.',
  });
}

/** MQTT 5: the broker answered a message with a refusal; the connection goes on. */
export function publishError(topic: string, thrown: unknown): DeviceError {
  return new DeviceError('uplink.refused', {
    message: `the broker did not take a message on ${topic}: ${messageOf(thrown)}`,
    hint: 'Check the access rules and limits of the broker for this topic; the message is kept and sent again.',
    cause: thrown,
  });
}

export function tooLargeError(topic: string, bytes: number, most: number): DeviceError {
  return new DeviceError('uplink.refused', {
    message: `a message of ${bytes} bytes on ${topic} is larger than the ${most} bytes the broker takes`,
    hint: 'Raise the maximum packet size of the broker, or lower passages.overviewMostBytes.',
  });
}

/** The broker does not let this client listen: 128 in MQTT 3.1.1, a named reason in MQTT 5. */
export function subscribeError(topic: string, code: number): DeviceError {
  return new DeviceError('uplink.refused', {
    message: `the broker did not take the subscription to ${topic} (code ${code})`,
    hint: 'Let this client read there in the access rules of the broker; it is tried again at the next connection.',
  });
}

function withoutSecrets(url: string): string {
  return url.replace(/\/\/[^@/]*@/, '//');
}
