import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/lib/clock.js';
import { type DisplayRig, startDisplayRig } from '../support/display-rig.js';
import { heldHitOf } from '../support/held-hits.js';
import { type OnTerminal, onTerminal, withoutPty } from '../support/pty.js';

/** anprctl watch as it is built in `dist`, against a display at a real control socket. */

const ANPRCTL = resolve(import.meta.dirname, '../../dist/src/cli/anprctl.js');
const PATIENCE = { timeout: 30_000 };
/** As the model has it: a hit must have been marked for so long before a key decides on it. */
const SEEN_AFTER_MS = 600;
const WITHOUT = withoutPty();

let folder: string;
let config: string;
let rig: DisplayRig;
let watching: OnTerminal | undefined;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'anprd-watch-'));
  config = join(folder, 'anprd.yaml');
  writeFileSync(config, `control:\n  socketPath: ${join(folder, 'control.sock')}\n`);
  rig = await startDisplayRig(folder);
});
afterEach(async () => {
  watching?.type('q');
  await watching?.ended;
  watching = undefined;
  await rig.stop();
  rmSync(folder, { recursive: true, force: true });
});

function watch(size: { columns: number; rows: number }, env: Record<string, string> = {}): OnTerminal {
  const command = [process.execPath, ANPRCTL, 'watch', '--config', config];
  watching = onTerminal(command, { ...size, env });
  return watching;
}

/** The lines of the last whole drawing: each begins with the cursor at home, and ends with erasing what is below. */
function screen({ output }: OnTerminal): string[] {
  const drawn = output()
    .split('\u001b[H')
    .slice(1)
    .filter((text) => text.includes('\u001b[J'));
  const last = drawn.at(-1)?.split('\u001b[J')[0] ?? '';
  return stripVTControlCharacters(last)
    .split('\r\n')
    .map((line) => line.trimEnd());
}

const shows = (on: OnTerminal, text: string | RegExp) =>
  expect.poll(() => screen(on).join('\n'), PATIENCE).toMatch(text);
const strokesOf = ({ output }: OnTerminal) => output().split('\u0007').length - 1;

