import { chmodSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { EXIT_USAGE } from '../../src/cli/failure.js';
import { ListStore } from '../../src/matching/list-store/list-store.js';
import type { CommandOutcome } from '../support/command.js';
import { anprctl, configure, csv, folder, run } from '../support/hotlist-command.js';
import { startMosquitto } from '../support/mosquitto.js';
import { keyIn } from '../support/storage-key.js';

/** anprctl hotlist on an owner's side: diff, keygen, publish, export of packages, and what a device takes of them. */

describe('anprctl hotlist diff', () => {
  const before = 'vrm,reason\nAB12CDE,a\nCD34EFG,b\nBD51SMO,c\n';
  const after = 'vrm,reason\nAB12CDE,a\nCD34EFG,other\nEF56GHJ,d\n';

  it('counts what differs, and names it when asked', async () => {
    const [a, b] = [csv(before, 'a.csv'), csv(after, 'b.csv')];
    expect(await anprctl('diff', a, b)).toMatchObject({ code: 0, out: '1 added, 1 changed, 1 removed\n' });
    expect((await anprctl('diff', a, b, '--list')).out).toBe(
      '- BD51SMO\n~ CD34EFG\n+ EF56GHJ\n1 added, 1 changed, 1 removed\n',
    );
    expect(JSON.parse((await anprctl('diff', a, b, '--list', '--json')).out)).toEqual({
      added: 1,
      changed: 1,
      removed: 1,
      marks: { added: ['EF56GHJ'], changed: ['CD34EFG'], removed: ['BD51SMO'] },
    });
  });

  it('says what a side can be where it is none', async () => {
    const { code, err } = await anprctl('diff', join(folder, 'none.csv'), csv(after));
    expect(code).toBe(1);
    expect(err).toMatch(/Name a CSV file, a package/);
  });
});

describe("an owner's side", () => {
  const rows = (reason: string, marks = 300) =>
    `vrm,reason\n${Array.from({ length: marks }, (_, index) => `M${index},${index === 7 ? reason : 'x'}\n`).join('')}`;
  let key: string;
  let publicKey: string;
  let packageFolder: string;
  beforeEach(async () => {
    key = join(folder, 'stolen.pem');
    packageFolder = join(folder, 'package');
    publicKey = JSON.parse((await run(['keygen', '--out', key, '--json'])).out).publicKey;
    configure([{ id: 'stolen', publicKeys: [publicKey] }]);
  });

  const publish = (file: string, ...more: string[]) =>
    run(['publish', file, '--list', 'stolen', '--key', key, '--folder', packageFolder, ...more]);

  it('makes a key for its owner alone, never over one that is there', async () => {
    expect(statSync(key).mode & 0o777).toBe(0o600);
    const text = readFileSync(key, 'utf8');
    const { code, err } = await run(['keygen', '--out', key]);
    expect({ code, text: readFileSync(key, 'utf8') }).toEqual({ code: 1, text });
    expect(err).toContain('exists already');
    const { out } = await run(['keygen', '--out', join(folder, 'other.pem'), '--list', 'wanted']);
    expect(out).toMatch(/ {4}- \{id: wanted, publicKeys: \['[A-Za-z0-9+/]{43}='\]\}/);
  });

  it.each<[string, (path: string) => void, string]>([
    ['is not there', (path) => rmSync(path), 'cannot read the key'],
    ['is no key', (path) => writeFileSync(path, 'x'), 'holds no Ed25519 private key'],
    ['others may read', (path) => chmodSync(path, 0o644), 'open to others'],
  ])('signs with no key that %s', async (_, change, said) => {
    change(key);
    const { code, err } = await publish(csv(rows('a')));
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining(said) });
    expect(existsSync(packageFolder)).toBe(false);
  });

  it('goes to devices as a file or a folder, as a snapshot first and then as what changed', async () => {
    const voi = join(folder, 'stolen.voi');
    const first = await publish(csv(rows('a')), '--level', 'force', '--owner', 'us', '--out', voi);
    expect(first.out).toContain(
      'list stolen: revision 1, 300 entries of 300 marks; 300 added, 0 changed, 0 removed; a new snapshot',
    );
    expect(await anprctl('import', voi, '--list', 'stolen')).toMatchObject({
      code: 0,
      out: 'list stolen: revision 1, 300 entries of 300 marks, signed\n',
    });
    const second = await publish(csv(rows('b')), '--json');
    expect(JSON.parse(second.out)).toMatchObject({
      manifest: { revision: 2, level: 'force', owner: 'us', snapshot: { revision: 1 } },
      changes: { added: 0, changed: 1, removed: 0 },
    });
    expect((await anprctl('diff', 'stolen', packageFolder, '--list')).out).toBe(
      '~ M7\n0 added, 1 changed, 0 removed\n',
    );
    expect((await anprctl('import', packageFolder, '--list', 'stolen')).out).toContain('revision 2');
    expect((await anprctl('diff', 'stolen', csv(rows('b')))).out).toBe('0 added, 0 changed, 0 removed\n');
    const status = JSON.parse((await anprctl('status', '--json')).out);
    expect(status.lists).toMatchObject([
      { id: 'stolen', list: { origin: 'signed', level: 'force', owner: 'us', revision: 2 } },
    ]);
  });

  it('confirms what did not change, which makes the list younger on devices', async () => {
    await publish(csv(rows('a')));
    await anprctl('import', packageFolder, '--list', 'stolen');
    const issued = async () => JSON.parse((await anprctl('status', '--json')).out).lists[0].list.issuedAtMs;
    const before = await issued();
    expect((await publish(csv(rows('a')))).out).toContain(
      'revision 1, 300 entries of 300 marks; nothing changed, confirmed',
    );
    await anprctl('import', packageFolder, '--list', 'stolen');
    expect(await issued()).toBeGreaterThan(before);
  });

  it('is refused in every other way, and the list in force stays', async () => {
    const voi = join(folder, 'stolen.voi');
    await publish(csv(rows('a')), '--out', voi);
    const old = readFileSync(voi);
    await anprctl('import', voi, '--list', 'stolen');
    await publish(csv(rows('b')), '--out', voi);
    await anprctl('import', voi, '--list', 'stolen');
    const whole = readFileSync(voi);
    const broken = (bytes: Uint8Array) => csv(bytes, 'broken.voi');
    const refusals: [string, () => Promise<CommandOutcome>, RegExp][] = [
      [
        'a CSV',
        () => anprctl('import', csv(rows('c')), '--list', 'stolen'),
        /keys pinned in the configuration/,
      ],
      [
        'an older revision',
        () => anprctl('import', broken(old), '--list', 'stolen'),
        /revision 1 was offered after revision 2/,
      ],
      [
        'cut off',
        () => anprctl('import', broken(whole.subarray(0, -9)), '--list', 'stolen'),
        /byte \d+: the file is cut off/,
      ],
      [
        'garbage',
        () => anprctl('import', broken(Buffer.from('garbage\n')), '--list', 'stolen'),
        /envelope is no JSON/,
      ],
      [
        'another list',
        () => anprctl('import', broken(whole), '--list', 'wanted'),
        /no key is pinned for the list wanted/,
      ],
    ];
    for (const [what, attempt, said] of refusals) {
      const { code, err } = await attempt();
      expect(`${code} ${err}`, what).toMatch(said);
      expect(code, what).toBe(1);
      expect((await anprctl('check', 'M7')).out, what).toContain('revision 2: b');
    }
    configure([{ id: 'stolen', publicKeys: [`${'A'.repeat(43)}=`] }]);
    await publish(csv(rows('c')), '--out', voi);
    const { code, err } = await anprctl('import', voi, '--list', 'stolen');
    expect({ code, err }).toEqual({
      code: 1,
      err: expect.stringContaining('not signed by a key that is pinned'),
    });
    expect((await anprctl('check', 'M7')).out).toContain('revision 2: b');
  });

  it('is shown while it is on its way to a device', async () => {
    await publish(csv(rows('a')));
    const store = new ListStore({ path: join(folder, 'hotlist.db'), key: keyIn(folder) });
    store.open();
    store.putOffer('stolen', readFileSync(join(packageFolder, 'manifest')));
    store.stageBlob('stolen', 'snapshot/1/0', readFileSync(join(packageFolder, 'snapshot/1/0')));
    store.close();
    expect((await anprctl('status')).out).toContain(
      'stolen: not here yet\n  on its way: revision 1, 1 of 2 blobs, 32 bytes\n',
    );
  });

  it('says itself what an administrator may say of a CSV only', async () => {
    await publish(csv(rows('a')));
    const { code, err } = await anprctl('import', packageFolder, '--list', 'stolen', '--level', 'force');
    expect({ code, err }).toEqual({ code: EXIT_USAGE, err: expect.stringContaining('are for a CSV') });
  });

  it('changes its key when told which signed before', async () => {
    await publish(csv(rows('a')));
    const other = join(folder, 'other.pem');
    const otherKey = JSON.parse((await run(['keygen', '--out', other, '--json'])).out).publicKey;
    const publishOther = (...more: string[]) =>
      run([
        'publish',
        csv(rows('b')),
        '--list',
        'stolen',
        '--key',
        other,
        '--folder',
        packageFolder,
        ...more,
      ]);
    expect((await publishOther()).err).toMatch(
      /was signed with another key; expected [0-9a-f]{16}[\s\S]*--previous-key KEY/,
    );
    expect((await publishOther('--previous-key', otherKey)).err).toContain('--previous-key KEY');
    expect((await publishOther('--previous-key', publicKey)).out).toContain('revision 2');
    configure([{ id: 'stolen', publicKeys: [publicKey, otherKey] }]);
    expect((await anprctl('import', packageFolder, '--list', 'stolen')).code).toBe(0);
  });

  it('is not emptied by a file that has no row, unless that is meant, nor ever by one of bad rows', async () => {
    const accepted = (text: string) => publish(csv(text), '--accept-removals');
    await publish(csv(rows('a')));
    expect((await publish(csv('vrm\n'))).err).toMatch(/from 300 marks to 0[\s\S]*--accept-removals/);
    expect((await accepted('vrm\n?\n')).err).toContain('no usable row');
    expect((await accepted('')).err).toContain('the file is empty');
    expect(JSON.parse((await publish(csv(rows('a')), '--json')).out).isNewRevision).toBe(false);
    await anprctl('import', packageFolder, '--list', 'stolen');
    expect((await anprctl('check', 'M7')).code).toBe(0);
    expect((await accepted('vrm\n')).out).toContain(
      'revision 2, 0 entries of 0 marks; 0 added, 0 changed, 300 removed',
    );
    expect((await anprctl('import', packageFolder, '--list', 'stolen')).code).toBe(0);
    expect((await anprctl('check', 'M7')).code).toBe(1);
  });

  it('is told where to begin in a new folder only', async () => {
    expect((await publish(csv(rows('a')), '--first-revision', '7')).out).toContain('revision 7');
    const { code, err } = await publish(csv(rows('b')), '--first-revision', '9');
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('is at revision 7') });
  });

  it('is sent again whole only to a broker', async () => {
    const { code, err } = await publish(csv(rows('a')), '--resend');
    expect({ code, err }).toEqual({ code: EXIT_USAGE, err: expect.stringContaining('--broker') });
    expect(existsSync(packageFolder)).toBe(false);
  });

  it('puts the package on a broker, and takes off what is over', async () => {
    const broker = await startMosquitto();
    try {
      const first = await publish(csv(rows('a')), '--broker', broker.url);
      expect(first.out).toMatch(/on the broker: 2 blobs of \d+ bytes sent, 0 taken off/);
      const second = JSON.parse((await publish(csv(rows('b')), '--broker', broker.url, '--json')).out);
      expect(second).toMatchObject({ manifest: { revision: 2 }, uploaded: { blobs: 2, removed: 0 } });
      const again = await publish(csv(rows('b')), '--broker', broker.url, '--resend');
      expect(again.out).toMatch(/on the broker: 4 blobs of/);
      const client = await connectAsync(broker.url);
      const topics: string[] = [];
      client.on('message', (topic) => topics.push(topic));
      await client.subscribeAsync('anpr/lists/stolen/#');
      await vi.waitFor(() => expect(topics).toHaveLength(5));
      await client.endAsync();
      expect(topics.sort()).toEqual([
        'anpr/lists/stolen/delta/1-2/0',
        'anpr/lists/stolen/delta/1-2/1',
        'anpr/lists/stolen/manifest',
        'anpr/lists/stolen/snapshot/1/0',
        'anpr/lists/stolen/snapshot/1/1',
      ]);
    } finally {
      await broker.remove();
    }
  });

  it('says which broker or topic is none', async () => {
    const { code, err } = await publish(csv(rows('a')), '--broker', 'broker.example');
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('--broker: expected a URL') });
    expect((await publish(csv(rows('a')), '--broker', 'mqtt://x', '--topic-prefix', 'a/#')).err).toContain(
      '--topic-prefix',
    );
    expect(existsSync(packageFolder)).toBe(false);
  });
});
