import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { linesSchema } from '../../src/config/site-schema.js';
import { type Clock, systemClock } from '../../src/lib/clock.js';
import { createLogger } from '../../src/lib/log.js';
import { parked } from '../../src/parked.js';
import { ManualClock } from '../support/manual-clock.js';

const LINE = 4;
let folder: string;
const said: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'anprd-parked-'));
  said.length = 0;
});
afterEach(() => rmSync(folder, { recursive: true }));

const setIgnition = (isOn: boolean) => writeFileSync(join(folder, `gpio${LINE}`), isOn ? '1' : '0');

function wait(signal: AbortSignal = new AbortController().signal, clock: Clock = systemClock): Promise<void> {
  return parked({
    config: linesSchema.parse({ board: { kind: 'simulated', folder }, ignition: { line: LINE } }),
    clock,
    log: createLogger('silent'),
    notify: (text) => said.push(text) > 0,
    signal,
  });
}

const fed = () => said.filter((text) => text === 'WATCHDOG=1').length;

async function untilFed(times: number): Promise<void> {
  while (fed() < times) await new Promise((wake) => setTimeout(wake, 20));
}

describe('a device in a parked vehicle', () => {
  it('waits for the ignition, says that it does, and goes on when it is back', async () => {
    setIgnition(false);
    let isOver = false;
    const waiting = wait().then(() => {
      isOver = true;
    });
    await untilFed(3);
    expect(isOver).toBe(false);
    expect(said[0]).toMatch(/^STATUS=ignition off/);
    setIgnition(true);
    await waiting;
  });

  it('ends its wait when the service is stopped', async () => {
    setIgnition(false);
    const stopping = new AbortController();
    const waiting = wait(stopping.signal);
    await untilFed(2);
    stopping.abort();
    await waiting;
    expect(fed()).toBeGreaterThan(1);
  });

  it('outlasts a line that cannot be read for a moment, and none that stays so', async () => {
    const clock = new ManualClock();
    let isOver = false;
    const pass = async (seconds: number) => {
      for (let tick = 0; tick < 20 * seconds; tick++) {
        clock.advance(50);
        await new Promise((wake) => setImmediate(wake));
      }
    };
    setIgnition(false);
    const waiting = wait(undefined, clock).then(() => {
      isOver = true;
    });
    for (let times = 0; times < 3; times++) {
      writeFileSync(join(folder, `gpio${LINE}`), 'no level');
      await pass(5);
      setIgnition(false);
      await pass(60);
    }
    expect(isOver).toBe(false);
    writeFileSync(join(folder, `gpio${LINE}`), 'no level');
    await pass(150);
    await waiting;
  });
});
