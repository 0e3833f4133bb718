import { spawnSync } from 'node:child_process';
import { accessSync, constants, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

/** The shell scripts: well-formed, and what they say to --help and to nonsense. */

const ROOT = resolve(import.meta.dirname, '../..');
const COMMANDS = readdirSync(join(ROOT, 'scripts'), { withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => `scripts/${entry.name}`);
const LIBRARY = readdirSync(join(ROOT, 'scripts/lib')).map((name) => `scripts/lib/${name}`);
const TRAIN = 'models/training/train';
const ALL = [...COMMANDS, ...LIBRARY, '.ci/run', TRAIN];

function run(command: string, ...args: string[]) {
  return spawnSync(command, args, { cwd: ROOT, encoding: 'utf8', input: '' });
}

const hasShellcheck = spawnSync('shellcheck', ['--version']).status === 0;

describe.each(ALL)('%s', (script) => {
  it('is bash that can be parsed', () => {
    expect(run('bash', '-n', script)).toMatchObject({ status: 0, stderr: '' });
  });

  it.skipIf(!hasShellcheck)(
    'has nothing that shellcheck (a Debian package, not installed everywhere) objects to',
    () => {
      expect(run('shellcheck', '--external-sources', '--source-path=.', script).stdout).toBe('');
    },
  );
});

describe.each([...COMMANDS, '.ci/run', TRAIN])('%s as a command', (script) => {
  it('may be executed', () => {
    expect(() => accessSync(join(ROOT, script), constants.X_OK)).not.toThrow();
  });
});

// scripts/bench is asked through its program, behind the set-up.
describe.each(COMMANDS.filter((script) => script !== 'scripts/bench'))('%s', (script) => {
  it('explains itself without setting anything up', () => {
    const { status, stdout } = run(join(ROOT, script), '--help');
    expect(status).toBe(0);
    expect(stdout).toContain(script);
    expect(stdout).not.toContain('set-up\n');
  });

  it('refuses what it does not know with exit code 2, and says what it knows', () => {
    const { status, stderr } = run(join(ROOT, script), '--nonsense');
    expect(status).toBe(2);
    expect(stderr).toContain('--nonsense');
    expect(stderr).toContain('--help');
  });
});
