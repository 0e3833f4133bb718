import { z } from 'zod';
import type { DeviceEventKind } from '../domain/device-event.js';
import { LANES, type Lane } from '../domain/outbox.js';

/** Kinds of values that several messages share. */

/**
 * One of some words, each with its meaning; the type checker sees to it that none is missing.
 * @param meanings what the word says, for the document; '' where the word says it all.
 */
export function oneOf<Word extends string>(meanings: Readonly<Record<Word, string>>) {
  const words = Object.keys(meanings) as [Word, ...Word[]];
  const explained = words.filter((word) => meanings[word] !== '');
  const schema = z.enum(words);
  return explained.length === 0
    ? schema
    : schema.describe(explained.map((word) => `${word}: ${meanings[word]}`).join('; '));
}

export const uuid = () =>
  z.string().regex(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
/** Exactly as Date writes it. */
export const instant = () => z.string().regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/);
export const opaqueId = () => z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/);
export const vrm = () => z.string().regex(/^[A-Z0-9]{1,12}$/);
export const probability = () => z.number().min(0).max(1);
export const count = () => z.int().min(0);
/** SHA-256 or a public key's length: 32 bytes. */
export const digest = () => z.string().regex(/^[A-Za-z0-9_-]{43}$/);
export const base64 = () =>
  z.string().regex(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/);

export const lane = () =>
  oneOf<Lane>({
    hits: 'hits and events',
    reads: '',
    'hit-images': 'pictures of hits',
    'read-images': 'pictures of the other reads',
    health: 'what the unit says of itself',
  });

/** The same for each lane. */
export function byLane<Value extends z.ZodType>(value: Value) {
  const lanes = Object.keys(LANES).map((name) => [name, value]);
  return z.strictObject(Object.fromEntries(lanes) as Record<Lane, Value>);
}

export const eventKind = () =>
  oneOf<DeviceEventKind>({
    'tamper-opened': 'the cabinet was opened',
    'tamper-closed': 'it was shut again',
    moved: 'the unit is not where it was surveyed',
    'ignition-off': 'the vehicle was switched off, and the unit stops',
    'hit-confirmed': 'the crew looked at a hit, and it is right',
    'hit-rejected': 'the crew looked at a hit, and it is not',
  });

export const clockSource = () =>
  oneOf({ ntp: '', gps: '', unknown: 'nothing has said where the time comes from' });
