import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ClipTruth, renderClip } from '../../scripts/src/clip/render-clip.js';
import { planTraffic } from '../../scripts/src/clip/traffic.js';
import { systemClock } from '../../src/lib/clock.js';
import { expectContract } from '../support/contract.js';
import { runAnprctl, startDaemon } from '../support/daemon.js';
import { startMosquitto } from '../support/mosquitto.js';
import { deviceKeyFileIn } from '../support/notary.js';
import { onTerminal, withoutPty } from '../support/pty.js';
import { keyFileIn } from '../support/storage-key.js';
import { subscribe } from '../support/subscriber.js';

/** From a vehicle in front of the camera to the crew's screen, and from its key to the centre. */

const ANPRCTL = resolve(import.meta.dirname, '../../dist/src/cli/anprctl.js');
const PATIENCE = { timeout: 120_000 };
const WITHOUT = withoutPty();

const folder = mkdtempSync(join(tmpdir(), 'anprd-crew-'));
const clipPath = join(folder, 'clip.avi');
const configPath = join(folder, 'anprd.yaml');
const socketPath = join(folder, 'control.sock');
let truth: ClipTruth;

beforeAll(async () => {
  truth = await renderClip(clipPath, { seed: 'crew', vehicles: planTraffic('crew', 1) });
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(WITHOUT !== undefined)(`a crew at its screen ${WITHOUT ?? ''}`, () => {
  it('sees a hit, confirms it, and finds it confirmed after a power cut', { timeout: 400_000 }, async () => {
    const broker = await startMosquitto();
    const centre = await subscribe(broker.url);
    const mark = truth.vehicles[0]?.vrm ?? '';
    const hotlistPath = join(folder, 'hotlist.csv');
    writeFileSync(hotlistPath, `vrm,action,reason\n${mark},STOP,test entry\n`);
    const configuration = {
      unit: { id: 'unit-e2e' },
      cameras: [{ id: 'cam-1', source: { kind: 'file', path: clipPath, pace: 'fast' } }],
      hotlist: { path: join(folder, 'hotlist.db') },
      storage: { keyFile: keyFileIn(folder) },
      evidence: { keyFile: deviceKeyFileIn(folder) },
      store: { path: join(folder, 'records.db') },
      control: { socketPath },
      display: { profile: 'passenger' },
      mqtt: { urls: [broker.url], reconnectMostSeconds: 1 },
    };
    writeFileSync(configPath, JSON.stringify(configuration));
    const imported = await runAnprctl([
      'hotlist',
      'import',
      hotlistPath,
      '--list',
      'local',
      '--config',
      configPath,
    ]);
    expect(imported, imported.stderr).toMatchObject({ exitCode: 0 });

    const on = onTerminal([process.execPath, ANPRCTL, 'watch', '--config', configPath], {
      columns: 80,
      rows: 24,
    });
    const shows = (what: RegExp) =>
      expect
        .poll(() => stripVTControlCharacters(on.output().split('\u001b[H').at(-1) ?? ''), PATIENCE)
        .toMatch(what);
    await shows(/NO CONNECTION/);
    let daemon = startDaemon(configPath, socketPath);
    await shows(new RegExp(`1 waiting [^]*>!! STOP {3}${mark}`));
    // A mark that has only just moved is not decided on.
    await systemClock.sleep(1_000);
    on.type('c');
    await shows(new RegExp(`0 waiting [^]*!! STOP {3}${mark} CONFIRMED`));

    await expect.poll(() => centre.of('event').length, PATIENCE).toBe(1);
    const [hit] = centre.of('hit');
    expect(centre.of('event')[0]?.data).toMatchObject({ kind: 'hit-confirmed', hitId: hit?.attributes.id });

    await daemon.stop('SIGKILL');
    await shows(/NO CONNECTION/);
    daemon = startDaemon(configPath, socketPath);
    await shows(new RegExp(`!! STOP {3}${mark} CONFIRMED`));
    on.type('q');
    await expect(on.ended).resolves.toBe(0);
    expect(daemon.log()).not.toContain(mark);
    expect(await daemon.stop()).toBe(0);
    await centre.close();
    await broker.remove();
    expectContract(centre.received, { retainAsPublished: centre.retainAsPublished });
  });
});
