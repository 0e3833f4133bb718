/**
 * Every topic of a device, and nowhere else one. Topics are seen by whoever runs the broker, and
 * stand in its logs: they name the kind of message and the unit's opaque id, never a VRM or a place.
 */
export const TOPICS = {
  read: { suffix: 'read', retain: false },
  hit: { suffix: 'hit', retain: false },
  image: { suffix: 'image', retain: false },
  /** online, offline (the will) or stopped; retained, so that a late subscriber knows as well. */
  status: { suffix: 'status', retain: true },
} as const satisfies Record<string, { suffix: string; retain: boolean }>;

export type TopicName = keyof typeof TOPICS;

export interface Addressing {
  readonly topicPrefix: string;
  readonly unitId: string;
}

/** `<prefix>/<unit>/<kind>` */
export function topicOf(name: TopicName, { topicPrefix, unitId }: Addressing): string {
  return `${topicPrefix}/${unitId}/${TOPICS[name].suffix}`;
}
