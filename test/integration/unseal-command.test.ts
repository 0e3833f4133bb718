import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { register as registerCentreKey } from '../../src/cli/centre-key.js';
import { register as registerExport } from '../../src/cli/export.js';
import { register } from '../../src/cli/unseal.js';
import type { Position } from '../../src/domain/position.js';
import { PositionSealer } from '../../src/governance/sealing.js';
import { runCommand } from '../support/command.js';
import { ManualClock } from '../support/manual-clock.js';
import { recordStoreIn } from '../support/record-stores.js';
import { matchOf, passageOf } from '../support/reports.js';
import { idOf } from '../support/statements.js';
import { keyFileIn } from '../support/storage-key.js';

/** The centre's end: it makes the key, and opens what devices sealed to it. */

const PLACE: Position = {
  latitudeDeg: 51.501364,
  longitudeDeg: -0.14189,
  source: 'gpsd',
  ageMs: 120,
  isInterpolated: true,
};
const CLOCK = { source: 'unknown' } as const;

let folder: string;
let keyFile: string;
let publicKey: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'anprd-unseal-'));
  keyFile = join(folder, 'centre.key');
  const { out } = await runCommand(registerCentreKey, ['centre-key', '--out', keyFile, '--json']);
  publicKey = JSON.parse(out).publicKey;
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const unseal = (...args: string[]) => runCommand(register, ['unseal', ...args]);

/** A hit with its read, a read without a position, and an event, as anprctl export writes them. */
async function exported(): Promise<string> {
  const sealer = new PositionSealer({ centrePublicKey: publicKey, unitId: 'unit-1' });
  const store = recordStoreIn(folder, { clock: new ManualClock() });
  await store.start();
  const hit = passageOf('BD51SMR');
  const position = sealer.seal(PLACE, hit.id);
  store.commit({ passage: hit, match: matchOf('BD51SMR', 'stolen'), clock: CLOCK, position });
  store.commit({ passage: passageOf('CD34EFG'), clock: CLOCK });
  const id = idOf('event', 1);
  const event = { id, kind: 'tamper-opened', atMs: 1_790_000_000_000, clock: CLOCK } as const;
  store.commitEvent({ ...event, position: sealer.seal(PLACE, id) });
  await store.stop();
  const file = join(folder, 'evidence.ndjson');
  const database = ['--database', join(folder, 'records.db'), '--storage-key', keyFileIn(folder)];
  writeFileSync(join(folder, 'anprd.yaml'), '{}');
  const { code, err } = await runCommand(registerExport, [
    ...['export', '--out', file, '--config', join(folder, 'anprd.yaml')],
    ...database,
  ]);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return file;
}

const linesIn = (text: string) => text.trimEnd().split('\n');
const parsed = (text: string) => linesIn(text).map((line) => JSON.parse(line));

describe('anprctl centre-key', () => {
  it('makes a key of its owner’s alone, and shows what devices are given', async () => {
    const file = join(folder, 'another.key');
    const { code, out } = await runCommand(registerCentreKey, ['centre-key', '--out', file]);
    expect(code).toBe(0);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(out).toMatch(/position:\n {2}centrePublicKey: '[A-Za-z0-9+/]{43}='\n$/);
    const again = await runCommand(registerCentreKey, ['centre-key', '--public', file]);
    expect(linesIn(again.out).slice(1)).toEqual(linesIn(out).slice(1));
  });

  it('never replaces one', async () => {
    const before = readFileSync(keyFile, 'utf8');
    const { code, err } = await runCommand(registerCentreKey, ['centre-key', '--out', keyFile]);
    expect(code).toBe(1);
    expect(err).toContain('exists already and was left as it is');
    expect(readFileSync(keyFile, 'utf8')).toBe(before);
  });
});

describe('anprctl unseal', () => {
  it('prints statements as they came, with their positions opened out', async () => {
    const file = await exported();
    const { code, out, err } = await unseal('--key', keyFile, file);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const [hit, read, other, event] = parsed(out);
    const [sealedHit] = parsed(readFileSync(file, 'utf8'));
    expect(hit).toEqual({ ...sealedHit, read: { ...sealedHit.read, position: PLACE } });
    expect(read).toMatchObject({ type: 'read', position: PLACE });
    expect(linesIn(out)[2]).toBe(linesIn(readFileSync(file, 'utf8'))[2]);
    expect(other).not.toHaveProperty('position');
    expect(event).toMatchObject({ type: 'event', kind: 'tamper-opened', position: PLACE });
  });

  it('opens them in structured events as well, with whichever of several keys', async () => {
    const old = join(folder, 'old.key');
    await runCommand(registerCentreKey, ['centre-key', '--out', old]);
    const file = await exported();
    const event = { specversion: '1.0', data: parsed(readFileSync(file, 'utf8'))[1] };
    writeFileSync(file, JSON.stringify(event));
    const { code, out } = await unseal('--key', old, '--key', keyFile, file);
    expect(code).toBe(0);
    expect(parsed(out)[0].data.position).toEqual(PLACE);
  });

  it('names each line that it cannot open, prints it as it came, and goes on', async () => {
    const file = await exported();
    const lines = linesIn(readFileSync(file, 'utf8'));
    const [hit, read, other, event] = lines as [string, string, string, string];
    const stolen = JSON.stringify({ ...JSON.parse(other), position: JSON.parse(read).position });
    const given = [hit.slice(0, 40), stolen, event.replaceAll('unit-1', 'unit-2'), hit];
    writeFileSync(file, given.join('\n'));
    const { code, out, err } = await unseal('--key', keyFile, file);
    expect(code).toBe(1);
    const differs = 'it does not open: changed on its way, or of another record or unit';
    expect(err).toBe(`${file} line 1: no JSON\n${file} line 2: ${differs}\n${file} line 3: ${differs}\n`);
    expect(linesIn(out).slice(0, 3)).toEqual(given.slice(0, 3));
    expect(parsed(linesIn(out)[3] as string)[0].read.position).toEqual(PLACE);
  });

  it('says which key a position wants', async () => {
    const other = join(folder, 'other.key');
    await runCommand(registerCentreKey, ['centre-key', '--out', other]);
    const file = await exported();
    const { code, err } = await unseal('--key', other, file);
    expect(code).toBe(1);
    expect(err).toMatch(/^.* line 1: sealed to key [0-9a-f]{16}, which was not given\n/);
  });

  it.each([
    ['that is missing', () => join(folder, 'none.key')],
    ['that is none', () => join(folder, 'anprd.txt')],
  ])('wants a key, and says what to do about one %s', async (_, path) => {
    writeFileSync(join(folder, 'anprd.txt'), 'no key', { mode: 0o600 });
    const { code, err } = await unseal('--key', path(), '-');
    expect(code).toBe(1);
    expect(err).toContain('anprctl centre-key --out');
  });
});
