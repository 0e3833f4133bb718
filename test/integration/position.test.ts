import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { DriveLog, type Stretch } from '../../scripts/src/patrol/drive-log.js';
import { PtyReceiver } from '../../scripts/src/patrol/pty-receiver.js';
import { positionSchema } from '../../src/config/site-schema.js';
import { systemClock } from '../../src/lib/clock.js';
import { metresBetween } from '../../src/position/place.js';
import { Positions } from '../../src/position/positions.js';
import { ManualClock } from '../support/manual-clock.js';
import { WITHOUT } from '../support/receivers.js';
import { repeatable } from '../support/repeatable.js';

/**
 * Where the device was, over a real serial driver on a pseudo terminal. Time is the test's: a second of the drive is
 * spoken, heard, and then passes.
 */

const BEGINS_AT_MS = Date.UTC(2026, 10, 23, 12);
const SENTENCES_A_SECOND = 5;
const OPEN = { seconds: 30, metresPerSecond: 15, sky: 'open' } as const;
/** Receiver's error, and the bend between two fixes. */
const NEAR_METRES = 12;

const ending: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});

async function car(
  stretches: readonly Stretch[],
  { baudRate = 115_200, ...config }: { baudRate?: number | 'auto'; usefulSeconds?: number } = {},
  pty: { readonly baudRate?: number; readonly garbles?: boolean } = {},
  /** The receiver has spoken all of the drive before anybody listens. */
  isWaiting = false,
) {
  const folder = mkdtempSync(join(tmpdir(), 'anprd-position-'));
  ending.push(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'gps');
  const log = new DriveLog({ seed: 'drive', beginsAtMs: BEGINS_AT_MS, stretches });
  const clock = new ManualClock(BEGINS_AT_MS);
  const written: string[] = [];
  const states: string[] = [];
  const plugIn = async () => {
    const receiver = await PtyReceiver.plugIn({ path, baudRate: 115_200, ...pty });
    ending.push(() => receiver.unplug());
    return receiver;
  };
  const rig = { receiver: await plugIn() };
  if (isWaiting) await rig.receiver.say(log.text);
  const positions = new Positions({
    config: positionSchema.parse({
      receiver: { kind: 'serial', device: path, baudRate },
      ...config,
    }),
    clock,
    log: pino({ level: 'debug' }, { write: (line: string) => written.push(line) }),
    onState: (state, detail) => {
      states.push(state);
      written.push(detail);
    },
  });
  positions.start();
  ending.push(() => positions.stop());

  /** Lets what sleeps by the test's clock do its work. */
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 100) {
      clock.advance(100);
      await systemClock.sleep(1);
    }
  };
  /** Speaks a second again and again until somebody listens: the driver may still be opening. */
  const open = async () => {
    while (positions.snapshot().sentences === 0) {
      await rig.receiver.say(log.sentencesAt(0).join(''));
      await systemClock.sleep(150);
    }
    // What was said before somebody listened may still come.
    await settled(250);
  };
  const settled = async (quietMs = 50) => {
    for (let before = -1; before !== positions.snapshot().sentences; ) {
      before = positions.snapshot().sentences;
      await systemClock.sleep(quietMs);
    }
  };
  /** From one second of the drive to another, the last one not included. */
  const drive = async (
    from: number,
    until: number,
    spoil = (text: string) => Buffer.from(text, 'latin1'),
  ) => {
    for (let second = from; second < until; second++) {
      const { sentences, badSentences } = positions.snapshot();
      const due = sentences + badSentences + SENTENCES_A_SECOND;
      await rig.receiver.say(spoil(log.sentencesAt(second).join('')));
      const giveUpMono = systemClock.monoMs() + 2_000;
      const heard = () => positions.snapshot().sentences + positions.snapshot().badSentences;
      while (heard() < due && systemClock.monoMs() < giveUpMono) await systemClock.sleep(2);
      await pass(1_000);
    }
  };
  const errorAt = (second: number) => {
    const position = positions.at(BEGINS_AT_MS + second * 1_000);
    return position ? metresBetween(position, log.truthAt(second).place) : Number.POSITIVE_INFINITY;
  };
  const replug = async () => {
    rig.receiver = await plugIn();
  };
  return { positions, clock, log, written, states, rig, open, settled, drive, pass, errorAt, replug };
}

