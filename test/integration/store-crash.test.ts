import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadDeviceKey } from '../../src/evidence/device-key.js';
import { readStatement } from '../../src/evidence/received.js';
import { StreamVerifier } from '../../src/evidence/verify.js';
import { systemClock } from '../../src/lib/clock.js';
import type { RecordStore } from '../../src/store/record-store.js';
import { type Sources, stripSources } from '../support/child.js';
import { deviceKeyFileIn, notaryOf } from '../support/notary.js';
import { recordStoreIn, storeConfigOf } from '../support/record-stores.js';
import { matchOf, passageOf } from '../support/reports.js';
import { keyFileIn } from '../support/storage-key.js';

let sources: Sources;
let folder: string;
let keyFile: string;
const children: ChildProcess[] = [];

beforeAll(() => {
  sources = stripSources();
});
afterAll(() => sources.remove());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'anprd-crash-'));
  keyFile = deviceKeyFileIn(folder);
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** Commits settled and closed reports with a hit each, for ever, and says each id that is committed. */
function writer(options: { shellPrefix?: string } = {}): ChildProcess {
  const passage = passageOf('AB12CDE', { pictures: false });
  const child = sources.run(
    `
    import { RecordStore } from './src/store/record-store.js';
    import { systemClock } from './src/lib/clock.js';
    import { createLogger } from './src/lib/log.js';
    import { loadStorageKey } from './src/lib/storage-key.js';
    import { uuidv7 } from 'uuidv7';
    import { DeviceNotary } from './src/evidence/notary.js';
    import { loadDeviceKey } from './src/evidence/device-key.js';
    const notary = new DeviceNotary({
      key: loadDeviceKey({ keyFile: ${JSON.stringify(keyFile)} }),
      unitId: 'unit-1',
    });
    const config = ${JSON.stringify(storeConfigOf(folder))};
    const key = loadStorageKey({ keyFile: ${JSON.stringify(keyFileIn(folder))} });
    const store = new RecordStore({ config, key, notary, clock: systemClock, log: createLogger('silent') });
    await store.start();
    const base = ${JSON.stringify(passage)};
    const match = ${JSON.stringify(matchOf('AB12CDE', 'stolen'))};
    const overviewImage = { jpeg: Buffer.alloc(20_000, 1), widthPx: 800, heightPx: 450 };
    for (;;) {
      const passage = { ...base, id: uuidv7(), overviewImage };
      for (const phase of ['settled', 'closed']) {
        try {
          store.commit({ passage: { ...passage, phase }, match, clock: { source: 'unknown' } });
        } catch (error) {
          process.stdout.write('failed ' + error.code + '\\n');
          process.exit(0);
        }
        process.stdout.write(phase + ' ' + passage.id + '\\n');
      }
      await new Promise((resolve) => setImmediate(resolve));
    }`,
    options,
  );
  children.push(child);
  return child;
}

async function openStore(): Promise<RecordStore> {
  const store = recordStoreIn(folder, {
    clock: systemClock,
    notary: notaryOf('unit-1', loadDeviceKey({ keyFile })),
  });
  await store.start();
  return store;
}

/** Ids of records and of the records of hits that wait, each once; the chain over both is whole. */
function waiting(store: RecordStore): { reads: Set<string>; hits: Set<string> } {
  const messages = store.outbox.lease(100_000).map(({ message }) => message);
  const texts = messages.filter((message) => message.kind !== 'image').map(({ text }) => text);
  const verifier = new StreamVerifier({ keys: [{ publicKey: loadDeviceKey({ keyFile }).publicKey }] });
  const statements = texts.map(readStatement).filter((line) => line.kind === 'statement');
  for (const statement of statements) expect(verifier.add(statement)).toBe('new');
  expect(verifier.verdicts()).toMatchObject([{ breaks: 0, missing: 0, last: texts.length }]);
  const ofType = (type: string) =>
    statements.filter((statement) => statement.type === type).map(({ recordId }) => recordId as string);
  expect(new Set(ofType('hit')).size).toBe(ofType('hit').length);
  return { reads: new Set(ofType('read')), hits: new Set(ofType('hit')) };
}

describe('a writer that is killed with -9', () => {
  it('loses nothing that it had committed, three times over', async () => {
    const said: string[] = [];
    for (let kill = 1; kill <= 3; kill++) {
      const child = writer();
      const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
      const gone = once(child, 'exit');
      let count = 0;
      for await (const line of lines) {
        said.push(line);
        // In the middle of the next commit, wherever that is just then.
        if (++count === 10 + 7 * kill) child.kill('SIGKILL');
      }
      expect((await gone)[1]).toBe('SIGKILL');
    }
    const store = await openStore();
    const { reads, hits } = waiting(store);
    const settled = said.filter((line) => line.startsWith('settled ')).map((line) => line.slice(8));
    expect(settled.length).toBeGreaterThan(20);
    for (const id of settled) {
      expect(hits).toContain(id);
      // Closed by the writer, or completed at the start after it.
      expect(reads).toContain(id);
    }
    await store.stop();
  });
});

describe('a disk that takes no more', () => {
  it('fails the commit whole, says so, and keeps what was committed before', async () => {
    // A limit on the size of a file stands for the full disk: writes fail in the same place.
    const child = writer({ shellPrefix: 'ulimit -f 4000;' });
    const said: string[] = [];
    for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream }))
      said.push(line);
    expect(said.at(-1)).toBe('failed store.write-failed');
    const closed = said.filter((line) => line.startsWith('closed ')).map((line) => line.slice(7));
    expect(closed.length).toBeGreaterThan(5);
    const store = await openStore();
    const { reads } = waiting(store);
    for (const id of closed) expect(reads).toContain(id);
    await store.stop();
  });
});
