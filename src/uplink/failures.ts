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
    hint: 'Set mqtt.protocolVersion to auto, or to the one it speaks.',
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

/** Faults of the way there, by the code of the error: what they mean, and what to do. */
const FAULTS: Readonly<Record<string, { readonly found: string; readonly hint: string }>> = {
  ENOTFOUND: {
    found: 'its name is not known to the name service (DNS)',
    hint: 'Check the name in mqtt.urls, and the DNS server of this device.',
  },
  EAI_AGAIN: {
    found: 'the name service (DNS) does not answer',
    hint: 'Check the link and the DNS server of this device.',
  },
  ECONNREFUSED: {
    found: 'nothing listens there',
    hint: 'Check address and port in mqtt.urls, and that the broker runs.',
  },
  CERT_HAS_EXPIRED: {
    found: 'its certificate has expired',
    hint: "Renew the broker's certificate; if it is good, check the clock of this device.",
  },
  CERT_NOT_YET_VALID: {
    found: 'its certificate is not valid yet',
    hint: 'Check the clock of this device (timedatectl).',
  },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    found: 'its certificate is for another name',
    hint: 'Use the name in the certificate in mqtt.urls, or set mqtt.serverName to it.',
  },
  ...sameFor(
    [
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'SELF_SIGNED_CERT_IN_CHAIN',
      'UNABLE_TO_GET_ISSUER_CERT',
      'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    ],
    {
      found: 'its certificate is not signed by an authority that this device knows',
      hint: "Set mqtt.caFile to the authority that signed the broker's certificate.",
    },
  ),
  ...sameFor(['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE'], {
    found: 'it asks for a certificate of this device',
    hint: 'Set mqtt.certificateFile and mqtt.keyFile.',
  }),
  ...sameFor(
    [
      'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA',
      'ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE',
      'ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN',
      'ERR_SSL_TLSV1_ALERT_ACCESS_DENIED',
    ],
    {
      found: "it does not take this device's certificate",
      hint: 'Check that mqtt.certificateFile is signed by an authority that the broker knows.',
    },
  ),
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: {
    found: "this device's certificate has expired",
    hint: 'Put a new certificate and key below mqtt.certificateFile and mqtt.keyFile.',
  },
  ERR_SSL_WRONG_VERSION_NUMBER: {
    found: 'it does not speak TLS there',
    hint: 'Check scheme and port in mqtt.urls: mqtts and wss are TLS, usually on 8883 and 443.',
  },
};

