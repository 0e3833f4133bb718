import { distance } from 'fastest-levenshtein';
import { z } from 'zod';
import { configSchema } from './schema.js';

/** The part of a JSON Schema document that is used here. */
export interface OptionSchema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, OptionSchema>>;
  readonly items?: OptionSchema;
  readonly oneOf?: readonly OptionSchema[];
  readonly anyOf?: readonly OptionSchema[];
}

/** The declaration as JSON Schema (2020-12): for editors, and to find descriptions in. */
export function configJsonSchema(): OptionSchema {
  return z.toJSONSchema(configSchema, { io: 'input' }) as OptionSchema;
}

/**
 * What to do about a fault at a place in the configuration: what the option is for, or, for a key
 * that does not exist, the one that was probably meant.
 */
export function hintFor(path: readonly PropertyKey[], unknownKey?: string): string {
  const [places, nearest] = descend(path);
  if (unknownKey !== undefined) {
    const known = places.flatMap((place) => Object.keys(place.properties ?? {}));
    const meant = closest(unknownKey, known);
    return meant === undefined
      ? `Options here: ${[...new Set(known)].join(', ')}.`
      : `Did you mean ${meant}? Otherwise remove it.`;
  }
  const kinds = places.flatMap((place) => (place.const === undefined ? [] : [place.const]));
  if (kinds.length > 1) return `One of: ${kinds.join(', ')}.`;
  const description =
    places[0]?.description ?? nearest?.description ?? 'See the comments in config/anprd.yaml.';
  const example = places[0]?.default;
  const isValue = example !== undefined && typeof example !== 'object';
  return isValue ? `${description} Default: ${JSON.stringify(example)}.` : description;
}

/** Every declaration that a path can mean (several in a union), and the last one with a description. */
function descend(path: readonly PropertyKey[]): [OptionSchema[], OptionSchema | undefined] {
  let places: OptionSchema[] = [configJsonSchema()];
  let nearest: OptionSchema | undefined;
  for (const key of path) {
    places = places.flatMap((place) => {
      const next = typeof key === 'number' ? place.items : place.properties?.[String(key)];
      return next === undefined ? [] : [next, ...(next.oneOf ?? []), ...(next.anyOf ?? [])];
    });
    nearest = places.find((place) => place.description !== undefined) ?? nearest;
  }
  return [places, nearest];
}

/** The known word that is at most a third of its letters away, if any. */
function closest(word: string, known: readonly string[]): string | undefined {
  const lower = word.toLowerCase();
  const ranked = known
    .map((candidate) => ({ candidate, edits: distance(lower, candidate.toLowerCase()) }))
    .filter(({ candidate, edits }) => edits <= Math.ceil(candidate.length / 3))
    .sort((a, b) => a.edits - b.edits);
  return ranked[0]?.candidate;
}
