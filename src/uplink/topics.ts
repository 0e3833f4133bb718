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

/** What is published of a list: its signed manifest, or one blob of its package. */
const PUBLISHED_NAME = /^(manifest|snapshot\/\d{1,16}\/\d{1,9}|delta\/\d{1,16}-\d{1,16}\/\d{1,9})$/;

/**
 * `<hotlist.topicPrefix>/<list>/<name>`, retained: shared by every device that takes the list.
 * @param name `manifest`, or a blob's name in the package.
 */
export function listTopicOf(prefix: string, listId: string, name: string): string {
  return `${prefix}/${listId}/${name}`;
}

/** The other way round. @returns undefined where it is no topic of a list. */
export function parseListTopic(
  prefix: string,
  topic: string,
): { readonly listId: string; readonly name: string } | undefined {
  if (!topic.startsWith(`${prefix}/`)) return undefined;
  const rest = topic.slice(prefix.length + 1);
  const slash = rest.indexOf('/');
  const name = rest.slice(slash + 1);
  return slash > 0 && PUBLISHED_NAME.test(name) ? { listId: rest.slice(0, slash), name } : undefined;
}