describe.skipIf(WITHOUT !== undefined)(`watch on a terminal ${WITHOUT ?? ''}`, { timeout: 90_000 }, () => {
  it('shows hits as they come, and decides on them with one key', async () => {
    const on = watch({ columns: 80, rows: 20 });
    await shows(on, /0 waiting/);
    const [silent, stop] = [heldHitOf('CD34EFG', 'SILENT'), heldHitOf('AB12CDE', 'STOP')];
    rig.display.add(silent);
    await shows(on, />~ {2}SILENT CD34EFG BLUE FORD FOCUS/);
    rig.display.add(stop);
    await shows(on, / !! STOP {3}AB12CDE.*\n>~ {2}SILENT CD34EFG/);
    await systemClock.sleep(SEEN_AFTER_MS);
    on.type('c');
    await expect.poll(() => rig.decisions, PATIENCE).toEqual([[silent.hit.id, 'hit-confirmed']]);
    await shows(on, />!! STOP {3}AB12CDE.*\n ~ {2}SILENT CD34EFG CONFIRMED/);
    await systemClock.sleep(SEEN_AFTER_MS);
    on.type('r');
    await shows(on, / !! STOP {3}AB12CDE REJECTED/);
    expect(rig.decisions.at(-1)).toEqual([stop.hit.id, 'hit-rejected']);
    expect(screen(on)[0]).toBe('anprd | 0 waiting | stationary');
  });

  it('rings for what comes, in the rhythm of its category, until it is muted', async () => {
    const on = watch({ columns: 80, rows: 20 });
    await shows(on, /0 waiting/);
    rig.display.add(heldHitOf('AB12CDE', 'STOP'));
    await expect.poll(() => strokesOf(on), PATIENCE).toBe(3);
    on.type('m');
    await shows(on, /muted/);
    expect(rig.mutes.count).toBe(1);
    rig.display.add(heldHitOf('CD34EFG', 'STOP'));
    await shows(on, /2 waiting/);
    expect(strokesOf(on)).toBe(3);
  });

  it('takes details from the screen when the vehicle moves', async () => {
    await rig.stop();
    rig = await startDisplayRig(folder, { config: { profile: 'auto', standingSeconds: 1 } });
    rig.speed = { metresPerSecond: 0, ageMs: 0 };
    rig.display.add(heldHitOf('AB12CDE', 'STOP'));
    const on = watch({ columns: 60, rows: 12 });
    await shows(on, /AB12CDE/);
    rig.speed = { metresPerSecond: 14, ageMs: 0 };
    await shows(on, /1 waiting \| driver-moving\n!! STOP {3}1\n/);
    expect(screen(on).join()).not.toMatch(/AB12CDE|FORD|force|confirm/);
    on.type('cm');
    // Obeyed in turn: when the second was, the first has been.
    await expect.poll(() => rig.mutes.count, PATIENCE).toBe(1);
    expect(rig.decisions).toEqual([]);
  });

  it('says that the device stops, then that it is lost, and comes back with it', async () => {
    rig.display.add(heldHitOf('AB12CDE', 'STOP'));
    const on = watch({ columns: 80, rows: 20 });
    await shows(on, /AB12CDE/);
    rig.display.announceStop('ignition-off');
    await shows(on, /THE DEVICE IS STOPPING: the ignition is off/);
    await rig.stop();
    await shows(on, /NO CONNECTION/);
    expect(screen(on).join()).not.toContain('AB12CDE');
    rig = await startDisplayRig(folder, { held: [heldHitOf('CD34EFG', 'STOP')] });
    await shows(on, /1 waiting \| stationary\n>!! STOP {3}CD34EFG/);
  });

  it('fits a small screen without colours', async () => {
    rig.display.add(heldHitOf('AB12CDE', 'STOP', { columns: { reason: 'a reason that is long'.repeat(9) } }));
    const on = watch({ columns: 30, rows: 8 }, { NO_COLOR: '1' });
    await shows(on, /^1 waiting \| stationary|^anprd \| 1 waiting/);
    expect(screen(on)).toHaveLength(8);
    expect(Math.max(...screen(on).map(({ length }) => length))).toBeLessThanOrEqual(30);
    expect(on.output()).not.toMatch(/\[[0-9;]+m/);
  });

  it('leaves the terminal as it was', async () => {
    rig.display.add(heldHitOf('AB12CDE', 'STOP'));
    const on = watch({ columns: 80, rows: 20 });
    await shows(on, /AB12CDE/);
    on.type('q');
    await expect(on.ended).resolves.toBe(0);
    const [first, last] = ['[?1049h', '[?7h\u001b[?25h\u001b[?1049l'].map((text) => `\u001b${text}`);
    expect(on.output().slice(0, first?.length)).toBe(first);
    expect(on.output().slice(-(last?.length ?? 0))).toBe(last);
  });

  it('says that a profile is none', async () => {
    const on = onTerminal([process.execPath, ANPRCTL, 'watch', '--config', config, '--profile', 'driver'], {
      columns: 80,
      rows: 20,
    });
    await expect(on.ended).resolves.toBe(2);
    expect(on.output()).toMatch(/driver-moving, passenger, stationary/);
  });
});

describe('watch into a pipe', { timeout: 90_000 }, () => {
  it('writes a line each, over restarts of the daemon', async () => {
    const held = heldHitOf('AB12CDE', 'STOP');
    rig.display.add(held);
    const child = spawn(process.execPath, [ANPRCTL, 'watch', '--config', config], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', (some: string) => {
      text += some;
    });
    const says = (what: RegExp) => expect.poll(() => text, PATIENCE).toMatch(what);
    await says(/^profile: stationary\nSTOP AB12CDE BLUE FORD FOCUS/);
    rig.display.decide(held.hit.id, 'hit-confirmed');
    await says(/\nSTOP AB12CDE CONFIRMED/);
    await rig.stop();
    await says(/\nno connection, hits may be missed: /);
    rig = await startDisplayRig(folder, { held: [{ ...held, decision: 'hit-confirmed' }] });
    rig.display.add(heldHitOf('CD34EFG', 'SILENT'));
    await says(/\nconnected again\n(.*\n)*SILENT CD34EFG/);
    expect(text.match(/AB12CDE CONFIRMED/g)).toHaveLength(1);
    expect(text).not.toContain('\u001b');
    const ended = new Promise((resolve) => child.on('close', resolve));
    child.kill('SIGTERM');
    await expect(ended).resolves.toBe(0);
  });
});