const TLS_FAULT = /^(ERR_SSL|ERR_TLS|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/;

const BY_ITSELF = 'it is tried again by itself and nothing is lost.';

/** Why a connection could not be made or was lost. */
export function connectionError(url: string, thrown: unknown): DeviceError {
  const code = (thrown as { code?: unknown } | undefined)?.code;
  const refusal = typeof code === 'number' ? REFUSALS[SAME_IN_MQTT_5[code] ?? code] : undefined;
  const broker = `the broker ${brokerName(url)}`;
  if (refusal !== undefined) {
    return new DeviceError('uplink.refused', {
      message: `${broker} ${refusal.found} (code ${String(code)})`,
      hint: refusal.hint,
      cause: thrown,
    });
  }
  const fault = typeof code === 'string' ? FAULTS[code] : undefined;
  const said = saidBy(thrown) || String(code);
  return new DeviceError('uplink.connect-failed', {
    message: `no connection to ${broker}: ${fault === undefined ? said : `${fault.found} (${said})`}`,
    hint: fault?.hint ?? `Check the link, mqtt.urls and the certificates; ${BY_ITSELF}`,
    cause: thrown,
  });
}

/** Whether other certificates, or another authority, may mend it: not the way there, nor what is said on it. */
export function mayBeCertificates({ code, cause }: DeviceError): boolean {
  if (code === 'uplink.refused') return true;
  const fault = (cause as { code?: unknown } | undefined)?.code;
  return typeof fault === 'string' && TLS_FAULT.test(fault);
}

/** OpenSSL's messages name places in its source and end with a new line; its reason says the same. */
function saidBy(thrown: unknown): string {
  const { library, reason } = (thrown ?? {}) as { readonly library?: unknown; readonly reason?: unknown };
  if (typeof library === 'string' && typeof reason === 'string') return reason;
  return messageOf(thrown).trim();
}

/** Somebody took the connection and closed it without a word. */
export function silentError(url: string, protocolVersion: 4 | 5): DeviceError {
  return new DeviceError('uplink.connect-failed', {
    message: `no connection to the broker ${brokerName(url)}: it closed the connection without an answer to MQTT ${spoken(protocolVersion)}`,
    hint: `See the log of the broker: perhaps it does not speak this version of MQTT, or not with this client; ${BY_ITSELF}`,
  });
}

/** A broker that had let this client in closed the connection without a word. */
export function closedError(url: string): DeviceError {
  return new DeviceError('uplink.connect-failed', {
    message: `the broker ${brokerName(url)} closed the connection`,
    hint: `See its log; where this comes again and again, perhaps another device has the same unit.id; ${BY_ITSELF}`,
  });
}

export function unansweredError(url: string, withinMs: number): DeviceError {
  return new DeviceError('uplink.connect-failed', {
    message: `no connection to the broker ${brokerName(url)}: no answer within ${withinMs / 1000} s`,
    hint: `Check the link, and that an MQTT broker listens at this address; ${BY_ITSELF}`,
  });
}

export function plainTextError(url: string): DeviceError {
  return new DeviceError('uplink.connect-failed', {
    message: `the broker ${brokerName(url)} is reached without TLS, and certificates are set; expected mqtts:// or wss://`,
    hint: 'Use mqtts:// or wss:// in mqtt.urls, or take the certificate files out of the configuration.',
  });
}

export function qosError(url: string): DeviceError {
  return new DeviceError('uplink.refused', {
    message: `the broker ${brokerName(url)} takes messages with QoS 0 only; expected QoS 1, which acknowledges`,
    hint: 'Allow QoS 1 in the broker (max_qos of Mosquitto): without it nobody knows what arrived.',
  });
}

/** MQTT 5: why a broker ends a connection, where a person can do something about it. */
const PARTINGS: Readonly<Record<number, { readonly found: string; readonly hint: string }>> = {
  135: { found: 'not authorised any more', hint: 'Check the access rules of the broker for this client.' },
  137: { found: 'busy', hint: `See the load of the broker; ${BY_ITSELF}` },
  139: { found: 'shutting down', hint: `Nothing to do; ${BY_ITSELF}` },
  142: {
    found: 'taken over by another client of the same id',
    hint: 'Give each device its own unit.id: two with the same one push each other off the broker.',
  },
  147: { found: 'more messages at once than it takes', hint: 'Lower mqtt.windowMessages.' },
  149: {
    found: 'a message larger than it takes',
    hint: 'Lower mqtt.mostPacketBytes to what the broker takes.',
  },
  150: { found: 'too many messages a second', hint: 'Raise the limit of the broker for this client.' },
  151: { found: 'a quota is used up', hint: 'Raise the quota of the broker for this client.' },
  154: { found: 'retained messages are not supported', hint: 'Set mqtt.retain to false.' },
  155: { found: 'QoS 1 is not supported', hint: 'Allow QoS 1 in the broker.' },
  156: { found: 'it asks to use another server', hint: 'Put the address of the other one into mqtt.urls.' },
  157: { found: 'it has moved', hint: 'Put its new address into mqtt.urls.' },
};

/** MQTT 5: why the broker ended the connection. */
export function disconnectError(url: string, packet: IDisconnectPacket): DeviceError {
  const parting = PARTINGS[packet.reasonCode ?? 0];
  return new DeviceError('uplink.connect-failed', {
    message: `the broker ${brokerName(url)} ended the connection (reason ${packet.reasonCode ?? 0}${parting ? `, ${parting.found}` : ''})`,
    hint: parting?.hint ?? `See the log of the broker; ${BY_ITSELF}`,
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
    message: `a message of ${bytes} bytes on ${topic} is larger than the ${most} bytes that may be sent`,
    hint: 'Raise the maximum packet size of the broker and mqtt.mostPacketBytes, or lower passages.overviewMostBytes.',
  });
}

/** The broker does not let this client listen: 128 in MQTT 3.1.1, a named reason in MQTT 5. */
export function subscribeError(topic: string, code: number): DeviceError {
  return new DeviceError('uplink.refused', {
    message: `the broker did not take the subscription to ${topic} (code ${code})`,
    hint: 'Let this client read there in the access rules of the broker; it is tried again at the next connection.',
  });
}

/** Scheme, host, port and path; not who logs in there, nor a query that may say it too. */
export function brokerName(url: string): string {
  return url.replace(/^(\w+:\/\/).*@/s, '$1').replace(/[?#].*$/s, '');
}

/** As people call the versions. */
function spoken(protocolVersion: 4 | 5): string {
  return protocolVersion === 4 ? '3.1.1' : '5';
}

function sameFor<T>(codes: readonly string[], value: T): Record<string, T> {
  return Object.fromEntries(codes.map((code) => [code, value]));
}
