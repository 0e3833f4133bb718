import { z } from 'zod';

/** Kinds of option values that several parts of the configuration share. */

export const seconds = (fallback: number, most: number) => z.number().min(0).max(most).default(fallback);
/** Above 0: below it everything would be told, or nothing could be. */
export const share = () => z.number().min(0.000_001).max(1);
export const probability = (fallback: number) => z.number().min(0).max(1).default(fallback);
export const whole = (fallback: number, least: number, most: number) =>
  z.number().int().min(least).max(most).default(fallback);
/** Ids go into topics and file names, so they are opaque and plain: never a place. */
export const opaqueId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'expected 1 to 32 of a-z, 0-9 and -, for example cam-1');

export const topicWords = (fallback: string) =>
  z
    .string()
    .regex(/^[A-Za-z0-9_-]+(\/[A-Za-z0-9_-]+)*$/, 'expected words joined by /, without + or #')
    .default(fallback);
