/**
 * Every topic of a device, and nowhere else one. Topics are seen by whoever runs the broker, and
 * stand in its logs: they name the kind of message and the unit's opaque id, never a VRM or a place.
 */
export const TOPICS = {
  hit: { suffix: 'hit', retain: false },
  read: { suffix: 'read', retain: false },
  image: { suffix: 'image', retain: false },
  /** What happened to the unit itself, or what its crew decided. */
  event: { suffix: 'event', retain: false },
  loss: { suffix: 'loss', retain: false },
  health: { suffix: 'health', retain: false },
  /** online, offline (the will) or stopped; retained, so that a late subscriber knows as well. */
  status: { suffix: 'status', retain: true },
  /** A second rendering, where it is switched on. */
  compound: { suffix: 'compound', retain: false },
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

/** What ONVIF calls the rule that found a plate; there is one. */
export const ONVIF_RULE = 'anprd';

/**
 * `<prefix>/<unit>/onvif-ej/RuleEngine/Recognition/LicensePlate/&<video source>/<rule>`
 *
 * ONVIF leaves the part before `onvif-ej` to the device. The unit is a word of its own in it, so that
 * a broker's rules can keep each unit to its own topics here as well.
 */
export function onvifTopicOf(prefix: string, unitId: string, cameraId: string): string {
  return `${prefix}/${unitId}/onvif-ej/RuleEngine/Recognition/LicensePlate/&${cameraId}/${ONVIF_RULE}`;
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
