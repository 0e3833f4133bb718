import { createHash, createPublicKey } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { register as registerDeviceKey } from '../../src/cli/device-key.js';
import { register } from '../../src/cli/verify/command.js';
import type { ChainHead } from '../../src/domain/statement.js';
import { loadDeviceKey } from '../../src/evidence/device-key.js';
import { runCommand } from '../support/command.js';
import { deviceKey, deviceKeyOf, notaryOf } from '../support/notary.js';
import { idOf, statingUnit } from '../support/statements.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'anprd-verify-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const KEY = ['--key', deviceKey.publicKey];
const verify = (...args: string[]) => runCommand(register, ['verify', ...args]);

function file(lines: readonly string[], name = 'received.ndjson'): string {
  const path = join(folder, name);
  writeFileSync(path, lines.map((line) => `${line}\n`).join(''));
  return path;
}

function stream(count: number): string[] {
  const unit = statingUnit();
  return Array.from({ length: count }, (_, index) => (index % 3 === 2 ? unit.hit() : unit.read()).text);
}

const tampered = (text: string) => text.replace('BD51SMR', 'XX00XXX');

describe('anprctl verify', () => {
  it('exits 0 for an intact stream', async () => {
    const { code, out, err } = await verify(file(stream(9)), ...KEY);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain(`chain ${idOf('chain', 1)} of unit-1: 9 statements, 1 to 9`);
    expect(out).toMatch(/\nintact\n$/);
  });

  it('exits 1 and names the first break of each chain, without a mark', async () => {
    const lines = stream(9);
    const other = statingUnit(notaryOf('unit-2', deviceKeyOf(2)), idOf('chain', 2));
    const others = [other.read(), other.read(), other.read(), other.read()].map(({ text }) => text);
    const { recordId } = JSON.parse(lines[3] as string);
    const broken = [
      ...lines.with(3, tampered(lines[3] as string)),
      ...others.slice(0, 1),
      ...others.slice(3),
    ];
    const { code, out } = await verify(file(broken), ...KEY, '--key', `unit-2=${deviceKeyOf(2).publicKey}`);
    expect(code).toBe(1);
    expect(out).toContain(
      `BROKEN in 2 places, first: statement 4 (${recordId}) was changed: its signature does not hold`,
    );
    expect(out).toContain(
      'BROKEN in one place: statements 2 to 3 are missing, and the unit did not say that they would not come',
    );
    expect(out).toMatch(/\nNOT INTACT\n$/);
    expect(out).not.toMatch(/XX00XXX|BD51SMR/);
  });

  it('prints JSON', async () => {
    const { code, out } = await verify(file(stream(6).toSpliced(1, 1)), ...KEY, '--json');
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      intact: false,
      badLines: 0,
      others: 0,
      chains: [{ missing: 1, firstBreak: { reason: 'missing', sequence: 2 } }],
    });
  });

  it('tells bad lines by number, and checks the rest', async () => {
    const path = file(stream(6).toSpliced(2, 0, '{"half":', '', '{"vrm":"BD51SMR"}'));
    const { code, out, err } = await verify(path, ...KEY);
    expect(code).toBe(1);
    expect(err).toContain(`${path} line 3: no JSON\n`);
    expect(err).toContain(`${path} line 5: no statement: type not as expected\n`);
    expect(err).not.toContain('BD51SMR');
    expect(out).toContain('6 statements, 1 to 6');
    expect(out).toContain('2 lines that could not be read');
  });

  it('tells of twenty bad lines, and counts the others', async () => {
    const { err } = await verify(file([...stream(1), ...Array(25).fill('x')]), ...KEY);
    expect(err.split('\n').filter((line) => line.includes(' line '))).toHaveLength(20);
    expect(err).toContain('and 5 more lines');
  });

  it('takes several files, structured events, and leaves out what is no statement', async () => {
    const lines = stream(4);
    const events = lines.slice(2).map((text) => {
      const data = JSON.parse(text);
      const id = data.hitId ?? data.recordId;
      return JSON.stringify({
        specversion: '1.0',
        id,
        source: 'urn:anprd:unit-1',
        type: `uk.anpr.${data.type}.v1`,
        data,
      });
    });
    const image = JSON.stringify({
      specversion: '1.0',
      id: 'x',
      type: 'uk.anpr.image.v1',
      data_base64: 'AA==',
    });
    const { code, out } = await verify(file([...events, image], 'a'), file(lines.slice(0, 2), 'b'), ...KEY);
    expect(code).toBe(0);
    expect(out).toContain('4 statements, 1 to 4');
    expect(out).toContain('1 messages that are no statements');
  });

  it('judges a part from its beginning to the head that was told on another way', async () => {
    const path = file(stream(9).slice(4, 7));
    expect((await verify(path, ...KEY)).code).toBe(1);
    expect((await verify(path, ...KEY, '--from', '5')).code).toBe(0);
    const head = ['--head', `${idOf('chain', 1)}:9`];
    const { code, out } = await verify(path, ...KEY, '--from', '5', ...head);
    expect(code).toBe(1);
    expect(out).toContain('statements 8 to 9 are missing');
  });

  it('sees that a chain was cut off which has ended, and takes one that was erased long ago as such', async () => {
    const ended = statingUnit();
    const lines = [ended.read(), ended.read(), ended.hit()].map(({ text }) => text);
    const laterId = idOf('chain', 2).replace(/^01a1/, '01a2');
    const first = (follows?: readonly ChainHead[]) => statingUnit(notaryOf(), laterId, follows).read().text;
    const cut = await verify(file([...lines.slice(0, 2), first([ended.head])]), ...KEY);
    expect(cut.code).toBe(1);
    expect(cut.out).toContain('BROKEN in one place: statement 3 is missing');
    const erased = ['--from', `${ended.head.chain}:4`, '--from', '1'];
    expect((await verify(file([first([ended.head])]), ...KEY)).code).toBe(1);
    expect((await verify(file([first([ended.head])]), ...KEY, ...erased)).code).toBe(0);
    const untold = await verify(file([...lines, first()]), ...KEY);
    expect(untold.code).toBe(0);
    expect(untold.out).toContain('it has ended, and no later chain says with which statement');
  });

  it('compares pictures with their digests', async () => {
    const jpeg = (content: string) => Buffer.from(`\xff\xd8\xff ${content}`, 'latin1');
    const sha256 = createHash('sha256').update(jpeg('right')).digest('base64url');
    const unit = statingUnit();
    const images = (['plate-patch', 'overview'] as const).map((kind) => ({ kind, revision: 2, sha256 }));
    const { text, id } = unit.read(images);
    const pictures = join(folder, 'pictures');
    mkdirSync(pictures);
    writeFileSync(join(pictures, `${id}.overview.2.jpg`), jpeg('right'));
    const path = file([text]);
    const good = await verify(path, ...KEY, '--images', pictures);
    expect(good).toMatchObject({
      code: 0,
      out: expect.stringContaining('1 as stated, 0 not, 1 not in the folder'),
    });
    writeFileSync(join(pictures, `${id}.plate-patch.2.jpg`), jpeg('wrong'));
    const bad = await verify(path, ...KEY, '--images', pictures);
    expect(bad).toMatchObject({
      code: 1,
      out: expect.stringContaining(`FIRST that is not as stated: ${id}.plate-patch.2`),
    });
  });

  it('exits 2 where there is nothing to verify, or no key', async () => {
    const path = file(stream(2));
    const cases: [string[], string][] = [
      [[join(folder, 'none'), ...KEY], 'cannot read'],
      [[folder, ...KEY], 'it is a folder'],
      [[file([], 'empty'), ...KEY], 'there is no statement in it'],
      [[path], "required option '--key"],
      [[path, '--key', 'AAAA'], 'expected 44 characters of base64'],
      [[path, ...KEY, '--from', '0'], 'whole number from 1'],
      [[path, ...KEY, '--head', 'x:1'], 'expected CHAIN:NUMBER'],
    ];
    for (const [args, message] of cases) {
      const { code, err } = await verify(...args);
      expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(message) });
    }
  });

  it('takes the key as a PEM file, never a private one', async () => {
    const private_ = join(folder, 'device.key');
    await runCommand(registerDeviceKey, ['device-key', '--out', private_]);
    const key = loadDeviceKey({ keyFile: private_ }, {});
    const x = Buffer.from(key.publicKey, 'base64').toString('base64url');
    const pem = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }).export({
      type: 'spki',
      format: 'pem',
    });
    const public_ = join(folder, 'public.pem');
    writeFileSync(public_, pem);
    const path = file([statingUnit(notaryOf('unit-3', key)).read().text]);
    expect((await verify(path, '--key', public_)).code).toBe(0);
    expect((await verify(path, '--key', `unit-3=${public_}`)).code).toBe(0);
    expect((await verify(path, '--key', `unit-4=${public_}`)).code).toBe(1);
    expect(await verify(path, '--key', private_)).toMatchObject({
      code: 2,
      err: expect.stringContaining('private key'),
    });
  });
});

describe('anprctl device-key', () => {
  const command = (...args: string[]) => runCommand(registerDeviceKey, ['device-key', ...args]);

  it('makes a key, and prints what the centre registers', async () => {
    const out = join(folder, 'device.key');
    const made = await command('--out', out, '--json');
    const { publicKey, keyId } = JSON.parse(made.out);
    expect(loadDeviceKey({ keyFile: out }, {})).toMatchObject({ publicKey, id: keyId });
    const shown = await command('--public', out);
    expect(shown).toMatchObject({ code: 0, out: `public key   ${publicKey}\nkey id       ${keyId}\n` });
    const advised = await command('--out', join(folder, 'other.key'));
    expect(advised.out).toContain(`LoadCredential=device-key:${join(folder, 'other.key')}`);
    expect(`${made.out}${shown.out}${advised.out}`).not.toContain('PRIVATE');
  });

  it('leaves one alone that is there, and makes none to show it', async () => {
    const out = join(folder, 'device.key');
    expect(await command('--public', out)).toMatchObject({
      code: 78,
      err: expect.stringContaining('cannot read'),
    });
    await command('--out', out);
    expect(await command('--out', out)).toMatchObject({
      code: 1,
      err: expect.stringContaining('exists already'),
    });
  });
});
