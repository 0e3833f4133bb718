import { describe, expect, it } from 'vitest';
import { KeptLine, STEADY_MS } from '../../../src/gpio/kept-line.js';
import { DeviceError } from '../../../src/lib/errors.js';

/** A line in the hand of the test: what it does next, and how often it was opened and given back. */
class HandLine {
  opened = 0;
  closed = 0;
  fails: 'to open' | 'to read' | 'in a way nobody expects' | undefined;
  readonly kept = new KeptLine({
    open: () => {
      this.opened++;
      this.#failIf('to open');
      return {
        read: () => {
          this.#failIf('to read');
          if (this.fails === 'in a way nobody expects') throw new TypeError('a bug');
          return true;
        },
        close: () => {
          this.closed++;
        },
      };
    },
    random: () => 1,
  });

  readAt(atMono: number): boolean | undefined {
    return this.kept.use(atMono, (line) => line.read());
  }

  #failIf(what: HandLine['fails']): void {
    if (this.fails === what)
      throw new DeviceError('gpio.line-failed', { message: `it fails ${what}`, hint: 'mend it' });
  }
}

describe('a line that is kept open', () => {
  it('is opened once, when it is first used', () => {
    const line = new HandLine();
    expect(line.opened).toBe(0);
    expect([line.readAt(0), line.readAt(1), line.readAt(2)]).toEqual([true, true, true]);
    expect([line.opened, line.closed]).toEqual([1, 0]);
    expect(line.kept.problem).toBeUndefined();
  });

  it('is opened again after growing waits, and not in between', () => {
    const line = new HandLine();
    line.fails = 'to open';
    const tries: number[] = [];
    for (let atMono = 0; atMono <= 120_000; atMono += 100) {
      const before = line.opened;
      expect(line.readAt(atMono)).toBeUndefined();
      if (line.opened > before) tries.push(atMono);
    }
    const waits = tries.slice(1).map((atMono, index) => atMono - (tries[index] as number));
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    expect(line.kept.failures).toBe(tries.length);
  });

  it('is given back before it is opened again', () => {
    const line = new HandLine();
    line.readAt(0);
    line.fails = 'to read';
    expect(line.readAt(1)).toBeUndefined();
    expect([line.opened, line.closed]).toEqual([1, 1]);
    expect(line.kept.problem?.message).toBe('it fails to read');
    line.fails = undefined;
    expect(line.readAt(10_000)).toBe(true);
    expect([line.opened, line.closed]).toEqual([2, 1]);
  });

  it('stays told until it has worked for a while', () => {
    const line = new HandLine();
    line.fails = 'to read';
    line.readAt(0);
    line.fails = undefined;
    expect(line.readAt(1_000)).toBe(true);
    expect(line.kept.problem?.message).toBe('it fails to read');
    line.readAt(1_000 + STEADY_MS);
    expect(line.kept.problem).toBeUndefined();
  });

  it('is not what a bug is taken for', () => {
    const line = new HandLine();
    line.fails = 'in a way nobody expects';
    expect(() => line.readAt(0)).toThrow(TypeError);
  });
});
