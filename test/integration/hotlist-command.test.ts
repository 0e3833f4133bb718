import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { EXIT_USAGE } from '../../src/cli/failure.js';
import { ControlServer } from '../../src/control/server.js';
import { createLogger } from '../../src/lib/log.js';
import { NO_CREW } from '../support/display-rig.js';
import { anprctl, configure, csv, folder } from '../support/hotlist-command.js';

describe('anprctl hotlist import, of a CSV', () => {
  it('refuses a pipe and a device, which can be read only once', async () => {
    const { code, err } = await anprctl('import', '/dev/null', '--list', 'watch');
    expect(code).toBe(1);
    expect(err).toContain('/dev/null: it is no file; a pipe or a device will not do');
  });

  it('takes a list over, and names the rows it left out by line and reason', async () => {
    const file = csv('VRM,Make,Weed Date\nAB12 CDE,FORD,\nnot a mark!,FORD,\nCD34EFG,VW,soon\nBD51SMR,VW,\n');
    const { code, out, err } = await anprctl('import', file, '--list', 'watch');
    expect({ code, out }).toEqual({
      code: 0,
      out: 'list watch: revision 1, 2 entries of 2 marks; 2 added, 0 changed, 0 removed; 2 bad rows left out\n',
    });
    expect(err).toContain('line 3: no valid VRM');
    expect(err).toContain('line 4: no valid weed date');
    expect(err).not.toContain('not a mark!');
  });

  it('goes on with what changed, and keeps what was said of the list', async () => {
    const first = csv('vrm,reason\nAB12CDE,a\nCD34EFG,b\nEF56GHJ,c\nGH78JKL,d\nJK90LMN,e\nLM12NPQ,f\n');
    await anprctl(
      'import',
      first,
      '--list',
      'watch',
      '--level',
      'force',
      '--owner',
      'us',
      '--default-action',
      'STOP',
    );
    const second = csv('vrm,reason\nAB12CDE,a\nCD34EFG,other\nEF56GHJ,c\nGH78JKL,d\nJK90LMN,e\nLM12NPQ,f\n');
    const { out } = await anprctl('import', second, '--list', 'watch', '--json');
    expect(JSON.parse(out)).toMatchObject({
      list: { id: 'watch', revision: 2, level: 'force', owner: 'us', defaultAction: 'STOP', origin: 'local' },
      changes: { added: 0, changed: 1, removed: 0 },
      entries: 6,
      badRows: 0,
    });
    expect((await anprctl('check', 'CD34EFG')).out).toContain('revision 2: STOP, other');
    const third = csv('vrm\nXY12ZZZ\n');
    expect((await anprctl('import', third, '--list', 'watch')).out).toContain(
      '1 added, 0 changed, 6 removed',
    );
    expect((await anprctl('check', 'CD34EFG')).code).toBe(1);
  });

  it('tells the first 20 bad rows and counts the others', async () => {
    const { err } = await anprctl('import', csv(`vrm\nAB12CDE\n${'?\n'.repeat(33)}`), '--list', 'watch');
    expect(err.match(/^line /gm)).toHaveLength(20);
    expect(err).toContain('and 13 more bad rows');
  });

  it.each<[string, string | Buffer, string]>([
    ['a byte-order mark', '\ufeffvrm,reason\nAB12CDE,x\n', 'x'],
    ['CRLF', 'vrm,reason\r\nAB12CDE,x\r\n', 'x'],
    ['Latin-1', Buffer.from('vrm,reason\nAB12CDE,CITRO\xcbN\n', 'latin1'), 'CITROËN'],
    ['quotes', 'vrm,reason\n"AB12CDE","a ""b"", c"\n', 'a "b", c'],
    ['missing columns', 'reason,vrm\nx,AB12CDE\n', 'x'],
    ['a formula', 'vrm,reason\nAB12CDE,=cmd|calc\n', '=cmd|calc'],
    [
      '10 MB in one line, which costs only itself',
      `vrm,reason\nCD34EFG,${'x'.repeat(1e7)}\nAB12CDE,x\n`,
      'x',
    ],
  ])('takes %s', async (_, text, reason) => {
    await anprctl('import', csv(text), '--list', 'watch');
    const { out } = await anprctl('check', 'AB12CDE', '--json');
    expect(JSON.parse(out)).toMatchObject({ entries: [{ entry: { reason } }] });
  });

  it.each([
    ['no usable row', 'vrm\n?\n', 'no usable row'],
    ['no header', 'CD34EFG\n', 'does not name the columns'],
    ['an extra column', 'vrm,colr\nCD34EFG,x\n', 'column 2 ("colr") is unknown'],
    ['an empty file', '', 'the file is empty'],
  ])('exits 1 and keeps the old list: %s', async (_, text, said) => {
    await anprctl('import', csv('vrm\nAB12CDE\n'), '--list', 'watch');
    const { code, out, err } = await anprctl('import', csv(text), '--list', 'watch');
    expect(code).toBe(1);
    expect(out + err).toContain(said);
    expect((await anprctl('check', 'AB12CDE')).code).toBe(0);
  });

  it('exits 1 where the file is not there, and says what was expected', async () => {
    const { code, err } = await anprctl('import', join(folder, 'nothing.csv'), '--list', 'watch');
    expect(code).toBe(1);
    expect(err).toMatch(/cannot read .*nothing\.csv[\s\S]*Name a CSV file/);
  });

  it('refuses a file that lacks most of the list, which may have broken off, unless that is meant', async () => {
    const rows = (count: number) =>
      csv(`vrm\n${Array.from({ length: count }, (_, index) => `M${index + 1}`).join('\n')}\n`);
    await anprctl('import', rows(300), '--list', 'watch');
    const { code, err } = await anprctl('import', rows(149), '--list', 'watch');
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('from 300 marks to 149') });
    expect((await anprctl('check', 'M300')).code).toBe(0);
    expect((await anprctl('import', rows(149), '--list', 'watch', '--accept-removals')).code).toBe(0);
    expect((await anprctl('check', 'M300')).code).toBe(1);
  });

  it('matches nothing on it after its expiry', async () => {
    await anprctl('import', csv('vrm\nAB12CDE\n'), '--list', 'watch', '--expires', '2h');
    expect((await anprctl('check', 'AB12CDE')).code).toBe(0);
    expect((await anprctl('status')).out).toMatch(/\n {2}expires 20\d\d-/);
  });

  it.each([
    ['without a list', ['import', 'x.csv']],
    ['with a list id that is none', ['import', 'x.csv', '--list', 'Stolen Cars']],
    ['with a level that is none', ['import', 'x.csv', '--list', 'watch', '--level', 'galactic']],
    ['with an expiry that is over', ['import', 'x.csv', '--list', 'watch', '--expires', '2020-01-01']],
    ['with an expiry that is now', ['import', 'x.csv', '--list', 'watch', '--expires', '0h']],
    ['with an owner of several lines', ['import', 'x.csv', '--list', 'watch', '--owner', 'A\nForce']],
    ['with an action without end', ['import', 'x.csv', '--list', 'w', '--default-action', 'x'.repeat(201)]],
    ['with an unknown option', ['status', '--wat']],
    ['with a mark that is none', ['check', '???']],
    ['with a key that is none', ['diff', 'a', 'b', '--public-key', 'x']],
  ])('is wrong usage %s', async (_, args) => {
    expect((await anprctl(...args)).code).toBe(EXIT_USAGE);
  });
});

