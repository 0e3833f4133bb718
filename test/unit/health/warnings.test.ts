import { describe, expect, it } from 'vitest';
import { Warnings } from '../../../src/health/warnings.js';
import { createLogger, type Logger } from '../../../src/lib/log.js';
import { ManualClock } from '../../support/manual-clock.js';

function makeWarnings() {
  const clock = new ManualClock();
  return { clock, warnings: new Warnings({ clock, log: createLogger('silent') }) };
}

describe('warnings', () => {
  it('say what is wrong and what to do until it is over', () => {
    const { warnings } = makeWarnings();
    warnings.raise('camera-lost', 'cam-1', 'no frame for 5 s');
    expect(warnings.visible()).toEqual([
      expect.objectContaining({ code: 'camera-lost', subject: 'cam-1', detail: 'no frame for 5 s' }),
    ]);
    expect(warnings.visible()[0]?.remedy).toContain('cable');
    warnings.clear('camera-lost', 'cam-1');
    expect(warnings.visible()).toEqual([]);
  });

  it('are held back while the state may mend itself', () => {
    const { clock, warnings } = makeWarnings();
    warnings.raise('broker-away', '', 'connection refused');
    expect(warnings.visible()).toEqual([]);
    clock.advance(10_000);
    expect(warnings.visible()).toHaveLength(1);
  });

  it('are in the log once, from when they are shown on, with their end; what mended itself is not', () => {
    const clock = new ManualClock();
    const lines: string[] = [];
    const note = (_: object, title: string) => lines.push(title);
    const warnings = new Warnings({ clock, log: { warn: note, info: note } as unknown as Logger });
    const looked = () => warnings.visible().length;
    warnings.raise('broker-away', '', 'connecting');
    clock.advance(9_000);
    looked();
    warnings.clear('broker-away', '');
    expect(lines).toEqual([]);
    warnings.raise('broker-away', '', 'refused');
    clock.advance(10_000);
    looked();
    looked();
    warnings.clear('broker-away', '');
    warnings.raise('camera-lost', 'cam-1', 'silent');
    expect(lines).toEqual([
      expect.stringMatching(/^No connection/),
      expect.stringMatching(/^over: No connection/),
      expect.stringMatching(/^Camera/),
    ]);
  });

  it('keep the time of the first raise, and stand the most severe first', () => {
    const { clock, warnings } = makeWarnings();
    warnings.raise('broker-away', '', 'a');
    const sinceMs = clock.nowMs();
    clock.advance(20_000);
    warnings.raise('broker-away', '', 'b');
    warnings.raise('store-failing', '', 'disk full');
    expect(warnings.visible().map((warning) => warning.code)).toEqual(['store-failing', 'broker-away']);
    expect(warnings.visible()[1]).toMatchObject({ sinceMs, detail: 'b' });
  });

  it('of an event are over when it has not come again for a while', () => {
    const { clock, warnings } = makeWarnings();
    warnings.raise('vision-restarted', 'cam-1', 'killed');
    clock.advance(500_000);
    warnings.raise('vision-restarted', 'cam-1', 'killed again');
    clock.advance(500_000);
    expect(warnings.visible()).toHaveLength(1);
    clock.advance(500_000);
    expect(warnings.visible()).toEqual([]);
  });

  it.each([-86_400_000, 86_400_000])(
    'are neither shown nor over because the clock was set by %i ms',
    (byMs) => {
      const { clock, warnings } = makeWarnings();
      warnings.raise('broker-away', '', 'connection refused');
      warnings.raise('vision-restarted', 'cam-1', 'killed');
      clock.set(clock.nowMs() + byMs);
      expect(warnings.visible().map(({ code }) => code)).toEqual(['vision-restarted']);
      clock.advance(10_000);
      expect(warnings.visible().map(({ code }) => code)).toEqual(['broker-away', 'vision-restarted']);
      clock.advance(600_000);
      expect(warnings.visible().map(({ code }) => code)).toEqual(['broker-away']);
    },
  );
});
