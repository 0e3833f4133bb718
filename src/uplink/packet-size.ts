import type { WireMessage } from './payloads.js';

/** Type and flags, and the remaining length in its longest form. */
const FIXED_HEADER_BYTES = 5;
const LENGTH_BYTES = 2;
const PACKET_ID_BYTES = 2;
const PROPERTIES_LENGTH_BYTES = 4;
const PROPERTY_ID_BYTES = 1;

/** Who sends a message asks first, and the connection asks again. */
let last: { readonly message: WireMessage; readonly bytes: number } | undefined;

/** The most that a message takes as an MQTT packet with QoS 1; at most 6 bytes above what it does take. */
export function packetBytes(message: WireMessage): number {
  if (last?.message !== message) last = { message, bytes: measured(message) };
  return last.bytes;
}

function measured({ topic, payload, contentType, userProperties }: WireMessage): number {
  let bytes = FIXED_HEADER_BYTES + text(topic) + PACKET_ID_BYTES + payload.length;
  if (contentType === undefined) return bytes;
  bytes += PROPERTIES_LENGTH_BYTES + PROPERTY_ID_BYTES + text(contentType);
  for (const name in userProperties)
    bytes += PROPERTY_ID_BYTES + text(name) + text(userProperties[name] ?? '');
  return bytes;
}

function text(value: string): number {
  return LENGTH_BYTES + Buffer.byteLength(value);
}