describe('anprctl hotlist check', () => {
  it('names the most urgent entry first, as a hit does', async () => {
    const file = csv('vrm,action,reason\nAB12CDE,OBSERVE,seen\nAB12CDE,STOP,stolen\n');
    await anprctl('import', file, '--list', 'a-far-list', '--level', 'national');
    await anprctl('import', csv('vrm,reason\nAB12CDE,near\n'), '--list', 'near', '--default-action', 'STOP');
    expect((await anprctl('check', 'AB12CDE')).out.match(/\w+$/gm)).toEqual(['near', 'stolen', 'seen']);
  });
});

describe('anprctl hotlist export', () => {
  it('gives a list that import takes for the same, and that no spreadsheet runs', async () => {
    const text = [
      'vrm,make,reason,weed_date,valid_from,valid_to',
      'AB12CDE,CITROËN,=HYPERLINK("http://x"),2031-05-06,2026-01-01T00:00:00Z,',
      `CD34EFG,"a, ""b""",'=1,,,2031-01-01T00:00:00Z`,
      'CD34EFG,second,+44,,,',
    ].join('\n');
    await anprctl(
      'import',
      csv(text.replace(/=HYPERLINK\("http:\/\/x"\)/, '"=HYPERLINK(""http://x"")"')),
      '--list',
      'watch',
    );
    const out = join(folder, 'out.csv');
    expect((await anprctl('export', '--list', 'watch', '--out', out)).code).toBe(0);
    expect(statSync(out).mode & 0o777).toBe(0o600);
    const exported = readFileSync(out, 'utf8');
    for (const field of exported.split(/[,\n]/)) expect(field).not.toMatch(/^"?[=+@-]/);
    expect((await anprctl('diff', 'watch', out)).out).toBe('0 added, 0 changed, 0 removed\n');
    const rows = (await anprctl('export', '--list', 'watch', '--json')).out.trim().split('\n');
    expect(rows.map((row) => JSON.parse(row).reason)).toEqual(['=HYPERLINK("http://x")', '=1', '+44']);
    expect(`\ufeff${(await anprctl('export', '--list', 'watch')).out}`).toBe(exported);
  });

  it('exits 1 where there is no such list', async () => {
    await anprctl('import', csv('vrm\nAB12CDE\n'), '--list', 'watch');
    const { code, err } = await anprctl('export', '--list', 'other');
    expect(code).toBe(1);
    expect(err).toContain('there is no list other');
  });
});

describe('anprctl hotlist remove', () => {
  it('takes a list off, and leaves the others', async () => {
    await anprctl('import', csv('vrm\nAB12CDE\n'), '--list', 'watch');
    await anprctl('import', csv('vrm\nCD34EFG\n'), '--list', 'other');
    expect(await anprctl('remove', '--list', 'watch')).toMatchObject({
      code: 0,
      out: 'list watch: removed, with 1 entry\n',
    });
    expect((await anprctl('check', 'AB12CDE')).code).toBe(1);
    expect((await anprctl('check', 'CD34EFG')).code).toBe(0);
    expect((await anprctl('remove', '--list', 'watch')).err).toContain('there is no list watch');
    expect((await anprctl('import', csv('vrm\nAB12CDE\n'), '--list', 'watch')).out).toContain('revision 2');
  });

  it('leaves a list that would come again', async () => {
    await anprctl('import', csv('vrm\nAB12CDE\n'), '--list', 'watch');
    configure([{ id: 'watch', publicKeys: [`${'A'.repeat(43)}=`] }]);
    const { code, err } = await anprctl('remove', '--list', 'watch');
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('would come again') });
    expect((await anprctl('check', 'AB12CDE')).code).toBe(0);
  });
});

