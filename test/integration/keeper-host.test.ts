import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/lib/clock.js';
import type { StoredList } from '../../src/matching/list-store/list-rows.js';
import { KeeperHost } from '../../src/matching/sync/keeper-host.js';
import { listOf } from '../support/reports.js';

/** Who looks after the keeper's thread, with a real thread that breaks when it is told to. */
const THREAD = resolve(import.meta.dirname, 'fixtures/keeper-thread.mjs');

let host: KeeperHost;
let said: string[];
let deaths: string[];
let held: StoredList[];

beforeEach(() => {
  said = [];
  deaths = [];
  held = [];
  host = new KeeperHost({
    configuration: () => ({ path: 'none', lists: [], reloadMs: 1_000, held, rechecked: {} }),
    clock: systemClock,
    onMessage: (message) => {
      if (message.kind === 'fault') said.push(message.fault.message);
    },
    onDeath: (why) => deaths.push(why),
    entry: pathToFileURL(THREAD),
  });
  host.start();
});

afterEach(() => host.stop());

const take = (name: string, bytes = 10) => host.take({ listId: 'a', name }, new Uint8Array(bytes));
const until = (condition: () => void) => vi.waitFor(condition, { timeout: 20_000, interval: 10 });
const taken = () => said.filter((text) => !text.startsWith('link') && !text.startsWith('started'));

describe("the keeper's thread", () => {
  it('is handed one piece after another, in their order, and the bytes with it', async () => {
    const bytes = new Uint8Array(1_000);
    host.take({ listId: 'a', name: 'first' }, bytes);
    for (const name of ['second', 'third']) take(name);
    await until(() => expect(taken()).toEqual(['first: 1000', 'second: 10', 'third: 10']));
    // Handed over, not copied.
    expect(bytes.length).toBe(0);
  });

  it('finds of what waits for it the newest piece of each name alone', async () => {
    take('slow');
    for (let times = 1; times <= 50; times++) take('manifest', times);
    take('snapshot/1/0', 5);
    take('manifest', 99);
    await until(() => expect(taken()).toHaveLength(3));
    expect(taken()).toEqual(['slow: 10', 'snapshot/1/0: 5', 'manifest: 99']);
  });

  it.each([
    ['throw', /it broke/],
    ['exit', /it ended/],
    ['eat', /memory/],
  ])('is started again when it dies, and learns what is held: %s', async (how, why) => {
    host.linkChanged(true);
    await until(() => expect(said).toContain('started with 0'));
    held = [{ ...listOf('a'), generation: 1 }];
    take(how);
    await until(() => expect(said).toContain('started with 1'));
    expect(deaths).toEqual([expect.stringMatching(why)]);
    expect(host.restarts).toBe(1);
    // It knows of the link, and takes what comes.
    await until(() => expect(said.at(-1)).toBe('link true'));
    take('first');
    await until(() => expect(taken().at(-1)).toBe('first: 10'));
  });

  it('that keeps dying is started ever more rarely', async () => {
    for (let times = 1; times <= 3; times++) {
      take('throw');
      await until(() => expect(said.filter((text) => text === 'started with 0')).toHaveLength(times + 1));
    }
    expect(deaths).toHaveLength(3);
  });

  it('ends when it is told to, also while it is busy', async () => {
    take('slow');
    await until(() => expect(taken()).toHaveLength(1));
    await host.stop();
    expect(deaths).toEqual([]);
  });
});
