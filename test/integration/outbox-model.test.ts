import { appendFileSync, copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { uuidv7 } from 'uuidv7';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LANE_NAMES, type Lane, type OutboxItem } from '../../src/domain/outbox.js';
import type { Passage } from '../../src/domain/passage.js';
import { readStatement } from '../../src/evidence/received.js';
import { StreamVerifier } from '../../src/evidence/verify.js';
import { DeviceError } from '../../src/lib/errors.js';
import type { RecordStore } from '../../src/store/record-store.js';
import { StoreFile } from '../../src/store/store-file.js';
import { ManualClock } from '../support/manual-clock.js';
import { deviceKey } from '../support/notary.js';
import { type Expected, OutboxModel } from '../support/outbox-model.js';
import { recordStoreIn } from '../support/record-stores.js';
import { repeatable } from '../support/repeatable.js';
import { matchOf, passageOf } from '../support/reports.js';
import { keyFileIn } from '../support/storage-key.js';

/**
 * Thousands of random steps - report, repeat, late hit, state report, lease by lanes, acknowledge with the
 * meter, release, restart, crash, full disk - on the real store and on plain lists that say what should
 * wait. After each step both agree; in the end every statement was given out and the chain is whole.
 */
const QUALITY = { source: 'unknown' } as const;
const SEEDS = [1, 2, 3];
const STEPS = 3_500;
const HOUR = 480_000;

let root: string;
/** Databases that are open, so that a test can let their disk be full. */
let files: StoreFile[];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'anprd-model-'));
  files = [];
  const open = StoreFile.prototype.open;
  vi.spyOn(StoreFile.prototype, 'open').mockImplementation(function (this: StoreFile) {
    files.push(this);
    return open.call(this);
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(root, { recursive: true, force: true });
});

function shown({ message, lane }: OutboxItem): Expected {
  if (message.kind === 'image') {
    return { lane, of: message.recordId, kind: `${message.imageKind} ${message.revision}` };
  }
  if (message.kind !== 'hit') return { lane, of: message.id, kind: message.kind };
  return { lane, of: JSON.parse(message.text).read.recordId, kind: 'hit' };
}