describe('anprctl hotlist status', () => {
  it('shows each list with its revision, size, age and next weed date', async () => {
    const nextYear = new Date().getUTCFullYear() + 1;
    await anprctl(
      'import',
      csv(`vrm,weed_date\nAB12CDE,2020-01-01\nCD34EFG,${nextYear}-03-04\n`),
      '--list',
      'watch',
    );
    const { code, out } = await anprctl('status');
    expect(code).toBe(0);
    expect(out).toMatch(/^watch: revision 1 \(local; local\), 2 entries of 2 marks\n {2}issued 20\d\d-/);
    expect(out).toContain(`next weed date ${nextYear}-03-04`);
    expect(out).toContain('the daemon does not answer');
    const { lists } = JSON.parse((await anprctl('status', '--json')).out);
    expect(lists).toMatchObject([{ id: 'watch', list: { revision: 1, isOverAge: false } }]);
  });

  it('shows a list that the configuration names and that has not come', async () => {
    await anprctl('import', csv('vrm\nAB12CDE\n'), '--list', 'watch');
    configure([{ id: 'stolen', publicKeys: [`${'A'.repeat(43)}=`] }]);
    expect((await anprctl('status')).out).toContain('stolen: not here yet');
  });

  it('shows how far the daemon is, where it answers', async () => {
    await anprctl('import', csv('vrm\nAB12CDE\n'), '--list', 'watch');
    configure([{ id: 'stolen', publicKeys: [`${'A'.repeat(43)}=`] }]);
    const refused = {
      listId: 'stolen',
      kind: 'refused',
      code: 'hotlist.replayed',
      message: 'an old one',
      hint: 'ask',
      atMs: 0,
    };
    const sync = { state: 'fetching', sinceMs: 0, revision: 7, haveBlobs: 1, ofBlobs: 3, refused };
    const hotlist = {
      state: 'loaded',
      detail: '',
      markCount: 1,
      clock: 'behind',
      keeperRestarts: 0,
      lists: [{ id: 'stolen', sync }],
    };
    const control = new ControlServer({
      socketPath: join(folder, 'control.sock'),
      snapshot: () => ({ hotlist }),
      metrics: async () => '',
      crew: NO_CREW,
      log: createLogger('silent'),
    });
    await control.start();
    try {
      const { out } = await anprctl('status');
      expect(out).toContain('stolen: not here yet\n  sync: fetching (revision 7)\n  an old one\n    ask\n');
      expect(out).toContain('the daemon matches 1 mark: loaded\nthe clock cannot be right');
      expect(JSON.parse((await anprctl('status', '--json')).out).daemon).toEqual(hotlist);
    } finally {
      await control.stop();
    }
  });

  it('says what to do where there is no database', async () => {
    const { code, err } = await anprctl('status');
    expect(code).toBe(1);
    expect(err).toContain('anprctl hotlist import');
  });
});

