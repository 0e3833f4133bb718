import type { Command } from 'commander';
import { DeviceError } from '../../lib/errors.js';
import {
  counted,
  listOf,
  parseListId,
  pinnedKeys,
  printJson,
  type StoreOptions,
  withLists,
  withStoreOptions,
} from './common.js';

const HELP = `
Nothing on it is matched from then on, and what has come of a newer revision is dropped as well.
A list that the configuration names would come again from the broker: take it out there first.

Exits 0 when it is removed, 1 when not.

Example:
  anprctl hotlist remove --list watch`;

export function register(hotlist: Command): void {
  const command = hotlist
    .command('remove')
    .description('take a list off this device')
    .requiredOption('--list <id>', 'which list', parseListId)
    .addHelpText('after', HELP);
  withStoreOptions(command).action((options: StoreOptions & { list: string }) =>
    withLists(options, 'write', async ({ store, config }) => {
      const { id, entryCount } = listOf(store, options.list);
      if (pinnedKeys(config, id).length > 0) {
        throw new DeviceError('hotlist.store-failed', {
          message: `the configuration names the list ${id}, so it would come again`,
          hint: 'Take it out of hotlist.lists, restart the daemon, and remove it then.',
        });
      }
      store.removeList(id);
      await store.tidy();
      if (options.json) printJson({ removed: id });
      else process.stdout.write(`list ${id}: removed, with ${counted(entryCount, 'entry', 'entries')}\n`);
    }),
  );
}