describe.each(SEEDS)('the outbox against plain lists, seed %i', (seed) => {
  it(`agrees over ${STEPS} random steps`, { timeout: 300_000 }, async () => {
    const random = repeatable(seed);
    const below = (limit: number) => Math.floor(random() * limit);
    const one = <T>(from: readonly T[]): T | undefined => from[below(from.length)];
    const take = <T>(from: T[]): T | undefined => from.splice(below(from.length), 1)[0];
    const clock = new ManualClock();
    const model = new OutboxModel();
    const held: { item: OutboxItem; expected: Expected }[] = [];
    const inView: Passage[] = [];
    const reported: Passage[] = [];
    const closed: string[] = [];
    /** Statements as they were given out first, by their id. */
    const texts = new Map<string, string>();
    const done = { acknowledged: 0, failed: 0, crashes: 0, restarts: 0 };
    let metered = 0;
    let folders = 0;
    let folder = join(root, '0');

    async function open(): Promise<RecordStore> {
      mkdirSync(folder, { recursive: true });
      copyFileSync(keyFileIn(root), join(folder, 'storage.key'));
      const made = recordStoreIn(folder, { clock });
      await made.start();
      model.restart();
      held.length = 0;
      closed.push(...inView.splice(0).map(({ id }) => id));
      return made;
    }

    /** @returns whether it was done; what a full disk refuses has changed nothing. */
    function succeeds(work: () => void): boolean {
      try {
        work();
        return true;
      } catch (error) {
        if (!(error instanceof DeviceError) || error.code !== 'store.write-failed') throw error;
        done.failed++;
        return false;
      }
    }

    function report(passage: Passage, isHit: boolean): void {
      const match = matchOf('AB12CDE', 'stolen');
      if (!succeeds(() => store.commit({ passage, clock: QUALITY, ...(isHit && { match }) }))) return;
      const { id, phase } = passage;
      model.report(id, { phase, isHit, pictures: passage.overviewImage !== undefined });
      const index = inView.findIndex((open) => open.id === id);
      if (index >= 0) inView.splice(index, 1);
      if (phase === 'settled') inView.push(passage);
      else closed.push(id);
      reported.push(passage);
    }

    /** What comes with it needs pages, and there are none left. */
    function onFullDisk(work: () => void): void {
      const setMostPages = (pages: number) =>
        files.at(-1)?.run((database) => database.pragma(`max_page_count = ${pages}`));
      setMostPages(1);
      work();
      setMostPages(4_294_967_294);
    }

    let store = await open();
    const steps: Record<string, () => void | Promise<void>> = {
      settle: () => report(passageOf('AB12CDE', { phase: 'settled' }), random() < 0.3),
      settleWithoutPictures: () =>
        report(passageOf('AB12CDE', { phase: 'settled', pictures: false }), random() < 0.3),
      close() {
        const open = one(inView);
        if (open === undefined) return;
        // With better pictures, or with none that are new.
        const pictures = random() < 0.5 ? `better ${below(1e9)}` : false;
        report(passageOf('AB12CDE', { id: open.id, pictures }), false);
      },
      unreadable: () => report(passageOf(undefined, { pictures: random() < 0.5 ? 'dark' : false }), false),
      repeat() {
        const passage = one(reported);
        if (passage === undefined) return;
        expect(succeeds(() => store.commit({ passage, clock: QUALITY }))).toBe(true);
      },
      lateHit() {
        const id = random() < 0.8 ? one(closed) : one(inView)?.id;
        if (id === undefined) return;
        const match = matchOf('AB12CDE', `list-${below(1e9)}`);
        if (succeeds(() => store.commitLate(id, match, clock.nowMs()))) model.lateHit(id);
      },
      health() {
        const id = uuidv7();
        if (succeeds(() => store.putHealth(id, clock.nowMs(), `{"state":${below(100)}}`))) model.health(id);
      },
      lease() {
        const limit = 1 + below(30);
        const lanes: Lane[] = random() < 0.5 ? [...LANE_NAMES] : LANE_NAMES.filter(() => random() < 0.5);
        const expected = model.lease(limit, lanes);
        const items = store.outbox.lease(limit, lanes);
        expect(items.map(shown)).toEqual(expected);
        items.forEach((item, index) => {
          held.push({ item, expected: expected[index] as Expected });
          remember(item);
        });
      },
      acknowledge() {
        const count = below(40);
        const some = Array.from({ length: count }, () => take(held)).filter((item) => item !== undefined);
        const bytes = { hits: 1, reads: count, 'hit-images': 0, 'read-images': 0, health: 0 };
        const ids = some.map(({ item }) => item.id);
        if (!succeeds(() => store.outbox.ack(ids, { hour: HOUR, bytes }))) {
          held.push(...some);
          return;
        }
        metered += 1 + count;
        done.acknowledged += some.length;
        for (const { expected } of some) model.acknowledge(expected);
      },
      release() {
        const back = [take(held), take(held), take(held)].filter((item) => item !== undefined);
        store.outbox.release(back.map(({ item }) => item.id));
        for (const { expected } of back) model.release(expected);
      },
      async fullDisk() {
        const names = ['settle', 'close', 'lateHit', 'unreadable', 'health', 'acknowledge'] as const;
        onFullDisk(() => void steps[one(names) as string]?.());
      },
      async restart() {
        if (random() < 0.8) return;
        done.restarts++;
        await store.stop();
        store = await open();
      },
      /** What a killed process leaves: the file, and a log that ends in the middle of a commit. */
      async crash() {
        if (random() < 0.8) return;
        done.crashes++;
        const killed = join(folder, 'records.db');
        folder = join(root, String(++folders));
        mkdirSync(folder);
        for (const end of ['', '-wal']) copyFileSync(killed + end, join(folder, `records.db${end}`));
        appendFileSync(join(folder, 'records.db-wal'), Buffer.alloc(below(6_000), below(256)));
        await store.stop();
        rmSync(dirname(killed), { recursive: true });
        store = await open();
      },
    };

    function remember({ message }: OutboxItem): void {
      if (message.kind === 'image' || message.kind === 'health') return;
      expect(texts.get(message.id) ?? message.text).toBe(message.text);
      texts.set(message.id, message.text);
    }

    function agree(): void {
      const waiting = store.outbox.waiting();
      const items = Object.fromEntries(LANE_NAMES.map((lane) => [lane, waiting[lane].items]));
      expect(items).toEqual(model.waiting());
      expect(store.head().sequence).toBe(model.statements);
      expect(store.outbox.metered(HOUR).bytes).toMatchObject({ 'hit-images': 0, health: 0 });
    }

    const names = Object.keys(steps);
    for (let step = 0; step < STEPS; step++) {
      await steps[names[below(names.length)] as string]?.();
      agree();
    }
    await store.stop();
    store = await open();
    const rest = store.outbox.lease(1_000_000);
    expect(rest.map(shown)).toEqual(model.lease(1_000_000, LANE_NAMES));
    for (const item of rest) remember(item);
    const { hits, reads } = store.outbox.metered(HOUR).bytes;
    expect(hits + reads).toBe(metered);
    expect(bytesOf(rest)).toEqual(
      Object.fromEntries(LANE_NAMES.map((lane) => [lane, store.outbox.waiting()[lane].bytes])),
    );

    const verifier = new StreamVerifier({
      keys: [deviceKey],
      heads: new Map([[store.head().chain, store.head().sequence]]),
    });
    for (const text of texts.values()) {
      const statement = readStatement(text);
      expect(statement.kind === 'statement' && verifier.add(statement)).toBe('new');
    }
    expect(verifier.verdicts()).toMatchObject([{ last: model.statements, missing: 0, breaks: 0 }]);
    // Each kind of step was taken often enough to mean something.
    expect(done.acknowledged).toBeGreaterThan(STEPS / 5);
    expect(done.failed).toBeGreaterThan(STEPS / 50);
    expect(Math.min(done.crashes, done.restarts)).toBeGreaterThan(STEPS / 150);
    await store.stop();
  });
});

function bytesOf(items: readonly OutboxItem[]): Record<string, number> {
  const bytes: Record<string, number> = Object.fromEntries(LANE_NAMES.map((lane) => [lane, 0]));
  for (const { lane, message } of items) {
    const size = message.kind === 'image' ? message.image.jpeg.length : Buffer.byteLength(message.text);
    bytes[lane] = (bytes[lane] ?? 0) + size;
  }
  return bytes;
}
