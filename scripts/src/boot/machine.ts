import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** What a command inside the machine did. */
export interface Ran {
  readonly exitCode: number;
  /** Standard output and error, as they came. */
  readonly output: string;
}

export interface MachineOptions {
  /** A Debian system of its own; nothing in it is changed. */
  readonly root: string;
  /** The built checkout, seen as /opt/anprd, read only. */
  readonly installation: string;
  /** Where what its console shows is written. */
  readonly consolePath: string;
}

const BOOT_WITHIN_MS = 60_000;
const OFF_WITHIN_MS = 60_000;
const COMMAND_WITHIN_MS = 120_000;
const LOOK_EVERY_MS = 100;

/**
 * A machine with systemd as its first process, in a container: units, watchdog, credentials and sandbox are
 * the real ones. It has a loopback and no other network, and forgets everything when it is off.
 */
export class Machine {
  readonly #options: MachineOptions;
  #container: ChildProcess | undefined;
  #initPid: number | undefined;

  constructor(options: MachineOptions) {
    this.#options = options;
  }

  /** Resolves when its systemd has started what it had to. */
  async boot(): Promise<void> {
    const { root, installation, consolePath } = this.#options;
    const container = spawn(
      'systemd-nspawn',
      [
        '--quiet',
        '--boot',
        '--keep-unit',
        '--register=no',
        '--private-network',
        '--volatile=overlay',
        '--link-journal=no',
        '--console=pipe',
        `--directory=${root}`,
        `--bind-ro=${installation}:/opt/anprd`,
        `--bind-ro=${process.execPath}:/usr/bin/node`,
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const log = createWriteStream(consolePath);
    container.stdout.pipe(log, { end: false });
    container.stderr.pipe(log, { end: false });
    this.#container = container;
    await this.#until('has booted', BOOT_WITHIN_MS, async () => {
      if (container.exitCode !== null) throw new Error(`the machine did not come up; see ${consolePath}`);
      this.#initPid ??= childOf(container.pid as number);
      if (this.#initPid === undefined) return false;
      const { output } = await this.run('systemctl', 'is-system-running');
      return /running|degraded/.test(output);
    });
  }

  /** Shuts it down as the power button would. */
  async off(): Promise<void> {
    const container = this.#container;
    if (container === undefined || container.exitCode !== null) return;
    const gone = once(container, 'exit');
    await this.run('systemctl', 'poweroff', '--no-block');
    const limit = new AbortController();
    const given = sleep(OFF_WITHIN_MS, undefined, { signal: limit.signal }).then(
      () => container.kill('SIGTERM'),
      () => undefined,
    );
    await gone;
    limit.abort();
    await given;
  }

  /** Runs a command inside, as its root; never throws for what the command says. */
  run(...command: readonly string[]): Promise<Ran> {
    const args = ['--target', String(this.#initPid), '--all', '--', 'env', '-i', PATH, ...command];
    return new Promise((resolve) => {
      execFile('nsenter', args, { timeout: COMMAND_WITHIN_MS }, (error, stdout, stderr) =>
        resolve({
          exitCode: error === null ? 0 : typeof error.code === 'number' ? error.code : 255,
          output: `${stdout}${stderr}`.trim(),
        }),
      );
    });
  }

  /** As `run`, for what has to succeed. @returns what it printed. */
  async must(...command: readonly string[]): Promise<string> {
    const { exitCode, output } = await this.run(...command);
    if (exitCode !== 0) throw new Error(`${command.join(' ')}: exit code ${exitCode}\n${output}`);
    return output;
  }

  async write(path: string, text: string): Promise<void> {
    await this.must('sh', '-c', 'mkdir -p "$(dirname "$1")" && printf %s "$2" >"$1"', 'sh', path, text);
  }

  /** What systemd knows of a unit. */
  async show(unit: string, ...properties: readonly string[]): Promise<Record<string, string>> {
    const output = await this.must('systemctl', 'show', unit, `--property=${properties.join(',')}`);
    return Object.fromEntries(
      output.split('\n').map((line) => {
        const at = line.indexOf('=');
        return [line.slice(0, at), line.slice(at + 1)];
      }),
    );
  }

  /** Asks until a unit is as it should be. @throws Error with what it was last. */
  async until(
    unit: string,
    expected: Readonly<Record<string, string | RegExp>>,
    withinMs: number,
  ): Promise<Record<string, string>> {
    let shown: Record<string, string> = {};
    const isSo = async () => {
      shown = await this.show(unit, ...Object.keys(expected));
      return Object.entries(expected).every(([name, value]) =>
        typeof value === 'string' ? shown[name] === value : value.test(shown[name] ?? ''),
      );
    };
    const wanted = Object.entries(expected).map(([name, value]) => `${name}=${value}`);
    await this.#until(`${unit} has ${wanted.join(', ')}`, withinMs, isSo, () => JSON.stringify(shown));
    return shown;
  }

  async #until(
    what: string,
    withinMs: number,
    isSo: () => Promise<boolean>,
    last: () => string = () => '',
  ): Promise<void> {
    const beganMs = performance.now();
    while (!(await isSo())) {
      if (performance.now() - beganMs > withinMs) {
        throw new Error(`not within ${withinMs / 1000} s: ${what}; last: ${last()}`);
      }
      await sleep(LOOK_EVERY_MS);
    }
  }
}

const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The container's first process, once there is one. */
function childOf(pid: number): number | undefined {
  try {
    for (const child of readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ')) {
      if (readFileSync(`/proc/${child}/comm`, 'latin1').trim() === 'systemd') return Number(child);
    }
  } catch {
    // Not there yet, or gone already.
  }
  return undefined;
}