describe('anprctl hotlist check', () => {
  beforeEach(async () => {
    const text = [
      'vrm,action,weed_date,valid_from,valid_to',
      'BD51SMO,STOP,,,',
      'OLD1,STOP,2020-01-01,,',
      'NEW1,STOP,,2099-01-01,',
      'GONE1,STOP,,,2020-01-01',
    ].join('\n');
    await anprctl('import', csv(text), '--list', 'watch');
  });

  it('exits 0 and shows the entries where the vehicle is on a list', async () => {
    const { code, out } = await anprctl('check', 'bd51 smo');
    expect({ code, out }).toEqual({ code: 0, out: 'BD51SMO: exact on watch, revision 1: STOP\n' });
    expect((await anprctl('check', 'BD5ISM0')).out).toContain('equivalent (BD51SMO)');
    expect(JSON.parse((await anprctl('check', 'BD51SMO', '--json')).out)).toMatchObject({
      vrm: 'BD51SMO',
      entries: [{ kind: 'exact', list: { id: 'watch' }, entry: { vrm: 'BD51SMO', action: 'STOP' } }],
    });
  });

  it.each(['AB12CDE', 'OLD1', 'NEW1', 'GONE1'])('exits 1 where it is on none now: %s', async (mark) => {
    expect(await anprctl('check', mark)).toMatchObject({ code: 1, out: `${mark}: on no list\n` });
  });
});

describe('anprctl hotlist check, of a mark that looks like others', () => {
  it('names the listed ones that the reader may take for it, and counts them for nothing', async () => {
    await anprctl('import', csv('vrm\nA812CDE\nAB12CDF\nXY99ZZZ\n'), '--list', 'watch');
    const { code, out } = await anprctl('check', 'AB12CDE');
    expect(code).toBe(1);
    expect(out.split('\n')[0]).toBe('AB12CDE: on no list');
    expect(out).toContain('possible: A812CDE on watch, which the reader may take for it');
    expect(out).not.toContain('XY99ZZZ');
    const { entries, lookalikes } = JSON.parse((await anprctl('check', 'AB12CDE', '--json')).out);
    expect(entries).toEqual([]);
    expect(lookalikes[0]).toMatchObject({ list: { id: 'watch' } });
  });
});