describe.skipIf(WITHOUT.pty !== undefined)(`positions over a serial line ${WITHOUT.pty ?? ''}`, () => {
  it('on a clean drive are where the car was at the moment of capture', async () => {
    const { positions, open, drive, errorAt } = await car([OPEN]);
    await open();
    await drive(0, 30);
    const random = repeatable(1);
    for (let i = 0; i < 200; i++) expect(errorAt(random() * 28)).toBeLessThan(NEAR_METRES);
    expect(positions.at(BEGINS_AT_MS + 12_250)).toMatchObject({
      source: 'serial',
      isInterpolated: true,
      ageMs: 250,
      satellites: expect.any(Number),
      hdop: expect.any(Number),
      speedMetresPerSecond: expect.closeTo(15, 1),
      courseDeg: expect.any(Number),
    });
    // Nothing came after it yet.
    expect(positions.at(BEGINS_AT_MS + 29_700)).toMatchObject({ isInterpolated: false, ageMs: 700 });
    expect(positions.speed()).toMatchObject({ metresPerSecond: expect.closeTo(15, 1), ageMs: 1_000 });
    expect(positions.snapshot()).toMatchObject({
      source: 'serial',
      state: 'fixed',
      baudRate: 115_200,
      badSentences: 0,
      reopened: 0,
    });
  });

  it('in a tunnel grow old and say so, until they are of no use', async () => {
    const tunnel = { seconds: 30, metresPerSecond: 15, sky: 'tunnel' } as const;
    const { positions, states, open, drive, errorAt } = await car([OPEN, tunnel, OPEN], {
      usefulSeconds: 10,
    });
    await open();
    await drive(0, 45);
    expect(positions.snapshot().state).toBe('searching');
    expect(positions.at(BEGINS_AT_MS + 33_000)).toMatchObject({ isInterpolated: false, ageMs: 4_000 });
    expect(positions.at(BEGINS_AT_MS + 42_000)).toBeUndefined();
    expect(positions.speed()?.ageMs).toBe(16_000);
    await drive(45, 70);
    expect(positions.snapshot().state).toBe('fixed');
    expect(errorAt(66.5)).toBeLessThan(NEAR_METRES);
    expect(positions.at(BEGINS_AT_MS + 56_000)).toMatchObject({ isInterpolated: false });
    expect(states).toEqual(['silent', 'fixed', 'searching', 'fixed']);
  });

  it('in a town are worse, and their HDOP says so', async () => {
    const { positions, open, drive } = await car([{ seconds: 60, metresPerSecond: 8, sky: 'urban' }]);
    await open();
    await drive(0, 60);
    expect(positions.at(BEGINS_AT_MS + 30_500)?.hdop).toBeGreaterThan(1.9);
    expect(positions.snapshot().state).not.toBe('silent');
  });

  it('come through garbage, which is counted', async () => {
    const random = repeatable(9);
    const { positions, rig, log, open, settled, pass, errorAt } = await car([OPEN]);
    await open();
    for (let second = 0; second < 30; second++) {
      const bytes = Buffer.from(log.sentencesAt(second).join(''), 'latin1');
      const at = Math.floor(random() * (bytes.length - 40));
      for (let i = at; i < at + 40; i++) bytes[i] = Math.floor(random() * 256);
      await rig.receiver.say(bytes);
      await settled();
      await pass(1_000);
    }
    expect(positions.snapshot().badSentences).toBeGreaterThan(25);
    for (let second = 1; second < 28; second += 0.7) {
      const position = positions.at(BEGINS_AT_MS + second * 1_000);
      if (position && position.ageMs < 1_000) expect(errorAt(second)).toBeLessThan(NEAR_METRES + 15);
    }
  });

  // A pseudo terminal knows the rate it was set to, and what a line at another rate would give is computed.
  it('are found at a rate that nobody configured, and nothing is taken at the others', async () => {
    const pty = { baudRate: 57_600, garbles: true };
    const { positions, rig, log, pass, drive, errorAt } = await car([OPEN, OPEN], { baudRate: 'auto' }, pty);
    let second = 0;
    for (; positions.snapshot().baudRate === undefined; second++) {
      await rig.receiver.say(log.sentencesAt(second).join(''));
      await pass(1_000);
    }
    expect(positions.snapshot().baudRate).toBe(57_600);
    await drive(second, second + 10);
    expect(errorAt(second + 5.5)).toBeLessThan(NEAR_METRES);
  });

  it('come again when the receiver was unplugged in the middle of a sentence', async () => {
    const { positions, rig, log, open, drive, pass, replug, errorAt, states } = await car([OPEN, OPEN]);
    await open();
    await drive(0, 20);
    await rig.receiver.say(log.sentencesAt(20).join('').slice(0, 40));
    await rig.receiver.unplug();
    while (positions.snapshot().state !== 'silent') await systemClock.sleep(5);
    expect(errorAt(10.5)).toBeLessThan(NEAR_METRES);
    await pass(20_000);
    expect(positions.snapshot().state).toBe('silent');
    await replug();
    for (let second = 30; positions.snapshot().state !== 'fixed'; second = 30 + ((second + 1) % 30)) {
      await pass(1_000);
      await rig.receiver.say(log.sentencesAt(second).join(''));
      await systemClock.sleep(150);
    }
    await pass(500);
    expect(positions.snapshot().reopened).toBe(1);
    expect(states.slice(0, 3)).toEqual(['silent', 'fixed', 'silent']);
    expect(states.at(-1)).toBe('fixed');
  });

  it('are not taken from what was said before anybody listened', async () => {
    // More than the driver throws away by itself.
    const stretches = [OPEN, OPEN, OPEN, OPEN];
    const { positions, drive, errorAt, settled } = await car(stretches, {}, { baudRate: 1_000_000 }, true);
    await settled(1_500);
    expect(positions.snapshot()).toMatchObject({ sentences: 0, badSentences: 0 });
    await drive(0, 10);
    expect(errorAt(8.5)).toBeLessThan(NEAR_METRES);
  });

  it('are not moved when somebody sets the system clock', async () => {
    const { positions, clock, open, drive, log } = await car([OPEN]);
    await open();
    await drive(0, 10);
    expect(positions.snapshot().clockOffsetMs).toBeCloseTo(0, 6);
    clock.set(clock.nowMs() + 3_600_000);
    await drive(10, 20);
    expect(positions.snapshot().clockOffsetMs).toBeCloseTo(3_600_000, 6);
    const near = (capturedAtMs: number, second: number) => {
      const position = positions.at(capturedAtMs);
      expect(position?.isInterpolated).toBe(true);
      expect(position && metresBetween(position, log.truthAt(second).place)).toBeLessThan(NEAR_METRES);
    };
    near(BEGINS_AT_MS + 5_500, 5.5);
    near(BEGINS_AT_MS + 3_600_000 + 15_500, 15.5);
  });

  it('are in nothing that is logged, told or shown', async () => {
    const { positions, written, open, drive, rig, log } = await car([OPEN]);
    await open();
    await drive(0, 10);
    await rig.receiver.say(log.sentencesAt(11).join('').slice(0, 50));
    await rig.receiver.unplug();
    while (positions.snapshot().state !== 'silent') await systemClock.sleep(5);
    const shown = `${written.join('\n')}${JSON.stringify(positions.snapshot())}`;
    const place = positions.place();
    expect(place?.latitudeDeg).toBeCloseTo(54.72, 1);
    expect(written.length).toBeGreaterThan(2);
    for (const trace of ['54.7', '5443', '2.3', '00218', '$GN', 'RMC']) expect(shown).not.toContain(trace);
  });
});

describe('a fixed cabinet', () => {
  const place = { latitudeDeg: 54.5, longitudeDeg: 3.25 };

  it('without a receiver is where it was surveyed, at any time', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'anprd-position-'));
    ending.push(() => rmSync(folder, { recursive: true, force: true }));
    const surveyedFile = join(folder, 'surveyed-place');
    writeFileSync(surveyedFile, '54.5,3.25\n', { mode: 0o600 });
    const config = positionSchema.parse({ surveyedFile });
    const positions = new Positions({ config, clock: new ManualClock(), log: pino({ level: 'silent' }) });
    positions.start();
    expect(positions.at(0)).toEqual({ ...place, source: 'surveyed', ageMs: 0, isInterpolated: false });
    expect(positions.place()).toEqual(place);
    expect(positions.speed()).toBeUndefined();
    expect(positions.snapshot()).toEqual({
      source: 'surveyed',
      state: 'none',
      sentences: 0,
      badSentences: 0,
      reopened: 0,
    });
    await positions.stop();
  });
});
