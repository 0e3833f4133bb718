import { renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ChainHead } from '../../src/domain/statement.js';
import { readStatement } from '../../src/evidence/received.js';
import { type ChainVerdict, StreamVerifier } from '../../src/evidence/verify.js';
import type { RecordStore } from '../../src/store/record-store.js';
import {
  CLOCK_QUALITY,
  clock,
  filesOf,
  fill,
  folder,
  overwrite,
  PAGE,
  pagesOf,
  path,
  restore,
  salvaged,
  started,
  stop,
  stores,
  textsOf,
  waiting,
} from '../support/damaged-stores.js';
import { deviceKey } from '../support/notary.js';
import { recordStoreIn } from '../support/record-stores.js';
import { passageOf } from '../support/reports.js';

/**
 * Whoever cuts the last statements off a chain that has ended is seen: the next chain of the unit names its end. Here the
 * chains are ended by what ends them on the road: a damaged file, a file or a log that is gone, memory.
 */
function follows(store: RecordStore): readonly ChainHead[] | undefined {
  const { chain } = store.head();
  const first = store.statements(0, 10_000).find((one) => one.chain === chain && one.sequence === 1);
  return first && JSON.parse(first.text).evidence.follows;
}

function commit(store: RecordStore): void {
  store.commit({ passage: passageOf('XY99ZZZ'), clock: CLOCK_QUALITY });
}

function verdictsOf(texts: Iterable<string>): ChainVerdict[] {
  const verifier = new StreamVerifier({ keys: [{ publicKey: deviceKey.publicKey }] });
  for (const text of texts) {
    const line = readStatement(text);
    if (line.kind === 'statement') verifier.add(line);
  }
  return verifier.verdicts();
}

/** What the sweep has told of losses. */
async function lossesOf(store: RecordStore): Promise<readonly unknown[]> {
  await store.sweep();
  const told = [...textsOf(waiting(store))].filter(([id]) => id.startsWith('loss'));
  return told.flatMap(([, text]) => JSON.parse(text).losses);
}

const ALL_UNCOUNTED = ['hits', 'reads', 'hit-images', 'read-images', 'health'].map((lane) => ({
  lane,
  reason: 'damage',
  count: 0,
  uncounted: true,
  statements: [],
}));

/** Filled while it was in use, and cut short: as its files were then, its head, and all that it had said. */
async function killed(passages = 10) {
  const store = await started();
  fill(store, passages);
  await store.sweep();
  const before = { files: filesOf(), head: store.head(), texts: textsOf(waiting(store)) };
  await stop(store);
  return before;
}

describe('the end of a chain', () => {
  it('is nothing to tell of for the first chain of a unit, nor for one that goes on', async () => {
    const { files } = await killed();
    restore(files);
    const store = await started();
    commit(store);
    expect(follows(store)).toBeUndefined();
    expect(store.statements(0, 100).every(({ text }) => !text.includes('follows'))).toBe(true);
  });

  it('is named where the file was damaged, so that a cut is seen in what the centre has', async () => {
    const { head } = await killed(40);
    for (const page of pagesOf('images')) overwrite((page - 1) * PAGE + 100, Buffer.from('damaged!'));
    const store = await started();
    waiting(store);
    commit(store);
    await salvaged(store);
    expect(follows(store)).toEqual([head]);
    const received = [...textsOf(waiting(store)).values()];
    expect(verdictsOf(received).map(({ breaks, end }) => [breaks, end])).toEqual([
      [0, 'told'],
      [0, 'open'],
    ]);
    const isLast = (text: string) =>
      text.includes(`"sequence":${head.sequence},`) && text.includes(head.chain);
    const cut = received.filter((text) => !isLast(text) || text.includes('follows'));
    expect(cut).toHaveLength(received.length - 1);
    expect(verdictsOf(cut)[0]).toMatchObject({ missing: 1, firstBreak: { sequence: head.sequence } });
  });

  it.each([
    ['of which nothing can be read', () => writeFileSync(path, 'to whom it may concern\n')],
    ['that is cut to nothing', () => truncateSync(path)],
    ['that is gone', () => rmSync(path)],
  ])('is known from the note beside a file %s', async (_what, damage) => {
    const { head } = await killed();
    damage();
    const store = await started();
    commit(store);
    expect(follows(store)).toEqual([head]);
  });

  it('is told to be unknown where the note is gone too, or is no note of this key', async () => {
    const { files } = await killed();
    for (const note of [undefined, Buffer.from('{"chain":"a","sequence":1,"digest":"","mark":"AAAA"}')]) {
      const left = new Map(files);
      for (const part of ['', '-wal', '-shm']) left.delete(`records.db${part}`);
      if (note === undefined) left.delete('records.db.head');
      else left.set('records.db.head', note);
      restore(left);
      const store = await started();
      commit(store);
      expect(follows(store)).toEqual([]);
      await stop(store);
    }
  });

  it('outlives a kill before anything is said on the next chain', async () => {
    const { head } = await killed();
    writeFileSync(path, 'to whom it may concern\n');
    await stop(await started());
    const store = await started();
    commit(store);
    expect(follows(store)).toEqual([head]);
    commit(store);
    expect(store.statements(0, 100).filter(({ text }) => text.includes('follows'))).toHaveLength(1);
  });
});

