import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { linesSchema } from '../../../src/config/site-schema.js';
import { Lines, OFF_FROM_START_MS } from '../../../src/gpio/lines.js';
import { createLogger } from '../../../src/lib/log.js';
import { ManualClock } from '../../support/manual-clock.js';
import { temporaryFolder } from '../../support/recordings.js';

/** Lines on a board of files, by a clock that the test moves. */

const LINE = { illuminator: 2, strobeEnable: 3, tamper: 4, ignition: 5, lamp: 6, buzzer: 7, mute: 8 };
type Name = keyof typeof LINE;

/** As often as lines are looked at. */
const LOOK_MS = 50;

let folder: string;
let clock: ManualClock;
let lines: Lines;
let told: string[];

beforeEach(() => {
  folder = join(temporaryFolder(), 'lines');
  clock = new ManualClock();
  told = [];
});
afterEach(() => lines.stop());

function startLines(settings: Record<string, unknown> = {}): void {
  const numbers = Object.fromEntries(Object.entries(LINE).map(([name, line]) => [name, { line }]));
  lines = new Lines({
    config: linesSchema.parse({ board: { kind: 'simulated', folder }, ...numbers, ...settings }),
    clock,
    log: createLogger('silent'),
    onTamper: (isOpen) => told.push(isOpen ? 'opened' : 'shut'),
    onIgnitionOff: () => told.push('ignition off'),
    onMute: (untilMono) => told.push(`muted for ${untilMono - clock.monoMs()} ms`),
    onAvailable: (detail) => told.push(detail ?? 'available'),
  });
  lines.start();
}

