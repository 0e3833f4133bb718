import { spawnSync } from 'node:child_process';
import { closeSync, fstatSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../../..');

/** Standard error is a file here: what makes it the journal is that systemd's word names its inode. */
describe('the log', () => {
  // In the checkout, so that pino is found.
  const folder = mkdtempSync(join(ROOT, 'node_modules/.anprd-log-'));
  const stderrPath = join(mkdtempSync(join(tmpdir(), 'anprd-log-')), 'stderr');

  beforeAll(() => {
    const { outputText } = ts.transpileModule(readFileSync(join(ROOT, 'src/lib/log.ts'), 'utf8'), {
      compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
    });
    writeFileSync(join(folder, 'log.mjs'), outputText);
    writeFileSync(
      join(folder, 'main.mjs'),
      `import { createLogger } from './log.mjs';
       const log = createLogger('debug');
       for (const level of ['debug', 'info', 'warn', 'error', 'fatal']) log[level]({ count: 1 }, level);
       log.child({ camera: 'cam-1' }).warn('a child of it');`,
    );
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
    rmSync(resolve(stderrPath, '..'), { recursive: true });
  });

  function logged(journalOf: (stat: { dev: bigint; ino: bigint }) => string | undefined): string[] {
    const file = openSync(stderrPath, 'w');
    const JOURNAL_STREAM = journalOf(fstatSync(file, { bigint: true }));
    const { JOURNAL_STREAM: _outer, ...env } = process.env;
    const { status } = spawnSync(process.execPath, [join(folder, 'main.mjs')], {
      stdio: ['ignore', 'inherit', file],
      env: { ...env, ...(JOURNAL_STREAM !== undefined && { JOURNAL_STREAM }) },
    });
    closeSync(file);
    expect(status).toBe(0);
    return readFileSync(stderrPath, 'utf8').trimEnd().split('\n');
  }

  it('bears priorities where standard error is the journal', () => {
    const lines = logged(({ dev, ino }) => `${dev}:${ino}`);
    expect(lines.map((line) => line.slice(0, 4))).toEqual(['<7>{', '<6>{', '<4>{', '<3>{', '<2>{', '<4>{']);
    expect(JSON.parse(lines[3]?.slice(3) as string)).toMatchObject({ level: 50, count: 1, msg: 'error' });
  });

  it.each([
    ['nobody names a journal', () => undefined],
    ['the journal is named and standard error goes elsewhere', () => '1:1'],
  ])('is plain JSON where %s', (_what, journalOf) => {
    const levels = logged(journalOf).map((line) => JSON.parse(line).level);
    expect(levels).toEqual([20, 30, 40, 50, 60, 40]);
  });
});
