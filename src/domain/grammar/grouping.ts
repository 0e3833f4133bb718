import type { Vrm } from '../vrm.js';
import type { UkClass } from './forms.js';

/**
 * How the characters of a UK mark are set apart in groups.
 *
 * Only of the forms that say enough: any part of a foreign mark has the form of a dateless one, and
 * what has none may be set as it likes.
 */
const GROUPING: Readonly<Partial<Record<UkClass, RegExp>>> = {
  // With an O in the fifth place it may as well be Italian or French: EN 240 GK.
  current: /^(.{4})([^O].{2})$/,
  prefix: /^([A-Z]\d+)([A-Z]+)$/,
  q: /^([A-Z]\d+)([A-Z]+)$/,
  suffix: /^([A-Z]+)(\d+[A-Z])$/,
  'northern-ireland': /^([A-Z]+)(\d+)$/,
};

/** @returns the groups from left to right, or undefined where the form prescribes none, or may not be one. */
export function prescribedGroups(vrm: Vrm, ukClass: UkClass | undefined): readonly string[] | undefined {
  const grouping = ukClass && GROUPING[ukClass];
  return grouping?.exec(vrm)?.slice(1);
}