async function pass(ms: number): Promise<void> {
  for (let stepMs = 0; stepMs < ms; stepMs += LOOK_MS) {
    clock.advance(LOOK_MS);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const turn = (name: Name, volts: 0 | 1) => writeFileSync(join(folder, `gpio${LINE[name]}`), `${volts}\n`);
const levelOf = (name: Name) => Number(readFileSync(join(folder, `gpio${LINE[name]}`), 'utf8'));

/** What a line does from now on, a character for each tenth of a second. */
async function rhythmOf(name: Name, tenths: number): Promise<string> {
  let rhythm = '';
  for (let tenth = 0; tenth < tenths; tenth++) {
    rhythm += levelOf(name) === 1 ? '#' : '.';
    await pass(100);
  }
  return rhythm;
}

describe('the tamper switch', () => {
  it('is told within a second, once, and once again when it is shut', async () => {
    startLines();
    await pass(1_000);
    expect(told).toEqual([]);
    turn('tamper', 1);
    await pass(1_000);
    expect(told).toEqual(['opened']);
    expect(lines.snapshot()).toMatchObject({ isTamperOpen: true });
    await pass(60_000);
    turn('tamper', 0);
    await pass(1_000);
    expect(told).toEqual(['opened', 'shut']);
  });

  it('gives one event while its contacts bounce', async () => {
    startLines();
    for (const volts of [1, 0, 1, 0, 0, 1, 0, 1, 1] as const) {
      turn('tamper', volts);
      await pass(LOOK_MS);
    }
    await pass(1_000);
    expect(told).toEqual(['opened']);
  });

  it('is open within a second while it rattles without end, and shut when it rests', async () => {
    startLines();
    for (let step = 0; step < 20; step++) {
      turn('tamper', step % 2 === 0 ? 1 : 0);
      await pass(LOOK_MS);
    }
    expect(told).toEqual(['opened']);
    for (let step = 0; step < 200; step++) {
      turn('tamper', step % 2 === 0 ? 1 : 0);
      await pass(LOOK_MS);
    }
    expect(told).toEqual(['opened']);
    await pass(1_000);
    expect(told).toEqual(['opened', 'shut']);
  });

  it('that is opened and shut for minutes by a loose contact is told once a minute, and as it is in the end', async () => {
    startLines();
    turn('ignition', 1);
    const flutter = async (minutes: number) => {
      for (let step = 0; step < minutes * 60; step++) {
        turn('tamper', step % 2 === 0 ? 1 : 0);
        await pass(1_000);
      }
    };
    await flutter(1);
    // People who come and go are told each time.
    expect(told.length).toBeGreaterThanOrEqual(20);
    await flutter(9);
    expect(told.length).toBeLessThanOrEqual(31);
    await pass(61_000);
    expect(told.at(-1)).toBe('shut');
    expect(told.every((what, index) => what === (index % 2 === 0 ? 'opened' : 'shut'))).toBe(true);
  });

  it('does not hear a spark', async () => {
    startLines();
    for (let spark = 0; spark < 20; spark++) {
      turn('tamper', 1);
      await pass(LOOK_MS);
      turn('tamper', 0);
      await pass(1_000);
    }
    expect(told).toEqual([]);
  });

  it('tells a cabinet that is open at the start', async () => {
    startLines();
    await lines.stop();
    turn('tamper', 1);
    startLines();
    await pass(1_000);
    expect(told).toEqual(['opened']);
  });
});

describe('the ignition', () => {
  it('is told once when it has been off for as long as configured', async () => {
    startLines({ ignitionOffSeconds: 3 });
    turn('ignition', 1);
    await pass(60_000);
    turn('ignition', 0);
    await pass(2_900);
    expect(told).toEqual([]);
    await pass(200);
    expect(told).toEqual(['ignition off']);
    await pass(60_000);
    expect(told).toEqual(['ignition off']);
  });

  it('back in time cancels, and the wait begins anew', async () => {
    startLines({ ignitionOffSeconds: 3 });
    turn('ignition', 1);
    await pass(1_000);
    for (let start = 0; start < 5; start++) {
      turn('ignition', 0);
      await pass(2_500);
      turn('ignition', 1);
      await pass(500);
    }
    expect(told).toEqual([]);
    expect(lines.snapshot()).toMatchObject({ isIgnitionOn: true });
  });

  it('that is off from the start stops nothing for ten minutes: somebody works on a parked car', async () => {
    startLines({ ignitionOffSeconds: 0 });
    await pass(OFF_FROM_START_MS - 1_000);
    expect(told).toEqual([]);
    await pass(2_000);
    expect(told).toEqual(['ignition off']);
  });

  it('that cannot be read any more is not off', async () => {
    startLines();
    turn('ignition', 1);
    await pass(1_000);
    turn('ignition', 'x' as never);
    await pass(60_000);
    expect(told).toEqual([expect.stringMatching(/^ignition: .*expected 0 or 1/)]);
    expect(lines.snapshot()).not.toHaveProperty('isIgnitionOn');
  });
});

describe('lamp and buzzer', () => {
  it('are told apart by rhythm', async () => {
    startLines();
    const rhythms = new Set<string>();
    for (const pattern of ['ok', 'warning', 'fault', 'stopping'] as const) {
      lines.lamp(pattern);
      rhythms.add(await rhythmOf('lamp', 20));
    }
    expect([...rhythms]).toEqual([
      '#...................',
      '##..##..............',
      '#####.....#####.....',
      '###############.....',
    ]);
  });

  it('go on with a rhythm that is said again and again', async () => {
    startLines();
    let rhythm = '';
    for (let second = 0; second < 4; second++) {
      lines.lamp('warning');
      rhythm += await rhythmOf('lamp', 10);
    }
    expect(rhythm).toBe('##..##..............'.repeat(2));
  });

  it('show a hit at once, and then again what was before', async () => {
    startLines();
    lines.lamp('ok');
    await pass(500);
    lines.buzz('stop');
    lines.lamp('hit');
    expect([levelOf('buzzer'), levelOf('lamp')]).toEqual([1, 1]);
    expect(await rhythmOf('buzzer', 40)).toBe('##.##.##...##.##.##...##.##.##..........');
    expect(lines.snapshot()).toMatchObject({ lamp: 'hit' });
    await pass(10_000);
    expect(lines.snapshot()).toMatchObject({ lamp: 'ok' });
  });

  it('sound nothing for a vehicle that is to be watched unnoticed', async () => {
    startLines();
    lines.buzz('silent');
    expect(await rhythmOf('buzzer', 10)).toBe('..........');
  });

  it('let nothing lesser cut into what is pressing', async () => {
    startLines();
    lines.buzz('information');
    lines.buzz('stop');
    lines.buzz('information');
    lines.buzz('silent');
    expect(await rhythmOf('buzzer', 30)).toBe('##.##.##...##.##.##...##.##.##');
    lines.buzz('information');
    expect(await rhythmOf('buzzer', 5)).toBe('#....');
  });
});

describe('the mute button', () => {
  it('silences what sounds and what comes, for so long', async () => {
    startLines({ muteSeconds: 60 });
    lines.buzz('stop');
    turn('mute', 1);
    await pass(150);
    turn('mute', 0);
    expect(told).toEqual(['muted for 60000 ms']);
    lines.buzz('stop');
    expect(await rhythmOf('buzzer', 30)).toBe('.'.repeat(30));
    expect(lines.snapshot().mutedForMs).toBeGreaterThan(50_000);
    await pass(60_000);
    lines.buzz('stop');
    expect(levelOf('buzzer')).toBe(1);
    expect(lines.snapshot().mutedForMs).toBeUndefined();
  });

  it('can be pressed again, and from a screen', async () => {
    startLines({ muteSeconds: 60 });
    lines.mute();
    await pass(50_000);
    lines.mute();
    await pass(50_000);
    lines.buzz('stop');
    expect(levelOf('buzzer')).toBe(0);
    expect(told).toEqual(['muted for 60000 ms', 'muted for 60000 ms']);
  });
});

describe('the illuminator', () => {
  it('comes with its strobe when it is dark, and goes when it is bright', async () => {
    startLines();
    expect(lines.isIlluminatorOn).toBe(false);
    for (let second = 0; second < 5; second++) {
      lines.illuminate({ pictureBrightness: 10 });
      await pass(1_000);
    }
    expect([levelOf('illuminator'), levelOf('strobeEnable')]).toEqual([1, 1]);
    expect(lines.isIlluminatorOn).toBe(true);
    for (let second = 0; second < 90; second++) {
      lines.illuminate({ pictureBrightness: 200 });
      await pass(1_000);
    }
    expect([levelOf('illuminator'), levelOf('strobeEnable')]).toEqual([0, 0]);
    expect(lines.isIlluminatorOn).toBe(false);
  });

  it('is driven to 0 volts where that means on', async () => {
    startLines({ illumination: 'on', illuminator: { line: LINE.illuminator, activeLow: true } });
    await pass(LOOK_MS);
    expect(levelOf('illuminator')).toBe(0);
    await lines.stop();
    expect(levelOf('illuminator')).toBe(1);
  });

  it('is brought back where somebody else has set it', async () => {
    startLines({ illumination: 'on' });
    await pass(1_000);
    turn('illuminator', 0);
    await pass(10_000);
    expect(levelOf('illuminator')).toBe(1);
  });
});

describe('lines that fail', () => {
  it('leave the ignition on when its file is taken away: a switch that is not there switches nothing off', async () => {
    startLines({ ignitionOffSeconds: 3 });
    turn('ignition', 1);
    await pass(5_000);
    rmSync(join(folder, `gpio${LINE.ignition}`));
    await pass(60_000);
    expect(told.at(-1)).toBe('available');
    expect(told).not.toContain('ignition off');
    expect(lines.snapshot()).toMatchObject({ isIgnitionOn: true });
  });

  it('are told, tried again, and told when they are back for a while', async () => {
    startLines({ illumination: 'on' });
    await pass(1_000);
    rmSync(folder, { recursive: true });
    writeFileSync(folder, 'no folder');
    await pass(15_000);
    expect(told.at(-1)).toMatch(/cannot be made/);
    expect(lines.isIlluminatorOn).toBe(false);
    rmSync(folder);
    await pass(60_000);
    expect(told.at(-1)).toBe('available');
    expect(lines.snapshot().problem).toBeUndefined();
    expect(lines.snapshot().failures).toBeGreaterThan(0);
    expect(levelOf('illuminator')).toBe(1);
    turn('tamper', 1);
    await pass(1_000);
    expect(told.at(-1)).toBe('opened');
  });

  it('do not keep the others from working', async () => {
    startLines({ mute: { line: LINE.tamper } });
    turn('tamper', 1);
    await pass(1_000);
    expect(told).toEqual(['mute: line 4 is used twice; expected one use of a line', 'opened']);
  });
});

describe('starting and stopping', () => {
  it('leaves every output off', async () => {
    startLines({ illumination: 'on' });
    lines.lamp('stopping');
    lines.buzz('stop');
    await pass(100);
    const outputs = ['illuminator', 'strobeEnable', 'lamp', 'buzzer'] as const;
    expect(outputs.map(levelOf)).toEqual([1, 1, 1, 1]);
    await lines.stop();
    expect(outputs.map(levelOf)).toEqual([0, 0, 0, 0]);
    lines.buzz('stop');
    lines.lamp('hit');
    expect(outputs.map(levelOf)).toEqual([0, 0, 0, 0]);
  });

  it('does nothing on no board, and says nothing of lines that cannot be there', async () => {
    startLines({ board: { kind: 'none' }, illumination: 'on' });
    lines.illuminate({});
    lines.buzz('stop');
    await pass(1_000);
    expect(lines.isIlluminatorOn).toBe(false);
    expect(lines.snapshot()).toEqual({ board: 'none', failures: 0 });
    expect(told).toEqual([]);
  });
});
