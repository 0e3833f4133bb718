import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { register } from '../../src/cli/export.js';
import { register as registerVerify } from '../../src/cli/verify/command.js';
import type { RecordStore } from '../../src/store/record-store.js';
import { runCommand } from '../support/command.js';
import { ManualClock } from '../support/manual-clock.js';
import { deviceKey } from '../support/notary.js';
import { recordStoreIn } from '../support/record-stores.js';
import { matchOf, passageOf } from '../support/reports.js';
import { keyFileIn } from '../support/storage-key.js';

let folder: string;
let clock: ManualClock;
let store: RecordStore;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'anprd-export-'));
  clock = new ManualClock();
  store = recordStoreIn(folder, { clock });
  await store.start();
  const storage = { keyFile: keyFileIn(folder) };
  writeFileSync(
    join(folder, 'anprd.yaml'),
    JSON.stringify({ storage, store: { path: join(folder, 'records.db') } }),
  );
});
afterEach(async () => {
  await store.stop();
  rmSync(folder, { recursive: true, force: true });
});

const exported = (...args: string[]) =>
  runCommand(register, ['export', ...args, '--config', join(folder, 'anprd.yaml')]);
const verify = (...args: string[]) =>
  runCommand(registerVerify, ['verify', ...args, '--key', deviceKey.publicKey]);

/** Every third one is a hit as well, so that four vehicles make five statements or so. */
function passing(count: number): void {
  for (let vehicle = 0; vehicle < count; vehicle++) {
    const passage = passageOf('BD51SMR', { pictures: `vehicle ${vehicle}` });
    const match =
      vehicle % 3 === 0 ? { match: matchOf('BD51SMR', 'stolen'), matchedAtMs: passage.decidedAtMs } : {};
    store.commit({ passage, clock: { source: 'unknown' }, ...match });
  }
}

describe('anprctl export', () => {
  it('writes what was sealed while the daemon runs, and verify finds it intact', async () => {
    passing(12);
    const file = join(folder, 'evidence.ndjson');
    const { code, out } = await exported('--out', file);
    const { chain, sequence } = store.head();
    expect({ code, out }).toEqual({
      code: 0,
      out: `chain ${chain}: ${sequence} statements, 1 to ${sequence}\n`,
    });
    expect(sequence).toBe(16);
    expect((statSync(file).mode & 0o777).toString(8)).toBe('600');
    const texts = store.statements(0, 100).map(({ text }) => text);
    expect(readFileSync(file, 'utf8')).toBe(texts.map((text) => `${text}\n`).join(''));
    expect(await verify(file, '--head', `${chain}:${sequence}`)).toMatchObject({ code: 0, err: '' });
  });

  it('writes a part, to standard output as well', async () => {
    passing(12);
    const { out } = await exported('--from', '5', '--to', '9', '--out', '-');
    const numbers = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).evidence.sequence);
    expect(numbers).toEqual([5, 6, 7, 8, 9]);
    const file = join(folder, 'part.ndjson');
    writeFileSync(file, out);
    expect((await verify(file, '--from', '5')).code).toBe(0);
    expect((await verify(file)).code).toBe(1);
  });

  it('takes one chain of several', async () => {
    passing(3);
    const { chain } = store.head();
    const file = join(folder, 'a.ndjson');
    const said = await exported('--chain', chain, '--out', file, '--json');
    expect(JSON.parse(said.out)).toEqual({ file, chains: [{ chain, statements: 4, first: 1, last: 4 }] });
    expect((await exported('--chain', 'another', '--out', file)).out).toContain('no statement');
  });

  it('says what it cannot read or write', async () => {
    const nowhere = await exported('--out', join(folder, 'no', 'where'));
    expect(nowhere).toMatchObject({ code: 1, err: expect.stringContaining('cannot write') });
    const missing = await exported('--database', join(folder, 'none.db'), '--out', '-');
    expect(missing).toMatchObject({ code: 1, err: expect.stringContaining('there is no such file') });
    expect(await exported('--from', 'x', '--out', '-')).toMatchObject({ code: 2 });
    expect(await exported()).toMatchObject({ code: 2, err: expect.stringContaining("'--out <file>'") });
  });
});

describe('what a broker took of a device', () => {
  /** Texts of the statements that wait, acknowledged as they come. */
  function received(): string[] {
    const texts: string[] = [];
    for (;;) {
      const items = store.outbox.lease(50);
      if (items.length === 0) return texts;
      for (const { message } of items) if (message.kind !== 'image') texts.push(message.text);
      store.outbox.ack(items.map(({ id }) => id));
    }
  }

  it('is intact, whatever the device had to drop meanwhile, and not without its notice of that', async () => {
    passing(6);
    const before = received();
    passing(9);
    // Nobody listens for longer than reads may wait.
    clock.advance(31 * 86_400_000);
    await store.sweep();
    passing(3);
    const after = received();
    const file = join(folder, 'received.ndjson');
    const judged = async (lines: readonly string[]) => {
      writeFileSync(file, lines.join('\n'));
      const { chain, sequence } = store.head();
      const { out } = await verify(file, '--json', '--head', `${chain}:${sequence}`);
      return JSON.parse(out);
    };
    const all = [...before, ...after];
    expect(await judged(all)).toMatchObject({
      intact: true,
      chains: [{ missing: 0, explained: 6, breaks: 0, statements: { hit: 6, loss: 1 } }],
    });
    const silenced = all.filter((text) => JSON.parse(text).type !== 'loss');
    expect(await judged(silenced)).toMatchObject({ intact: false, chains: [{ explained: 0 }] });
  });
});
