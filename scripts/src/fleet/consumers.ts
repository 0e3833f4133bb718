import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { packageRoot } from '../../../src/lib/package-root.js';
import { type ChainReport, chainReports, type RefusedCount, refusedCounts } from '../consumer/chains.js';
import { end, type FleetBroker, spawnTied } from './broker.js';
import type { Identity } from './certificates.js';
import type { Arrival } from './ledger.js';

/** Reference consumers side by side, as processes, and what they have in their database. */
export interface Consumers {
  /** Rows of the devices' events, without status and health. */
  arrivals(): Arrival[];
  chains(): ChainReport[];
  refused(): RefusedCount[];
  stop(): Promise<void>;
}

export interface ConsumersOptions {
  readonly folder: string;
  readonly broker: Pick<FleetBroker, 'consumerUrls'>;
  readonly identity: Identity | undefined;
  readonly count: number;
  /** Base64 by unit. */
  readonly publicKeys: ReadonlyMap<string, string>;
  readonly prefix: string;
}

const PROGRAM = join(packageRoot(import.meta.dirname), 'dist/scripts/src/consumer.js');
const START_MS = 60_000;

/** @throws Error where one does not subscribe in time, or ends. */
export async function startConsumers(options: ConsumersOptions): Promise<Consumers> {
  const { folder, broker, identity, count, publicKeys, prefix } = options;
  if (!existsSync(PROGRAM)) throw new Error(`expected the built consumer at ${PROGRAM}`);
  const path = join(folder, 'received.db');
  const keysPath = join(folder, 'keys.txt');
  writeFileSync(keysPath, [...publicKeys].map(([unitId, key]) => `${unitId}=${key}\n`).join(''));
  const access = identity && [
    ...['--ca', identity.caFile, '--cert', identity.certificateFile, '--cert-key', identity.keyFile],
  ];
  const children = await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const urls = broker.consumerUrls.flatMap((url) => ['--broker', url]);
      const own = ['--database', path, '--keys', keysPath, '--prefix', prefix, '--name', String(index + 1)];
      const child = spawnTied(process.execPath, [PROGRAM, ...own, ...urls, ...(access ?? [])], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await subscribed(child);
      return child;
    }),
  );
  const database = new Database(path, { readonly: true, timeout: 30_000 });
  const arrivals = database.prepare(
    `SELECT source, id, received_at_ms AS receivedAtMs, deliveries FROM events
     WHERE type NOT IN ('uk.anpr.status.v1', 'uk.anpr.health.v1')`,
  );
  return {
    arrivals: () => arrivals.all() as Arrival[],
    chains: () => chainReports(database),
    refused: () => refusedCounts(database),
    stop: async () => {
      database.close();
      await Promise.all(children.map((child) => end(child, 'SIGTERM')));
    },
  };
}

async function subscribed(child: ChildProcess): Promise<void> {
  const late = setTimeout(() => child.kill('SIGKILL'), START_MS);
  const said = new Promise<void>((resolve) => {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      if (text.includes('consuming')) resolve();
    });
  });
  const gone = once(child, 'exit').then(() => {
    throw new Error('a consumer ended before it had subscribed');
  });
  gone.catch(() => undefined);
  await Promise.race([said, gone]);
  clearTimeout(late);
}
