import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configSchema } from '../../src/config/schema.js';
import type { ClockQuality } from '../../src/domain/capture-record.js';
import type { DeviceEvent } from '../../src/domain/device-event.js';
import { createCentreKey, loadCentreKey } from '../../src/governance/centre-key.js';
import { PositionOpener } from '../../src/governance/sealing.js';
import { Warnings } from '../../src/health/warnings.js';
import { DeviceError } from '../../src/lib/errors.js';
import { createLogger } from '../../src/lib/log.js';
import { Site } from '../../src/site.js';
import { ManualClock } from '../support/manual-clock.js';
import { temporaryFolder } from '../support/recordings.js';

/** What surrounds a device, connected: switches and a receiver in, warnings and events out, by a clock that the test moves. */

const LINE = { tamper: 4, ignition: 5, lamp: 6 };
const SURVEYED = { latitudeDeg: 0.5, longitudeDeg: -0.5 };
const log = createLogger('silent');

let folder: string;
let clock: ManualClock;
let warnings: Warnings;
let quality: ClockQuality;
let isStoreFailing: boolean;
let events: DeviceEvent[];
let asked: string[];
let site: Site;
let opener: PositionOpener;
let position: object;

beforeEach(() => {
  folder = temporaryFolder();
  clock = new ManualClock();
  warnings = new Warnings({ clock, log });
  quality = { source: 'ntp' };
  isStoreFailing = false;
  events = [];
  asked = [];
  const centrePublicKey = createCentreKey(join(folder, 'centre.key'));
  opener = new PositionOpener(loadCentreKey(join(folder, 'centre.key')));
  const surveyedFile = join(folder, 'surveyed');
  writeFileSync(surveyedFile, `${SURVEYED.latitudeDeg}, ${SURVEYED.longitudeDeg}`, { mode: 0o600 });
  position = { surveyedFile, centrePublicKey };
});
afterEach(() => site.stop());

function startSite(changes: object = {}): void {
  const lines = Object.fromEntries(Object.entries(LINE).map(([name, line]) => [name, { line }]));
  site = new Site({
    config: configSchema.parse({
      unit: { id: 'unit-1' },
      store: { path: join(folder, 'records.db') },
      position,
      lines: { board: { kind: 'simulated', folder: join(folder, 'lines') }, ...lines },
      ...changes,
    }),
    clock,
    log,
    warnings,
    clockQuality: () => quality,
    commitEvent: (event) => {
      if (isStoreFailing) throw new DeviceError('store.write-failed', { message: 'full', hint: '' });
      events.push(event);
    },
    onLimit: () => undefined,
    onIgnitionOff: () => asked.push('stop'),
    onMute: () => asked.push('silence'),
  });
  site.start();
}

/** Time passes in the steps in which switches are read, with a look at everything once a second. */
async function pass(ms: number): Promise<void> {
  for (let stepMs = 0; stepMs < ms; stepMs += 50) {
    clock.advance(50);
    await new Promise((resolve) => setImmediate(resolve));
    if (stepMs % 1_000 === 0) site.look(undefined);
  }
}

const turn = (name: keyof typeof LINE, volts: 0 | 1) =>
  writeFileSync(join(folder, 'lines', `gpio${LINE[name]}`), `${volts}\n`);
const codes = () => warnings.visible().map(({ code }) => code);
const kinds = () => events.map(({ kind }) => kind);
const placeOf = ({ id, position: sealed }: DeviceEvent) =>
  sealed && opener.open(sealed, { unitId: 'unit-1', subjectId: id });

