import { existsSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { DEFAULT_CONFIG_PATH, loadConfig } from '../../config/load.js';
import { configSchema, type DeviceConfig } from '../../config/schema.js';
import { LIST_LEVELS, type ListLevel } from '../../domain/voi.js';
import { parseVrm, type Vrm } from '../../domain/vrm.js';
import { DeviceError } from '../../lib/errors.js';
import { loadStorageKey, type StorageKey } from '../../lib/storage-key.js';
import { isListId, type StoredList } from '../../matching/list-store/list-rows.js';
import { ListStore } from '../../matching/list-store/list-store.js';
import { MOST_ACTION_LENGTH, MOST_OWNER_LENGTH } from '../../matching/package/limits.js';
import { parseInstant } from '../../matching/voi-entry.js';

/** What the subcommands that look into the lists of a device have in common. */
export interface StoreOptions {
  readonly config?: string;
  readonly database?: string;
  readonly storageKey?: string;
  readonly json?: boolean;
}

/** What an owner or administrator says of a list beside its rows. */
export interface TermsOptions {
  readonly level?: ListLevel;
  readonly owner?: string;
  readonly defaultAction?: string;
  /** UTC, milliseconds. */
  readonly expires?: number;
}

export function withStoreOptions(command: Command): Command {
  return command
    .option('--config <file>', `configuration of the device (${DEFAULT_CONFIG_PATH})`)
    .option('--database <path>', 'another database than the configuration names')
    .option('--storage-key <file>', 'another storage key than the configuration names')
    .option('--json', 'print JSON');
}

export function withTermsOptions(command: Command, inherited: string): Command {
  return command
    .addOption(new Option('--level <level>', `whose list it is (${inherited})`).choices(LIST_LEVELS))
    .option('--owner <name>', `who answers for it (${inherited})`, shortLine(MOST_OWNER_LENGTH))
    .option(
      '--default-action <action>',
      `of rows that name none, such as STOP (${inherited})`,
      shortLine(MOST_ACTION_LENGTH),
    )
    .option(
      '--expires <time>',
      'when nothing on it is matched any more: 2026-12-31T18:00, or from now on 48h or 7d (never)',
      parseExpiry,
    );
}

export function parseListId(text: string): string {
  if (isListId(text)) return text;
  throw new InvalidArgumentError('expected 1 to 32 of a-z, 0-9 and -, for example stolen');
}

export function parseMark(text: string): Vrm {
  const vrm = parseVrm(text);
  if (vrm === undefined) throw new InvalidArgumentError('expected 1 to 12 letters and digits');
  return vrm;
}

/** Of an option that may be given several times. */
export function gatheredKeys(key: string, before: readonly string[]): string[] {
  if (/^[A-Za-z0-9+/]{43}=$/.test(key)) return [...before, key];
  throw new InvalidArgumentError('expected 44 characters of base64, as keygen prints');
}

/** It goes into every hit and every table of lists. */
function shortLine(mostLength: number): (text: string) => string {
  return (text) => {
    if (text.length <= mostLength && !/\p{Cc}/u.test(text)) return text;
    throw new InvalidArgumentError(`expected one line of at most ${mostLength} characters`);
  };
}

const UNIT_MS = { h: 3_600_000, d: 86_400_000 };

function parseExpiry(text: string): number {
  const [, count, unit] = /^(\d{1,5})([hd])$/.exec(text) ?? [];
  if (Number(count) > 0) return Date.now() + Number(count) * UNIT_MS[unit as 'h' | 'd'];
  const instant = parseInstant(text);
  if (instant === undefined || instant === '') {
    throw new InvalidArgumentError('expected a time such as 2026-12-31T18:00, or 48h, or 7d');
  }
  if (Date.parse(instant) <= Date.now()) throw new InvalidArgumentError('expected a time to come');
  return Date.parse(instant);
}

/**
 * The configuration that the options name. Where only a database is named, and the device has no
 * configuration, every option is at its default.
 */
export async function configOf(options: StoreOptions): Promise<DeviceConfig> {
  const isFree = options.config === undefined && options.database !== undefined;
  return isFree && !existsSync(DEFAULT_CONFIG_PATH) ? configSchema.parse({}) : loadConfig(options.config);
}

export interface OpenLists {
  readonly store: ListStore;
  readonly config: DeviceConfig;
}

/** Opens the lists for as long as the work takes. */
export async function withLists<T>(
  options: StoreOptions,
  access: 'read' | 'write',
  work: (open: OpenLists) => Promise<T>,
): Promise<T> {
  const config = await configOf(options);
  const key: StorageKey = loadStorageKey(
    options.storageKey === undefined ? config.storage : { keyFile: options.storageKey },
  );
  const path = options.database ?? config.hotlist.path;
  const store = new ListStore({ path, key, readonly: access === 'read' });
  store.open();
  try {
    return await work({ store, config });
  } finally {
    store.close();
  }
}

/** The list in force. @throws DeviceError hotlist.unreadable where there is none of that id. */
export function listOf(store: ListStore, id: string): StoredList {
  const list = store.lists().find((held) => held.id === id);
  if (list !== undefined) return list;
  throw new DeviceError('hotlist.unreadable', {
    message: `there is no list ${id} on this device`,
    hint: 'anprctl hotlist status shows the lists that there are.',
  });
}

/** The keys of a list's owner. @returns [] where none are pinned: it is no list of an owner. */
export function pinnedKeys({ hotlist }: DeviceConfig, id: string): readonly string[] {
  return hotlist.lists.find((list) => list.id === id)?.publicKeys ?? [];
}

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

/** 1 mark, 2 marks. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}
