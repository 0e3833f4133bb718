import { describe, expect, it } from 'vitest';
import { sentence } from '../../../scripts/src/patrol/nmea-text.js';
import { readAtRate } from '../../../scripts/src/patrol/wrong-rate.js';
import { DeviceError } from '../../../src/lib/errors.js';
import type { SerialLine, SerialLineOptions } from '../../../src/position/serial-line.js';
import { SerialSource, USUAL_BAUD_RATES } from '../../../src/position/serial-source.js';
import { ManualClock } from '../../support/manual-clock.js';

/** Which rate a line is read at, and when it is given up. The line is a double: a pseudo terminal has no levels. */

const SENTENCE = Buffer.from(sentence('GPGGA,120000,5443.20000,N,00218.60000,E,1,08,0.9,12.0,M,45.0,M,,'));

/** A line with a receiver that speaks each second at a rate of its own; read at another it gives what it would. */
class Line implements SerialLine {
  readonly opened: number[] = [];
  readonly tried: number[] = [];
  closed = 0;
  speaks: Uint8Array = SENTENCE;
  refuses: number | undefined;
  #options: SerialLineOptions | undefined;
  #rate = 0;

  constructor(readonly baudRate: number) {}

  readonly open = async (options: SerialLineOptions): Promise<SerialLine> => {
    this.opened.push(options.baudRate);
    this.#options = options;
    return this;
  };

  async setBaudRate(rate: number): Promise<void> {
    if (rate === this.refuses)
      throw new DeviceError('position.receiver-failed', { message: 'no', hint: 'no' });
    this.tried.push(rate);
    this.#rate = rate;
  }

  async close(): Promise<void> {
    this.closed++;
    this.#options = undefined;
  }

  speak(): void {
    this.#options?.onBytes(readAtRate(this.speaks, this.baudRate, this.#rate));
  }

  pull(): void {
    this.#options?.onGone(new DeviceError('position.receiver-failed', { message: 'unplugged', hint: '' }));
  }
}

function running(line: Line, baudRate: number | 'auto' = 'auto') {
  const clock = new ManualClock();
  const source = new SerialSource({
    device: '/dev/gps',
    baudRate,
    silentAfterMs: 5_000,
    clock,
    openLine: line.open,
  });
  const heard = { fixes: 0, understood: 0, bad: 0 };
  const stopping = new AbortController();
  const listener = {
    onFix: () => {
      heard.fixes++;
    },
    onNoFix: () => undefined,
    onSentence: (isUnderstood: boolean) => {
      heard[isUnderstood ? 'understood' : 'bad']++;
    },
  };
  const run = () => {
    const running = source.run(listener, stopping.signal);
    running.catch(() => undefined);
    return running;
  };
  /** Tenths of a second; it speaks at each whole one. */
  const pass = async (seconds: number, speaks = true) => {
    for (let tenth = 0; tenth < seconds * 10; tenth++) {
      if (speaks && tenth % 10 === 5) line.speak();
      clock.advance(100);
      await new Promise(setImmediate);
    }
  };
  return { source, heard, stopping, run, pass };
}

describe('an unknown rate', () => {
  it.each(USUAL_BAUD_RATES)('of %i is found within a round, by sentences that are right', async (rate) => {
    const line = new Line(rate);
    const { source, heard, stopping, run, pass } = running(line);
    const over = run();
    await pass(USUAL_BAUD_RATES.length * 2.6 + 2);
    expect(source.baudRate).toBe(rate);
    expect(line.tried.at(-1)).toBe(rate);
    expect(heard.fixes).toBeGreaterThan(0);
    stopping.abort();
    await over;
    expect(line.closed).toBe(1);
  });

  it('is tried first when the line is opened again', async () => {
    const line = new Line(57_600);
    const { stopping, run, pass } = running(line);
    const first = run();
    await pass(18);
    line.pull();
    await pass(0.2);
    await expect(first).rejects.toMatchObject({ message: 'unplugged' });
    line.tried.length = 0;
    const second = run();
    await pass(3);
    expect(line.opened.at(-1)).toBe(57_600);
    expect(line.tried).toEqual([57_600]);
    stopping.abort();
    await second;
    expect(line.closed).toBe(2);
  });

  it('that is none of the usual ones is told with all that were tried', async () => {
    const line = new Line(250_000);
    const { source, run, pass } = running(line);
    const over = run();
    await pass(20);
    await expect(over).rejects.toMatchObject({
      code: 'position.receiver-failed',
      message: expect.stringContaining('9600, 38400, 4800, 115200, 57600, 19200 baud'),
    });
    expect(source.baudRate).toBeUndefined();
    expect(line.tried).toEqual([...USUAL_BAUD_RATES]);
    expect(line.closed).toBe(1);
  });
});

describe('a configured rate', () => {
  it('is the only one that is tried', async () => {
    const line = new Line(9_600);
    const { source, heard, run, pass } = running(line, 115_200);
    const over = run();
    await pass(6);
    await expect(over).rejects.toBeInstanceOf(DeviceError);
    expect(line.tried).toEqual([115_200]);
    expect(source.baudRate).toBe(115_200);
    expect(heard.understood).toBe(0);
  });

  it('that the device does not do is told, and the line closed', async () => {
    const line = new Line(9_600);
    line.refuses = 9_600;
    const { run } = running(line, 9_600);
    await expect(run()).rejects.toMatchObject({ message: 'no' });
    expect(line.closed).toBe(1);
  });
});

describe('a receiver that was understood', () => {
  it('is given up when nothing can be understood any more for as long as configured', async () => {
    const line = new Line(9_600);
    const { run, pass, heard } = running(line);
    const over = run();
    let isOver = false;
    over.catch(() => {
      isOver = true;
    });
    await pass(10);
    line.speaks = Buffer.from('$GPGGA,garbage*00\r\n');
    await pass(4);
    expect(isOver).toBe(false);
    await pass(2);
    await expect(over).rejects.toMatchObject({ message: expect.stringContaining('for 5 s') });
    expect(heard.bad).toBeGreaterThan(0);
  });

  it('is waited for as long as it speaks', async () => {
    const line = new Line(4_800);
    const { run, pass, stopping, heard } = running(line, 4_800);
    const over = run();
    await pass(120);
    stopping.abort();
    await over;
    expect(heard).toEqual({ fixes: 120, understood: 120, bad: 0 });
  });
});
