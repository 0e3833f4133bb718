import { join } from 'node:path';
import { configSchema, type StoreConfig } from '../../src/config/schema.js';
import type { Clock } from '../../src/lib/clock.js';
import { createLogger } from '../../src/lib/log.js';
import { RecordStore, type RecordStoreOptions } from '../../src/store/record-store.js';
import { notaryOf } from './notary.js';
import { keyIn } from './storage-key.js';

/** The store's options as configured by default, below a test's folder. */
export function storeConfigOf(folder: string, config: Partial<StoreConfig> = {}): StoreConfig {
  const { store } = configSchema.parse({ store: { path: join(folder, 'records.db') } });
  return { ...store, leaveFreeMegabytes: 0, ...config };
}

/** A record store below a test's folder, not started. */
export function recordStoreIn(
  folder: string,
  options: Partial<Omit<RecordStoreOptions, 'config'>> & {
    readonly clock: Clock;
    readonly config?: Partial<StoreConfig>;
  },
): RecordStore {
  const { config, ...rest } = options;
  return new RecordStore({
    config: storeConfigOf(folder, config),
    key: keyIn(folder),
    notary: notaryOf(),
    log: createLogger('silent'),
    ...rest,
  });
}
