import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { uuidv7 } from 'uuidv7';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configSchema } from '../../src/config/schema.js';
import { systemClock } from '../../src/lib/clock.js';
import { createLogger } from '../../src/lib/log.js';
import { RecordStore } from '../../src/store/record-store.js';
import { Uplink } from '../../src/uplink/uplink.js';
import { expectContract } from '../support/contract.js';
import { type Mosquitto, startMosquitto } from '../support/mosquitto.js';
import { notaryOf } from '../support/notary.js';
import { outboxMessages } from '../support/outgoing.js';
import { matchOf, passageOf } from '../support/reports.js';
import { keyIn } from '../support/storage-key.js';
import { type Subscriber, subscribe } from '../support/subscriber.js';

/**
 * Everything that store and uplink give a broker, every rendering on, is as config/asyncapi.yaml says:
 * whichever version of the protocol the device and the receiver speak.
 */

const log = createLogger('silent');
const RENDERINGS = { onvif: { enabled: true }, compound: { enabled: true } };

let folder: string;
let broker: Mosquitto;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'anprd-contract-'));
  broker = await startMosquitto();
});

afterEach(async () => {
  await broker.remove();
  rmSync(folder, { recursive: true, force: true });
});

/** A store in which one of everything waits, a loss among it. */
async function storeWithEverything(): Promise<RecordStore> {
  const { store: config } = configSchema.parse({
    store: { path: join(folder, 'records.db'), lanes: { reads: { mostMegabytes: 0.02 } } },
  });
  const clock = systemClock;
  const store = new RecordStore({ config, key: keyIn(folder), notary: notaryOf('unit-7'), clock, log });
  await store.start();
  const quality = { source: 'ntp', offsetMs: 0.5 } as const;
  const report = (vrm: string | undefined, listed = false) =>
    store.commit({
      passage: passageOf(vrm),
      ...(listed && { match: matchOf(vrm as string, 'stolen'), matchedAtMs: Date.now() }),
      clock: quality,
    });
  for (let index = 0; index < 60; index++) report('AB12CDE');
  await store.sweep();
  report('AB12CDE', true);
  report('CD34EFG');
  report(undefined);
  const position = { keyId: '0123456789abcdef', sealed: 'S'.repeat(256) };
  store.commit({ passage: passageOf('EF56GHJ'), clock: quality, position });
  store.commitEvent({ id: uuidv7(), kind: 'tamper-opened', atMs: Date.now(), clock: quality, position });
  const health = outboxMessages().health;
  if (health?.kind !== 'health') throw new Error('expected a health report');
  store.putHealth(uuidv7(), Date.now(), health.text);
  return store;
}

async function deliver(store: RecordStore, protocolVersion: 4 | 5, centre: Subscriber): Promise<void> {
  const { mqtt: config } = configSchema.parse({
    mqtt: { urls: [broker.url], protocolVersion, renderings: RENDERINGS },
  });
  const uplink = new Uplink({ config, unitId: 'unit-7', outbox: store.outbox, clock: systemClock, log });
  uplink.start();
  await centre.until(() => Object.values(store.snapshot().lanes).every(({ items }) => items === 0));
  await uplink.stop();
  await centre.until(() => centre.of('status').at(-1)?.data.state === 'stopped');
  await store.stop();
}

describe.each([
  [5, 5],
  [4, 4],
  [4, 5],
] as const)('a device on MQTT protocol %i and a receiver on %i', (device, receiver) => {
  it('have nothing between them that the contract does not name', async () => {
    const centre = await subscribe(broker.url, { protocolVersion: receiver });
    await deliver(await storeWithEverything(), device, centre);
    expectContract(centre.received, { retainAsPublished: centre.retainAsPublished });
    const kinds = new Set(centre.received.map(({ topic }) => topic.split('/')[2]));
    expect([...kinds].sort()).toEqual(
      ['compound', 'event', 'health', 'hit', 'image', 'loss', 'onvif-ej', 'read', 'status'].sort(),
    );
    await centre.close();
  });
});
