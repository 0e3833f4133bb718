/** What config/rabbitmq/definitions.json says of `unit-1`, said of any number of units. */

const EXAMPLE = 'unit-1';

interface Definitions {
  users: { name: string }[];
  permissions: { user: string }[];
  topic_permissions: { user: string }[];
}

/** @param shipped JSON with the entries of one example unit. */
export function definitionsFor(shipped: string, unitIds: readonly string[]): object {
  const definitions = JSON.parse(shipped) as Definitions;
  const multiply = <Entry>(entries: readonly Entry[], isExample: (entry: Entry) => boolean): Entry[] =>
    entries.flatMap((entry) => (isExample(entry) ? unitIds.map((unitId) => as(entry, unitId)) : [entry]));
  return {
    ...definitions,
    users: multiply(definitions.users, ({ name }) => name === EXAMPLE),
    permissions: multiply(definitions.permissions, ({ user }) => user === EXAMPLE),
    topic_permissions: multiply(definitions.topic_permissions, ({ user }) => user === EXAMPLE),
  };
}

function as<Entry>(example: Entry, unitId: string): Entry {
  return JSON.parse(JSON.stringify(example).replaceAll(EXAMPLE, unitId)) as Entry;
}