describe('the chain of a store in memory', () => {
  it('is named by that of the file when it is back, which goes on with its own', async () => {
    const disk = join(folder, 'disk');
    const config = { path: join(disk, 'records.db') };
    const first = recordStoreIn(folder, { clock, config });
    await first.start();
    commit(first);
    const { chain, sequence } = first.head();
    await first.stop();
    renameSync(disk, `${disk}-away`);
    writeFileSync(disk, 'in the way of a folder');
    const store = recordStoreIn(folder, { clock, config });
    stores.push(store);
    await store.start();
    commit(store);
    // Nothing of the file can be read from here.
    expect(follows(store)).toEqual([]);
    const inMemory = store.head();
    rmSync(disk);
    renameSync(`${disk}-away`, disk);
    clock.advance(30_000);
    await new Promise((next) => setImmediate(next));
    commit(store);
    expect(store.head()).toMatchObject({ chain, sequence: sequence + 1 });
    const last = store.statements(0, 100).find((one) => one.chain === chain && one.sequence > sequence);
    expect(JSON.parse(last?.text ?? '').evidence.follows).toEqual([inMemory]);
  });
});

describe('a log that is gone', () => {
  it('ends the chain where the note says that it was, and is warned of and told', async () => {
    const first = await started();
    fill(first, 5);
    await stop(first);
    const { files, head } = await killed();
    files.delete('records.db-wal');
    restore(files);
    const store = await started();
    expect(store.head()).not.toMatchObject({ chain: head.chain });
    expect(store.snapshot().damage).toMatchObject({ isSalvaging: false, lost: { hits: 'unknown' } });
    expect(store.snapshot().damage?.setAside).toBeUndefined();
    expect(await lossesOf(store)).toEqual(ALL_UNCOUNTED);
    expect(follows(store)).toEqual([head]);
    expect(store.snapshot().losses).toContainEqual({
      lane: 'hits',
      reason: 'damage',
      count: 0,
      uncounted: true,
    });
  });

  it('is seen from the note alone, where an older copy was put back and looks well closed', async () => {
    const first = await started();
    fill(first, 5);
    await stop(first);
    const older = filesOf();
    const second = await started();
    fill(second, 5);
    const head = second.head();
    await stop(second);
    const note = filesOf().get('records.db.head') as Buffer;
    restore(new Map([...older, ['records.db.head', note]]));
    const store = await started();
    commit(store);
    expect(follows(store)).toEqual([head]);
    expect(store.snapshot().damage).toBeDefined();
  });

  it('is no loss where the note is older than the file, as after each kill', async () => {
    const { files } = await killed();
    restore(files);
    const second = await started();
    fill(second, 5);
    const now = filesOf();
    await stop(second);
    restore(now);
    const store = await started();
    expect(store.snapshot().damage).toBeUndefined();
    expect(await lossesOf(store)).toEqual([]);
  });
});

describe('a loss that nobody can count', () => {
  it('is told as such where nothing of a file can be read', async () => {
    await killed();
    writeFileSync(path, 'to whom it may concern\n');
    rmSync(`${path}-wal`, { force: true });
    const store = await started();
    const damage = await salvaged(store);
    expect(damage.lost).toMatchObject({ records: 'unknown', outbox: 'unknown' });
    expect(await lossesOf(store)).toEqual(ALL_UNCOUNTED);
  });

  it('is a number where the file still says how many there were, and unknown where it does not', async () => {
    const first = await started();
    fill(first, 200);
    await stop(first);
    const pages = [...pagesOf('records').slice(3, 8), ...pagesOf('statements').slice(5, 8)];
    for (const page of pages) overwrite((page - 1) * PAGE + 100, Buffer.from('damaged!'));
    const store = await started();
    for (let look = 0; look < 3; look++) waiting(store);
    fill(store, 1);
    const { lost } = await salvaged(store);
    expect(lost.records).toEqual(expect.any(Number));
    expect(lost.statements).toBe('unknown');
  });

  it('is told beside what is known where neither what waited can be read nor how much it was', async () => {
    const first = await started();
    fill(first, 200);
    await stop(first);
    const pages = [...pagesOf('lane_totals'), ...pagesOf('outbox').slice(1, 3)];
    for (const page of pages) overwrite((page - 1) * PAGE + 100, Buffer.from('damaged!'));
    const store = await started();
    for (let look = 0; look < 3; look++) waiting(store);
    fill(store, 1);
    expect((await salvaged(store)).lost.outbox).toBe('unknown');
    const lanes = (await lossesOf(store)).map((loss) => loss as { lane: string; uncounted?: true });
    expect(lanes.filter(({ uncounted }) => uncounted).map(({ lane }) => lane)).toHaveLength(5);
  });

  it('outlives the file that it was to be told from', async () => {
    await killed();
    writeFileSync(path, 'to whom it may concern\n');
    const second = await started();
    await salvaged(second);
    await stop(second);
    overwrite(5 * PAGE, Buffer.alloc(PAGE));
    overwrite(0, Buffer.alloc(PAGE));
    clock.advance(1_000);
    const store = await started();
    await salvaged(store);
    expect(await lossesOf(store)).toEqual(ALL_UNCOUNTED);
  });
});
