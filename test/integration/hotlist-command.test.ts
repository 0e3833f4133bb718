import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EXIT_USAGE, reportFailure } from '../../src/cli/failure.js';
import { register } from '../../src/cli/hotlist.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'anprd-command-'));
});
afterEach(() => {
  process.exitCode = undefined;
  rmSync(folder, { recursive: true, force: true });
});

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `anprctl hotlist ...` on a database of the test's own, as main does. */
async function anprctl(...args: string[]): Promise<Outcome> {
  const written: Record<'out' | 'err', string[]> = { out: [], err: [] };
  const into = (stream: 'out' | 'err') => (text: string | Uint8Array) =>
    written[stream].push(String(text)) > 0;
  const program = new Command('anprctl').exitOverride();
  program.configureOutput({ writeErr: into('err') });
  register(program);
  const stdout = vi.spyOn(process.stdout, 'write').mockImplementation(into('out'));
  const stderr = vi.spyOn(process.stderr, 'write').mockImplementation(into('err'));
  process.exitCode = undefined;
  try {
    await program.parseAsync(['hotlist', ...args, '--database', join(folder, 'hotlist.db')], {
      from: 'user',
    });
    return { code: Number(process.exitCode ?? 0), out: written.out.join(''), err: written.err.join('') };
  } catch (error) {
    const code = reportFailure(error);
    return { code, out: written.out.join(''), err: written.err.join('') };
  } finally {
    stdout.mockRestore();
    stderr.mockRestore();
    process.exitCode = undefined;
  }
}

function csv(text: string): string {
  const path = join(folder, 'list.csv');
  writeFileSync(path, text);
  return path;
}

describe('anprctl hotlist import', () => {
  it('takes a list over, and names the rows it left out by line and reason', async () => {
    const file = csv('VRM,Make,Weed Date\nAB12 CDE,FORD,\nnot a mark!,FORD,\nCD34EFG,VW,soon\nBD51SMR,VW,\n');
    const { code, out, err } = await anprctl('import', file, '--list', 'stolen');
    expect({ code, out }).toEqual({
      code: 0,
      out: 'list stolen: revision 1, 2 entries, 2 bad rows left out\n',
    });
    expect(err).toContain('line 3: no valid VRM');
    expect(err).toContain('line 4: no valid weed date');
  });

  it('tells the first 20 bad rows and counts the others', async () => {
    const { err } = await anprctl('import', csv(`vrm\nAB12CDE\n${'?\n'.repeat(33)}`), '--list', 'stolen');
    expect(err.match(/^line /gm)).toHaveLength(20);
    expect(err).toContain('and 13 more bad rows');
  });

  it('prints the same as JSON', async () => {
    const { out } = await anprctl('import', csv('vrm\nAB12CDE\n?\n'), '--list', 'stolen', '--json');
    expect(JSON.parse(out)).toMatchObject({
      list: { id: 'stolen', revision: 1, entryCount: 1 },
      entries: 1,
      badRows: 1,
      firstBadRows: [{ line: 3 }],
      notUtf8Rows: 0,
    });
  });

  it.each([
    ['no usable row', 'vrm\n?\n', 'no usable row'],
    ['no header', 'CD34EFG\n', 'does not name the columns'],
    ['an empty file', '', 'the file is empty'],
  ])('exits 1 and keeps the old list: %s', async (_, text, said) => {
    await anprctl('import', csv('vrm\nAB12CDE\n'), '--list', 'stolen');
    const { code, out, err } = await anprctl('import', csv(text), '--list', 'stolen');
    expect(code).toBe(1);
    expect(out + err).toContain(said);
    expect((await anprctl('check', 'AB12CDE')).code).toBe(0);
  });

  it('exits 1 where the file is not there, and says what was expected', async () => {
    const { code, err } = await anprctl('import', join(folder, 'nothing.csv'), '--list', 'stolen');
    expect(code).toBe(1);
    expect(err).toMatch(/cannot read .*nothing\.csv[\s\S]*Name a CSV file/);
  });

  it.each([
    ['without a list', ['import', 'x.csv']],
    ['with a list id that is none', ['import', 'x.csv', '--list', 'Stolen Cars']],
    ['with an unknown option', ['list', '--wat']],
    ['with a mark that is none', ['check', '???']],
  ])('is wrong usage %s', async (_, args) => {
    expect((await anprctl(...args)).code).toBe(EXIT_USAGE);
  });
});

describe('anprctl hotlist list', () => {
  it('shows each list with its revision, size and age', async () => {
    await anprctl('import', csv('vrm\nAB12CDE\n'), '--list', 'stolen');
    await anprctl('import', csv('vrm\nAB12CDE\nCD34EFG\n'), '--list', 'stolen');
    expect((await anprctl('list')).out).toMatch(/^stolen: revision 2, 2 entries, imported 20\d\d-/);
    const [list] = JSON.parse((await anprctl('list', '--json')).out);
    expect(list).toMatchObject({ id: 'stolen', revision: 2, entryCount: 2 });
    expect(list.ageSeconds).toBeLessThan(60);
  });

  it('says what to do where there is no database', async () => {
    const { code, err } = await anprctl('list');
    expect(code).toBe(1);
    expect(err).toContain('anprctl hotlist import');
  });
});

describe('anprctl hotlist check', () => {
  beforeEach(async () => {
    const text = 'vrm,action,weed_date\nBD51SMO,STOP,\nOLD1,STOP,2020-01-01\n';
    await anprctl('import', csv(text), '--list', 'stolen');
  });

  it('exits 0 and shows the entries where the vehicle is on a list', async () => {
    const { code, out } = await anprctl('check', 'bd51 smo');
    expect({ code, out }).toEqual({ code: 0, out: 'BD51SMO: exact on stolen, revision 1: STOP\n' });
    expect((await anprctl('check', 'BD5ISM0')).out).toContain('equivalent (BD51SMO)');
    expect(JSON.parse((await anprctl('check', 'BD51SMO', '--json')).out)).toMatchObject({
      vrm: 'BD51SMO',
      entries: [{ list: { id: 'stolen' }, entry: { vrm: 'BD51SMO', action: 'STOP' } }],
    });
  });

  it('exits 1 where it is on none, or its weed date is over', async () => {
    expect(await anprctl('check', 'AB12CDE')).toMatchObject({ code: 1, out: 'AB12CDE: on no list\n' });
    expect((await anprctl('check', 'OLD1')).code).toBe(1);
  });
});
