import { describe, expect, it } from 'vitest';
import { DeviceError } from '../../../src/lib/errors.js';
import type { PositionListener, PositionSource } from '../../../src/position/position-source.js';
import { ReceiverWatch } from '../../../src/position/receiver-watch.js';
import { ManualClock } from '../../support/manual-clock.js';

/** A receiver is kept open whatever happens to it, and its state is told once each time it changes. */

class Source implements PositionSource {
  readonly kind = 'serial';
  readonly baudRate = 9_600;
  runs = 0;
  listener: PositionListener | undefined;
  fail: (reason: unknown) => void = () => undefined;

  run(listener: PositionListener, signal: AbortSignal): Promise<void> {
    this.runs++;
    this.listener = listener;
    return new Promise((resolve, reject) => {
      this.fail = reject;
      signal.addEventListener('abort', () => resolve());
    });
  }
}

const unplugged = (message = 'unplugged') =>
  new DeviceError('position.receiver-failed', { message, hint: 'Plug it in' });

function watched() {
  const clock = new ManualClock();
  const source = new Source();
  const told: string[] = [];
  const watch = new ReceiverWatch({
    source,
    clock,
    silentAfterMs: 5_000,
    onFix: () => undefined,
    onNoFix: () => undefined,
    onState: (state, detail) => told.push(`${state}: ${detail}`),
    random: () => 1,
  });
  watch.start();
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 100) {
      clock.advance(100);
      await new Promise(setImmediate);
    }
  };
  const fix = () => {
    source.listener?.onSentence(true);
    source.listener?.onFix({ atMono: clock.monoMs(), latitudeDeg: 54, longitudeDeg: 2 });
  };
  return { clock, source, watch, told, pass, fix };
}

describe('a receiver', () => {
  it('is fixed, searching or silent, and told so once', async () => {
    const { source, watch, told, pass, fix } = watched();
    fix();
    await pass(1_000);
    fix();
    await pass(1_000);
    source.listener?.onSentence(true);
    source.listener?.onNoFix(2_000);
    await pass(1_000);
    await pass(5_000);
    fix();
    await pass(1_000);
    expect(told).toEqual([
      'silent: It has not said anything yet.',
      'fixed: It has a fix.',
      'searching: It speaks, and has no fix.',
      'silent: Nothing that can be understood comes any more.',
      'fixed: It has a fix.',
    ]);
    await watch.stop();
  });

  it('that speaks and gives no fix any more is searching, though it never says so', async () => {
    const { source, watch, pass, fix } = watched();
    fix();
    for (let second = 0; second < 6; second++) {
      await pass(1_000);
      source.listener?.onSentence(true);
    }
    expect(watch.state).toBe('searching');
    await watch.stop();
  });

  it('is silent as soon as it is lost, and opened again after ever longer waits, ten seconds at most', async () => {
    const { source, watch, told, pass, fix } = watched();
    fix();
    const lose = async () => {
      const { runs } = source;
      source.fail(unplugged());
      await new Promise(setImmediate);
      expect(watch.state).toBe('silent');
      let waitedMs = 0;
      for (; source.runs === runs; waitedMs += 100) await pass(100);
      return waitedMs;
    };
    const waitsMs: number[] = [];
    for (let i = 0; i < 6; i++) waitsMs.push(await lose());
    expect(waitsMs).toEqual([500, 1_000, 2_000, 4_000, 8_000, 10_000]);
    expect(told.filter((line) => line.includes('unplugged'))).toEqual(['silent: unplugged. Plug it in']);
    expect(watch.reopened).toBe(0);
    fix();
    expect(watch).toMatchObject({ state: 'fixed', reopened: 1 });

    // It was heard, so the waits begin anew.
    expect(await lose()).toBe(500);
    await watch.stop();
  });

  it('that is lost for another reason is told again', async () => {
    const { source, watch, told, pass } = watched();
    source.fail(unplugged('not there'));
    await pass(1_000);
    source.fail(unplugged('not allowed'));
    await pass(2_000);
    expect(told).toEqual([
      'silent: It has not said anything yet.',
      'silent: not there. Plug it in',
      'silent: not allowed. Plug it in',
    ]);
    await watch.stop();
  });

  it('that was stopped while it waits is not opened again', async () => {
    const { source, watch, pass } = watched();
    source.fail(unplugged());
    await pass(100);
    await watch.stop();
    await pass(60_000);
    expect(source.runs).toBe(1);
  });
});