describe('a cabinet', () => {
  it('that is opened tells the centre within a second, with its place for the centre alone', async () => {
    startSite();
    await pass(1_000);
    expect([codes(), kinds()]).toEqual([[], []]);
    turn('tamper', 1);
    await pass(1_000);
    expect(codes()).toEqual(['tamper-open']);
    expect(kinds()).toEqual(['tamper-opened']);
    expect(placeOf(events[0] as DeviceEvent)).toMatchObject({ ...SURVEYED, source: 'surveyed' });
    expect(JSON.stringify([events, warnings.visible(), site.snapshot()])).not.toMatch(/0\.5/);
    turn('tamper', 0);
    await pass(1_000);
    expect(codes()).toEqual([]);
    expect(kinds()).toEqual(['tamper-opened', 'tamper-closed']);
  });

  it('whose store takes nothing tells it when it does again, once, and as it was', async () => {
    startSite();
    await pass(1_000);
    isStoreFailing = true;
    turn('tamper', 1);
    await pass(60_000);
    const passedMs = clock.nowMs();
    isStoreFailing = false;
    await pass(2_000);
    expect(kinds()).toEqual(['tamper-opened']);
    expect(passedMs - (events[0] as DeviceEvent).atMs).toBeGreaterThan(58_000);
  });

  it('without a key to seal to says so, and tells nobody where it is', async () => {
    position = { surveyedFile: join(folder, 'surveyed') };
    startSite();
    turn('tamper', 1);
    await pass(1_000);
    expect(codes()).toContain('position-unsealed');
    expect(events).toEqual([expect.not.objectContaining({ position: expect.anything() })]);
  });

  it('whose board is not there says so, and goes on', async () => {
    writeFileSync(join(folder, 'lines'), 'no folder');
    startSite();
    await pass(1_000);
    expect(warnings.visible()).toEqual([
      expect.objectContaining({ code: 'lines-unavailable', detail: expect.stringContaining('tamper') }),
    ]);
  });

  it('says how it is by its lamp, and to the end that it stops', async () => {
    startSite();
    const lamp = () => site.snapshot().lines.lamp;
    await pass(1_000);
    expect(lamp()).toBe('ok');
    warnings.raise('disk-worn', '', 'a card');
    await pass(1_050);
    expect(lamp()).toBe('warning');
    warnings.raise('camera-lost', 'cam-1', 'silent');
    await pass(1_000);
    expect(lamp()).toBe('fault');
    site.announceStop();
    await pass(2_000);
    expect(lamp()).toBe('stopping');
  });
});

it('a car whose ignition goes off tells it, and asks to be stopped, once', async () => {
  startSite();
  turn('ignition', 1);
  await pass(1_000);
  turn('ignition', 0);
  await pass(2_900);
  expect([kinds(), asked]).toEqual([[], []]);
  await pass(20_000);
  expect([kinds(), asked]).toEqual([['ignition-off'], ['stop']]);
});

it('a clock that nothing vouches for is told of after two minutes', async () => {
  startSite();
  quality = { source: 'unknown' };
  await pass(119_000);
  expect(codes()).toEqual([]);
  await pass(3_000);
  expect(codes()).toEqual(['clock-unsynchronised']);
  quality = { source: 'gps' };
  await pass(1_050);
  expect(codes()).toEqual([]);
});

describe('a receiver', () => {
  const clients = new Set<Socket>();
  let gpsd: Server;

  beforeEach(async () => {
    gpsd = createServer((socket) => {
      clients.add(socket.on('error', () => undefined));
    }).listen(0, '127.0.0.1');
    await once(gpsd, 'listening');
    const { port } = gpsd.address() as AddressInfo;
    position = { ...position, receiver: { kind: 'gpsd', port } };
  });
  afterEach(() => {
    for (const client of clients) client.destroy();
    clients.clear();
    gpsd.close();
  });

  /** A second of it: what it says has come when this resolves. */
  async function hear(fix: object, clockAheadMs = 0): Promise<void> {
    const before = site.snapshot().position.sentences;
    const time = new Date(clock.nowMs() - clockAheadMs).toISOString();
    while (clients.size === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    for (const client of clients) client.write(`${JSON.stringify({ class: 'TPV', time, ...fix })}\n`);
    while (site.snapshot().position.sentences === before)
      await new Promise((resolve) => setTimeout(resolve, 1));
    await pass(1_000);
  }

  const at = (northMetres: number) => ({
    mode: 3,
    lat: SURVEYED.latitudeDeg + northMetres / 111_195,
    lon: SURVEYED.longitudeDeg,
  });

  it('that carries its cabinet off is told of once, and its places go with what is told from then on', async () => {
    startSite();
    for (let second = 0; second < 25; second++) await hear(at(10));
    expect([codes(), kinds()]).toEqual([[], []]);
    for (let second = 0; second < 40; second++) await hear(at(80));
    expect(codes()).toEqual(['position-moved']);
    expect(kinds()).toEqual(['moved']);
    expect(placeOf(events[0] as DeviceEvent)?.source).toBe('gpsd');
    expect(warnings.visible()[0]?.detail).not.toMatch(/80|0\.5/);
  });

  it('that sees no sky, or falls silent, is told of when that lasts', async () => {
    startSite();
    await hear(at(0));
    for (let second = 0; second < 125; second++) await hear({ mode: 1 });
    expect(codes()).toEqual(['position-searching']);
    await pass(20_000);
    expect(codes()).toEqual(['position-silent']);
  });

  it('whose time is another than the clock says is told of, as nobody knows which is right', async () => {
    startSite();
    for (let second = 0; second < 15; second++) await hear(at(0), 3_600_000);
    expect(warnings.visible()).toEqual([
      expect.objectContaining({ code: 'clock-disagrees', detail: 'by about 3600 s' }),
    ]);
    for (let second = 0; second < 15; second++) await hear(at(0));
    expect(codes()).toEqual([]);
  });
});
