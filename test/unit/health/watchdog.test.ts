import { describe, expect, it } from 'vitest';
import { statusLine } from '../../../src/health/status-line.js';
import { type StageWork, Watchdog } from '../../../src/health/watchdog.js';
import { createLogger } from '../../../src/lib/log.js';
import { stagesOf } from '../../../src/stage-work.js';
import type { VisionSnapshot } from '../../../src/vision/supervisor.js';
import { ManualClock } from '../../support/manual-clock.js';
import { deviceSnapshotOf } from '../../support/snapshots.js';

const IDLE: StageWork = { name: 'store', hasInput: false, done: 0, patienceMs: 60_000 };

function watched() {
  const clock = new ManualClock();
  const said: string[] = [];
  const watchdog = new Watchdog({
    clock,
    log: createLogger('silent'),
    notify: (text) => said.push(text) > 0,
  });
  /** Looks every second for so long. @returns how often it was fed meanwhile. */
  const lookFor = (seconds: number, stages: (second: number) => StageWork[]) => {
    let fed = 0;
    for (let second = 0; second < seconds; second++) {
      clock.advance(1_000);
      if (watchdog.look(stages(second), 'well')) fed++;
    }
    return fed;
  };
  return { clock, said, watchdog, lookFor };
}

describe('the watchdog', () => {
  it('is fed by every look while there is nothing to do, however long', () => {
    const { said, lookFor } = watched();
    expect(lookFor(7_200, () => [IDLE])).toBe(7_200);
    expect(said.filter((text) => text === 'WATCHDOG=1')).toHaveLength(7_200);
  });

  it('is fed while work gets done, however much waits', () => {
    const { lookFor } = watched();
    expect(lookFor(600, (second) => [{ ...IDLE, hasInput: true, done: Math.floor(second / 50) }])).toBe(600);
  });

  it('is not fed once a stage with input has got nothing done for longer than its patience', () => {
    const { lookFor, watchdog, said } = watched();
    const stuck = () => [
      { ...IDLE, hasInput: true, done: 17 },
      { ...IDLE, name: 'other' },
    ];
    expect(lookFor(61, stuck)).toBe(61);
    expect(lookFor(100, stuck)).toBe(0);
    expect(watchdog.snapshot()).toEqual({ stalled: ['store'] });
    expect(said.at(-1)).toBe('STATUS=stalled: store');
  });

  it('is fed again when the stage goes on after all', () => {
    const { lookFor, watchdog } = watched();
    lookFor(100, () => [{ ...IDLE, hasInput: true }]);
    expect(lookFor(1, () => [{ ...IDLE, hasInput: true, done: 1 }])).toBe(1);
    expect(watchdog.snapshot()).toEqual({ stalled: [] });
  });

  it('blames no stage for time in which the whole process was held up', () => {
    const { clock, lookFor } = watched();
    const waiting = () => [{ ...IDLE, hasInput: true }];
    lookFor(10, waiting);
    clock.advance(3_600_000);
    expect(lookFor(10, waiting)).toBe(10);
  });

  it('counts from when a stage has something to do, not from its last work', () => {
    const { lookFor } = watched();
    lookFor(1_000, () => [IDLE]);
    expect(lookFor(60, () => [{ ...IDLE, hasInput: true }])).toBe(60);
  });

  it('says when it is ready and when it stops, and its status only when that changes', () => {
    const { said, watchdog, lookFor } = watched();
    watchdog.ready();
    lookFor(30, () => [IDLE]);
    watchdog.stopping();
    expect(said.filter((text) => text !== 'WATCHDOG=1')).toEqual([
      'READY=1',
      'STATUS=well',
      'STOPPING=1\nSTATUS=stopping: what waits is sent',
    ]);
  });
});

describe('what the watchdog judges', () => {
  const [first] = deviceSnapshotOf().cameras;
  if (first === undefined) throw new Error('a device without a camera');
  const healthy: VisionSnapshot = first.vision;
  const cameraThat = (vision: Partial<VisionSnapshot>) => [
    { id: 'cam-1', vision: { ...healthy, ...vision } },
  ];
  const config = { hangAfterSeconds: 2.5, restartFirstSeconds: 0.1, restartMostSeconds: 30 };

  it.each([
    ['an empty road or a silent camera, of which the process gives signs', { signs: 99 }, true],
    ['a process that waits to be started again', { state: 'waiting', owesSigns: false }, true],
    ['a recording that was played to its end', { state: 'ended', owesSigns: false }, true],
    ['a process that hangs and cannot be killed', {}, false],
  ] as const)('%s', (_what, vision, isFed) => {
    const { lookFor } = watched();
    let signs = 0;
    const stages = () =>
      stagesOf(cameraThat({ ...vision, ...('signs' in vision && { signs: signs++ }) }), config);
    const fed = lookFor(300, stages);
    expect(fed === 300).toBe(isFed);
  });

  it('a store that takes no passage, of whatever camera', () => {
    const { lookFor, watchdog } = watched();
    let signs = 0;
    lookFor(100, () =>
      stagesOf(cameraThat({ signs: signs++, passages: { ...healthy.passages, waiting: 1 } }), config),
    );
    expect(watchdog.snapshot()).toEqual({ stalled: ['store'] });
  });
});

describe('the status line', () => {
  it('says what is wrong in codes', () => {
    const facts = { cameras: { total: 1, withFrames: 1 }, isConnected: true, hitsWaiting: 0, warnings: [] };
    expect(statusLine(facts)).toBe('1 of 1 camera; connected; no warnings');
    expect(
      statusLine({
        cameras: { total: 2, withFrames: 0 },
        isConnected: false,
        hitsWaiting: 3,
        warnings: [
          'camera-lost',
          'camera-lost',
          'broker-away',
          'too-hot',
          'disk-low',
          'disk-worn',
          'throttled',
        ],
      }),
    ).toBe(
      '0 of 2 cameras; no broker; hits wait; warnings: camera-lost, broker-away, too-hot, disk-low and 2 more',
    );
  });
});
