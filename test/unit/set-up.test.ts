import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/** What the set-up decides: on which machine it goes on, which Node will do, what is done already. */

const CHECKOUT = resolve(import.meta.dirname, '../..');
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'anprd-setup-'));
  mkdirSync(join(folder, 'bin'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A command of the machine that answers as another machine's would. */
function pretend(command: string, answer: string): void {
  const path = join(folder, 'bin', command);
  writeFileSync(path, `#!/bin/sh\n${answer}\n`);
  chmodSync(path, 0o755);
}

/** Runs shell code after the set-up's functions, in a checkout that is this test's folder. */
function bash(code: string) {
  const begin = `set -euo pipefail; ROOT=${CHECKOUT}; source "$ROOT/scripts/lib/setup.sh"; ROOT=${folder}; cd "$ROOT"`;
  return spawnSync('bash', ['-c', `${begin}\n${code}`], {
    encoding: 'utf8',
    env: { ...process.env, PATH: `${join(folder, 'bin')}:${process.env.PATH}` },
  });
}

describe('the platform', () => {
  function machine(hardware: string, bits: number, packages: string) {
    pretend('uname', `if [ "$1" = -s ]; then echo Linux; else echo ${hardware}; fi`);
    pretend('getconf', `echo ${bits}`);
    pretend('dpkg', `echo ${packages}`);
    return bash('check_platform');
  }

  it.each([
    ['x86_64', 64, 'amd64'],
    ['aarch64', 64, 'arm64'],
  ])('%s with %i bits and packages for %s will do', (hardware, bits, packages) => {
    expect(machine(hardware, bits, packages)).toMatchObject({ status: 0, stderr: '' });
  });

  it.each([
    ['armv7l', 32, 'armhf'],
    // A Raspberry Pi 4 with a 64-bit kernel below 32-bit programs, as shipped for years.
    ['aarch64', 32, 'armhf'],
  ])(
    '%s with %i bits and packages for %s is a 32-bit Raspberry Pi OS, and told what to install',
    (hardware, bits, packages) => {
      const { status, stderr } = machine(hardware, bits, packages);
      expect(status).toBe(1);
      expect(stderr).toContain('32-bit Raspberry Pi OS: there is no ONNX Runtime for it');
      expect(stderr).toContain('Install the 64-bit Raspberry Pi OS');
    },
  );

  it.each([
    ['riscv64', 64, 'riscv64'],
    ['i686', 32, 'i386'],
  ])('%s is refused by name', (hardware, bits, packages) => {
    const { status, stderr } = machine(hardware, bits, packages);
    expect(status).toBe(1);
    expect(stderr).toContain(`this is a ${hardware} machine`);
  });

  it('other systems than Linux are refused by name', () => {
    pretend('uname', 'echo Darwin');
    expect(bash('check_platform').stderr).toContain('this is Darwin');
  });
});

describe('packages', () => {
  it('that are there cost nothing', () => {
    pretend('dpkg-query', 'printf "ii "');
    expect(bash("install_packages 'python3|why'")).toMatchObject({ status: 0, stdout: '', stderr: '' });
  });

  it('that are missing are named with the reason', () => {
    pretend('dpkg-query', 'exit 1');
    const { status, stdout } = bash(
      'as_root() { return 1; }; run_step() { echo "step: $*"; }; install_packages \'python3|because\'',
    );
    expect(stdout).toMatch(/python3 +because/);
    // Root is not asked for anything here; an ordinary user is told what to do instead.
    if (process.getuid?.() === 0) expect(stdout).toMatch(/^step: .* python3$/m);
    else expect(status).toBe(1);
  });
});

describe('packages that can be done without', () => {
  const entriesOf = (list: string) => bash(`printf '%s\\n' "\${${list}[@]}"`).stdout.trimEnd().split('\n');

  it.each(['TRAINING_PACKAGES', 'CLUSTER_PACKAGES', 'RECEIVER_PACKAGES'])(
    'are in lists of their own, each with its reason: %s',
    (list) => {
      for (const entry of entriesOf(list)) {
        expect(entry).toMatch(/^[a-z0-9.+-]+\|\S/);
        expect(entriesOf('PACKAGES')).not.toContain(entry);
      }
    },
  );

  it('are named where they cannot be had, with what is left out, and the rest goes on', () => {
    pretend('dpkg-query', 'exit 1');
    const { status, stdout } = bash(
      "run_step() { exit 7; }; as_root() { return 1; }; install_or_go_without 'no cluster' 'rabbitmq-server|because'; echo goes on",
    );
    expect(status).toBe(0);
    expect(stdout).toMatch(/rabbitmq-server +because/);
    expect(stdout).toContain('going on without them: no cluster');
    expect(stdout).toContain('goes on\n');
  });
});

describe('a Node program', () => {
  function install(version: string, headers: string | undefined): string {
    const program = join(folder, 'node/bin/node');
    mkdirSync(dirname(program), { recursive: true });
    writeFileSync(program, `#!/bin/sh\necho ${version}\n`);
    chmodSync(program, 0o755);
    if (headers !== undefined) {
      const header = join(folder, 'node/include/node/node_version.h');
      mkdirSync(dirname(header), { recursive: true });
      writeFileSync(header, `#define NODE_MAJOR_VERSION ${headers}\n#define NODE_MINOR_VERSION 1\n`);
    }
    return program;
  }

  it('of version 20 or newer with its own headers will do, and the headers are found through links', () => {
    const program = install('20', '20');
    symlinkSync(program, join(folder, 'bin/linked-node'));
    const { status, stdout } = bash(
      `usable_node ${folder}/bin/linked-node && headers_of ${folder}/bin/linked-node`,
    );
    expect(status).toBe(0);
    expect(stdout.trim()).toBe(join(folder, 'node'));
  });

  it.each([
    ['is too old', '18', '18'],
    ['has no headers', '22', undefined],
    ['has the headers of another version, as Debian has beside a newer Node', '20', '18'],
    ['does not say what it is', '', '20'],
  ])('is not used when it %s', (_, version, headers) => {
    expect(bash(`usable_node ${install(version, headers)}`).status).not.toBe(0);
  });

  it('is not used when it is not there', () => {
    expect(bash(`usable_node ${folder}/nowhere`).status).not.toBe(0);
  });
});

describe('what is done already', () => {
  const fingerprint = () => bash('fingerprint text source').stdout;

  beforeEach(() => {
    mkdirSync(join(folder, 'source/deep'), { recursive: true });
    writeFileSync(join(folder, 'source/a file'), 'one');
    writeFileSync(join(folder, 'source/deep/b'), 'two');
  });

  it('is known again', () => {
    expect(fingerprint()).toMatch(/^[0-9a-f]{64}\n$/);
    expect(fingerprint()).toBe(fingerprint());
  });

  it('is to be done again when a file changes, comes, goes or is renamed', () => {
    const seen = [fingerprint()];
    writeFileSync(join(folder, 'source/deep/b'), 'three');
    seen.push(fingerprint());
    copyFileSync(join(folder, 'source/deep/b'), join(folder, 'source/c'));
    seen.push(fingerprint());
    renameSync(join(folder, 'source/c'), join(folder, 'source/d'));
    seen.push(fingerprint());
    rmSync(join(folder, 'source/a file'));
    seen.push(fingerprint());
    expect(new Set(seen).size).toBe(seen.length);
  });
});

describe('a step', () => {
  it('that fails shows the end of its output, what to do, and where the rest is', () => {
    const { status, stdout, stderr } = bash(
      `SETUP_LOG=${folder}/log; run_step 'the thing' 'Do this.' sh -c 'seq 1 100; echo the reason >&2; exit 7'; echo not reached`,
    );
    expect(status).toBe(1);
    expect(stdout).not.toContain('not reached');
    expect(stderr).toContain('the reason');
    expect(stderr).toContain('100');
    expect(stderr).not.toMatch(/^1$/m);
    expect(stderr).toContain('the thing: failed (exit 7)');
    expect(stderr).toContain('Do this.');
    expect(stderr).toContain(`${folder}/log`);
  });
});
