import { type ChildProcess, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pino } from 'pino';
import { uuidv7 } from 'uuidv7';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { OutboxItem } from '../../src/domain/outbox.js';
import { loadDeviceKey } from '../../src/evidence/device-key.js';
import { readStatement } from '../../src/evidence/received.js';
import { StreamVerifier } from '../../src/evidence/verify.js';
import type { RecordStore } from '../../src/store/record-store.js';
import { type Sources, stripSources } from '../support/child.js';
import { ManualClock } from '../support/manual-clock.js';
import { deviceKeyFileIn } from '../support/notary.js';
import { recordStoreIn, storeConfigOf } from '../support/record-stores.js';
import { matchOf, passageOf } from '../support/reports.js';
import { keyFileIn } from '../support/storage-key.js';

/**
 * The record store without a file that can be written: it goes on in memory, and comes home. On real disks where that can
 * be done: a small one that is filled, mounted read-only and freed, and limits that the kernel sets on a running process.
 */
const DAY_MS = 86_400_000;
const CLOCK_QUALITY = { source: 'ntp', offsetMs: 2 } as const;

let sources: Sources;
let folder: string;
let clock: ManualClock;
const stores: RecordStore[] = [];
const children: ChildProcess[] = [];

beforeAll(() => {
  sources = stripSources();
});
afterAll(() => sources.remove());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'anprd-medium-'));
  clock = new ManualClock();
});
afterEach(async () => {
  for (const store of stores.splice(0)) await store.stop();
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

async function started(path = join(folder, 'records.db')): Promise<RecordStore> {
  const store = recordStoreIn(folder, { clock, config: { path } });
  stores.push(store);
  await store.start();
  return store;
}

async function stop(store: RecordStore): Promise<void> {
  stores.splice(stores.indexOf(store), 1);
  await store.stop();
}

function waiting(store: RecordStore): readonly OutboxItem[] {
  const items = store.outbox.lease(100_000);
  store.outbox.release(items.map(({ id }) => id));
  return items;
}

/** Texts by what they say of which id; each id waits once. */
function textsOf(store: RecordStore): Map<string, string> {
  const texts = waiting(store).flatMap(({ message }) =>
    message.kind === 'image' ? [] : [[`${message.kind} ${message.id}`, message.text] as const],
  );
  expect(new Set(texts.map(([id]) => id)).size).toBe(texts.length);
  return new Map(texts);
}

function commit(store: RecordStore, vrm: string, id = uuidv7(), phase: 'settled' | 'closed' = 'closed') {
  const passage = passageOf(vrm, { id, phase });
  return store.commit({ passage, clock: CLOCK_QUALITY, match: matchOf(vrm, 'stolen') });
}

describe('a store whose folder cannot be made', () => {
  let path: string;
  let store: RecordStore;
  beforeEach(async () => {
    writeFileSync(join(folder, 'disk'), 'in the way of a folder');
    path = join(folder, 'disk', 'records.db');
    store = await started(path);
  });
  const mend = () => rmSync(join(folder, 'disk'));

  it('starts all the same, in memory, and says why', () => {
    commit(store, 'AB12CDE');
    expect(store.snapshot()).toMatchObject({
      medium: 'memory',
      problem: expect.stringContaining('disk'),
      hits: 1,
    });
    expect(store.snapshot().mostBytes).toBeLessThanOrEqual(64_000_000);
  });

  it('looks again every half minute, and moves all that waits to the file, as it was', async () => {
    for (let index = 0; index < 20; index++) commit(store, `AB1${index % 10}CDE`);
    const texts = textsOf(store);
    const pictures = waiting(store).length;
    const { chain, sequence } = store.head();
    clock.advance(30_000);
    await Promise.resolve();
    expect(store.snapshot().medium).toBe('memory');
    mend();
    clock.advance(30_000);
    await new Promise((next) => setImmediate(next));
    expect(store.snapshot()).toMatchObject({ medium: 'file', records: 20, hits: 20 });
    expect(textsOf(store)).toEqual(texts);
    expect(waiting(store)).toHaveLength(pictures);
    expect(store.head().chain).not.toBe(chain);
    // What was sealed in memory keeps its place in that chain, which has ended; the file has its own.
    commit(store, 'XY99ZZZ');
    expect(store.head().sequence).toBe(2);
    expect(store.statements(0, 100).filter((statement) => statement.chain === chain)).toHaveLength(sequence);
    await stop(store);
    const again = await started(path);
    for (const [id, text] of texts) expect(textsOf(again).get(id)).toBe(text);
    expect(again.snapshot().records).toBe(21);
  });

  it('comes home with what the broker has, which is erased when its time has come', async () => {
    commit(store, 'AB12CDE');
    store.outbox.ack(store.outbox.lease(100).map(({ id }) => id));
    mend();
    clock.advance(30_000);
    await new Promise((next) => setImmediate(next));
    expect(store.snapshot()).toMatchObject({ medium: 'file', records: 1 });
    clock.advance(storeConfigOf(folder).retentionDays * DAY_MS + 1);
    await store.sweep();
    expect(store.snapshot()).toMatchObject({ records: 0, erased: { age: 1 } });
  });

  it('moves home what it has when it is stopped', async () => {
    commit(store, 'AB12CDE');
    const texts = textsOf(store);
    mend();
    await stop(store);
    expect(textsOf(await started(path))).toEqual(texts);
  });

  it('says how much is lost where it is stopped and the disk takes nothing', async () => {
    const lines: string[] = [];
    const log = pino({ base: null }, { write: (line: string) => lines.push(line) });
    const lost = recordStoreIn(folder, { clock, config: { path }, log });
    await lost.start();
    commit(lost, 'AB12CDE');
    await lost.stop();
    expect(lines.map((line) => JSON.parse(line)).at(-1)).toMatchObject({
      level: 50,
      records: 1,
      undelivered: 4,
      msg: expect.stringContaining('in memory only is lost'),
    });
    expect(lines.join()).not.toContain('AB12CDE');
  });

  it('fails commits when its memory is spent, and takes more when the broker has some of it', async () => {
    const big = { jpeg: new Uint8Array(400_000).fill(7), widthPx: 800, heightPx: 450 };
    const take = () =>
      store.commit({ passage: { ...passageOf('AB12CDE'), overviewImage: big }, clock: CLOCK_QUALITY });
    let taken = 0;
    expect(() => {
      for (; taken < 1_000; taken++) take();
    }).toThrow(expect.objectContaining({ code: 'store.write-failed' }));
    expect(taken).toBeGreaterThan(100);
    expect(store.snapshot()).toMatchObject({ medium: 'memory', records: taken });
    const items = store.outbox.lease(10_000);
    store.outbox.ack(items.map(({ id }) => id));
    await store.sweep();
    expect(take().record.sequence).toBeGreaterThan(0);
  });
});

/** Runs a text in which `store` is started on `path`; `say` writes a line, `commit(id, phase)` a report with a hit. */
function child(path: string, script: string, shellPrefix = ''): ChildProcess {
  const config = { ...storeConfigOf(folder), path };
  const each = sources.run(
    `
    import { execFileSync } from 'node:child_process';
    import { rmSync, writeFileSync } from 'node:fs';
    import { uuidv7 } from 'uuidv7';
    import { loadDeviceKey } from './src/evidence/device-key.js';
    import { DeviceNotary } from './src/evidence/notary.js';
    import { systemClock } from './src/lib/clock.js';
    import { createLogger } from './src/lib/log.js';
    import { loadStorageKey } from './src/lib/storage-key.js';
    import { RecordStore } from './src/store/record-store.js';
    const disk = ${JSON.stringify(join(folder, 'disk'))};
    // Half minutes go by in no time.
    const clock = {
      nowMs: systemClock.nowMs,
      monoMs: () => 1_000 * systemClock.monoMs(),
      sleep: (ms, signal) => systemClock.sleep(ms / 1_000, signal),
    };
    const made = () => new RecordStore({
      config: ${JSON.stringify(config)},
      key: loadStorageKey({ keyFile: ${JSON.stringify(keyFileIn(folder))} }),
      notary: new DeviceNotary({
        key: loadDeviceKey({ keyFile: ${JSON.stringify(deviceKeyFileIn(folder))} }),
        unitId: 'unit-1',
      }),
      clock,
      log: createLogger('silent'),
    });
    let store = made();
    const say = (...said) => process.stdout.write(JSON.stringify(said) + '\\n');
    const run = (program, ...args) => execFileSync(program, args, { stdio: 'ignore' });
    const base = ${JSON.stringify(passageOf('AB12CDE', { pictures: false }))};
    const match = ${JSON.stringify(matchOf('AB12CDE', 'stolen'))};
    const commit = (id = uuidv7(), phase = 'closed') => {
      try {
        const overviewImage = { jpeg: Buffer.alloc(20_000, 1), widthPx: 800, heightPx: 450 };
        store.commit({ passage: { ...base, id, phase, overviewImage }, match, clock: { source: 'unknown' } });
        say('committed', id, store.snapshot().medium);
        return true;
      } catch (error) {
        say('failed', error.code);
        return false;
      }
    };
    const pause = () => new Promise((resolve) => setTimeout(resolve, 5));
    const until = async (medium) => {
      while (store.snapshot().medium !== medium) {
        if (medium === 'memory') commit();
        await pause();
      }
      say('medium', medium);
    };
    const told = () =>
      store.outbox.lease(100_000).flatMap(({ message }) => (message.kind === 'image' ? [] : [message.text]));
    ${script}`,
    { shellPrefix },
  );
  children.push(each);
  return each;
}

async function saidBy(each: ChildProcess): Promise<unknown[][]> {
  const said: unknown[][] = [];
  for await (const line of createInterface({ input: each.stdout as NodeJS.ReadableStream }))
    said.push(JSON.parse(line));
  return said;
}

/** Each record that was committed waits once as a read and once as a hit, and nothing else does; no chain is broken. */
function expectAllOnce(said: unknown[][]): void {
  const ids = new Set(said.filter(([what]) => what === 'committed').map(([, id]) => id as string));
  const texts = said.find(([what]) => what === 'told')?.[1] as string[];
  const { publicKey } = loadDeviceKey({ keyFile: deviceKeyFileIn(folder) });
  const verifier = new StreamVerifier({ keys: [{ publicKey }] });
  const told = texts.map((text) => {
    const statement = readStatement(text);
    if (statement.kind !== 'statement') throw new Error('expected a statement');
    expect(verifier.add(statement)).toBe('new');
    return `${statement.type} ${statement.recordId}`;
  });
  expect(told.toSorted()).toEqual([...ids].flatMap((id) => [`hit ${id}`, `read ${id}`]).toSorted());
  for (const verdict of verifier.verdicts()) expect(verdict).toMatchObject({ breaks: 0, missing: 0 });
}

describe('a disk that fails under a running store', () => {
  it('is left for memory, and returned to, with nothing lost and nothing told twice', async () => {
    const said = await saidBy(
      child(
        join(folder, 'records.db'),
        `
        await store.start();
        const limit = (bytes) => run('prlimit', '--pid', String(process.pid), '--fsize=' + bytes + ':');
        for (let index = 0; index < 20; index++) commit();
        const open = uuidv7();
        commit(open, 'settled');
        limit(0);
        await until('memory');
        // Its hit was told from the file: the report that closes it tells none again.
        commit(open);
        for (let index = 0; index < 20; index++) commit();
        limit('unlimited');
        await until('file');
        for (let index = 0; index < 20; index++) commit();
        say('told', told());
        await store.stop();`,
      ),
    );
    expect(said.filter(([what, code]) => what === 'failed' && code !== 'store.write-failed')).toEqual([]);
    expect(said.filter(([what]) => what === 'medium')).toEqual([
      ['medium', 'memory'],
      ['medium', 'file'],
    ]);
    expectAllOnce(said);
  });
});

const canMount = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;
describe.skipIf(!canMount)(
  `a disk of its own${canMount ? '' : ' (pending: none can be mounted here)'}`,
  () => {
    function onDisk(megabytes: number, script: string): ChildProcess {
      const disk = join(folder, 'disk');
      mkdirSync(disk);
      const mount = `mount -t tmpfs -o size=${megabytes}m none "$DISK" && "$@"`;
      return child(join(disk, 'records.db'), script, `DISK='${disk}' exec unshare -rm sh -c '${mount}' sh`);
    }

    it('that is read-only at the start is one to come home to when it can be written', async () => {
      const said = await saidBy(
        onDisk(
          40,
          `
        run('mount', '-o', 'remount,ro', disk);
        await store.start();
        for (let index = 0; index < 20; index++) commit();
        run('mount', '-o', 'remount,rw', disk);
        await until('file');
        commit();
        say('told', told());
        await store.stop();`,
        ),
      );
      expect(said.find(([what]) => what === 'committed')?.[2]).toBe('memory');
      expectAllOnce(said);
    });

    it('that is read-only at the second start keeps what waits there, and the rest joins it', async () => {
      const said = await saidBy(
        onDisk(
          40,
          `
        await store.start();
        for (let index = 0; index < 10; index++) commit();
        await store.stop();
        run('mount', '-o', 'remount,ro', disk);
        store = made();
        await store.start();
        for (let index = 0; index < 10; index++) commit();
        run('mount', '-o', 'remount,rw', disk);
        await until('file');
        say('told', told());
        await store.stop();`,
        ),
      );
      expect(new Set(said.filter(([what]) => what === 'committed').map(([, , medium]) => medium))).toEqual(
        new Set(['file', 'memory']),
      );
      expectAllOnce(said);
    });

    it('has all that was in memory at the end, where it has no more room than for that', async () => {
      const said = await saidBy(
        onDisk(
          8,
          `
        try {
          writeFileSync(disk + '/of-others', Buffer.alloc(16_000_000));
        } catch {}
        await store.start();
        say('medium', store.snapshot().medium, store.snapshot().problem);
        for (let index = 0; index < 20; index++) commit();
        rmSync(disk + '/of-others');
        await store.stop();
        store = made();
        await store.start();
        say('medium', store.snapshot().medium);
        say('told', told());
        await store.stop();`,
        ),
      );
      const [[, medium, problem] = [], [, again] = []] = said.filter(([what]) => what === 'medium');
      expect([medium, again]).toEqual(['memory', 'file']);
      expect(problem).toContain('the disk is full');
      expectAllOnce(said);
    });

    it('that others have filled is left when it stays full, and returned to when they give way', async () => {
      const said = await saidBy(
        onDisk(
          40,
          `
        await store.start();
        for (let index = 0; index < 20; index++) commit();
        try {
          writeFileSync(disk + '/of-others', Buffer.alloc(64_000_000));
        } catch {}
        await until('memory');
        for (let index = 0; index < 20; index++) commit();
        rmSync(disk + '/of-others');
        await until('file');
        for (let index = 0; index < 20; index++) commit();
        say('told', told());
        await store.stop();`,
        ),
      );
      expect(said.filter(([what]) => what === 'medium')).toHaveLength(2);
      expectAllOnce(said);
    });
  },
);
