import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import type { Position, SealedPosition } from '../domain/position.js';
import { keyIdOf } from '../lib/ed25519.js';
import { DeviceError } from '../lib/errors.js';
import { hpkeOpen, hpkeSeal, rawX25519, x25519PublicKey } from '../lib/hpke.js';

/**
 * Positions, sealed to the centre.
 *
 * Invariants
 * - What is sealed is of one length for every place and everything that is said of it.
 * - It opens beside the record or event that it was sealed for, of the same unit, and nowhere else.
 * - A seal proves nothing: whoever has the public key can make one. The signature of the statement
 *   that it stands in says whose it is.
 */
const INFO = 'anprd position 1';

/** The longest that `plainOf` writes, rounded up so that base64 of the whole has no remainder. */
const PLAIN_BYTES = 144;

export interface PositionSealerOptions {
  /** Base64 of the 32 bytes of an X25519 key, as `anprctl centre-key` prints it. */
  readonly centrePublicKey: string;
  readonly unitId: string;
}

export class PositionSealer {
  readonly #recipient: KeyObject;
  readonly #unitId: string;
  /** @see SealedPosition.keyId */
  readonly keyId: string;

  /** @throws DeviceError config.invalid for one of the few values that look like a key and are none. */
  constructor({ centrePublicKey, unitId }: PositionSealerOptions) {
    this.#recipient = x25519PublicKey(Buffer.from(centrePublicKey, 'base64'));
    this.#unitId = unitId;
    this.keyId = keyIdOf(centrePublicKey);
    try {
      hpkeSeal(this.#recipient, { info: INFO, aad: '' }, Buffer.alloc(0));
    } catch (cause) {
      throw new DeviceError('config.invalid', {
        message: 'position.centrePublicKey is no X25519 key that anything can be sealed to',
        hint: 'Put in what anprctl centre-key printed for the centre.',
        cause,
      });
    }
  }

  /** @param subjectId of the record or the event that the position is of. */
  seal(position: Position, subjectId: string): SealedPosition {
    const sealed = hpkeSeal(this.#recipient, contextOf(this.#unitId, subjectId), plainOf(position));
    return { keyId: this.keyId, sealed: sealed.toString('base64url') };
  }
}

/** Whose a sealed position is: it opens for nobody else. */
export interface Subject {
  readonly unitId: string;
  /** Of the record or the event. */
  readonly subjectId: string;
}

/** Opens what was sealed to the centre's key. */
export class PositionOpener {
  readonly #privateKey: KeyObject;
  /** @see SealedPosition.keyId */
  readonly keyId: string;

  /** @param privateKey X25519. */
  constructor(privateKey: KeyObject) {
    this.#privateKey = privateKey;
    this.keyId = keyIdOf(rawX25519(privateKey).toString('base64'));
  }

  /** @throws DeviceError position.unseal-failed; nothing of the position is in it. */
  open({ keyId, sealed }: SealedPosition, { unitId, subjectId }: Subject): Position {
    if (keyId !== this.keyId) {
      throw unsealFailed(
        `it is sealed to key ${keyId}, this is key ${this.keyId}`,
        'Give the key of this id.',
      );
    }
    let plain: Buffer;
    try {
      plain = hpkeOpen(this.#privateKey, contextOf(unitId, subjectId), Buffer.from(sealed, 'base64url'));
    } catch (cause) {
      throw unsealFailed(
        'it does not open: changed on its way, or of another record or unit',
        'Check the statement that it stands in with anprctl verify.',
        cause,
      );
    }
    const position = positionOf(plain.toString());
    if (position === undefined) {
      throw unsealFailed(
        'it opens, and holds no position',
        'A newer version of anprd may have sealed it: use the anprctl of that version.',
      );
    }
    return position;
  }
}

function contextOf(unitId: string, subjectId: string) {
  return { info: INFO, aad: `${unitId}/${subjectId}` };
}

/**
 * JSON with short names, filled up with spaces. Six decimals of a degree are 0.1 m; limits keep what a
 * receiver in trouble says within the length.
 */
function plainOf(position: Position): Buffer {
  const { hdop, satellites, speedMetresPerSecond, courseDeg } = position;
  const text = JSON.stringify({
    lat: limited(position.latitudeDeg, 6, -90, 90),
    lon: limited(position.longitudeDeg, 6, -180, 180),
    source: position.source,
    ageMs: limited(position.ageMs, 0, 0, 86_400_000),
    ...(position.isInterpolated && { interpolated: true }),
    ...(hdop !== undefined && { hdop: limited(hdop, 1, 0, 99.9) }),
    ...(satellites !== undefined && { sats: limited(satellites, 0, 0, 99) }),
    ...(speedMetresPerSecond !== undefined && { speed: limited(speedMetresPerSecond, 1, 0, 999.9) }),
    ...(courseDeg !== undefined && { course: limited(courseDeg, 1, 0, 360) }),
  });
  if (text.length > PLAIN_BYTES) throw new Error('a position that is longer than any');
  return Buffer.from(text.padEnd(PLAIN_BYTES));
}

function limited(value: number, decimals: number, least: number, most: number): number {
  const factor = 10 ** decimals;
  return Math.round(Math.min(most, Math.max(least, value)) * factor) / factor;
}

const plainSchema = z.object({
  lat: z.number().min(-90).max(90),
  lon: z.number().min(-180).max(180),
  source: z.enum(['surveyed', 'serial', 'gpsd']),
  ageMs: z.number().min(0),
  interpolated: z.boolean().default(false),
  hdop: z.number().exactOptional(),
  sats: z.number().exactOptional(),
  speed: z.number().exactOptional(),
  course: z.number().exactOptional(),
});

function positionOf(text: string): Position | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { data } = plainSchema.safeParse(value);
  if (data === undefined) return undefined;
  return {
    latitudeDeg: data.lat,
    longitudeDeg: data.lon,
    source: data.source,
    ageMs: data.ageMs,
    isInterpolated: data.interpolated,
    ...(data.hdop !== undefined && { hdop: data.hdop }),
    ...(data.sats !== undefined && { satellites: data.sats }),
    ...(data.speed !== undefined && { speedMetresPerSecond: data.speed }),
    ...(data.course !== undefined && { courseDeg: data.course }),
  };
}

function unsealFailed(message: string, hint: string, cause?: unknown): DeviceError {
  return new DeviceError('position.unseal-failed', { message, hint, ...(cause !== undefined && { cause }) });
}
