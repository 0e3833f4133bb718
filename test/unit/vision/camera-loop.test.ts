import { describe, expect, it } from 'vitest';
import type { FrameSource } from '../../../src/capture/frame-source.js';
import { MotionGate } from '../../../src/capture/motion-gate.js';
import type { Frame } from '../../../src/domain/frame.js';
import type { Passage } from '../../../src/domain/passage.js';
import { Optics } from '../../../src/optics/optics.js';
import { ViewWatch } from '../../../src/optics/view-watch.js';
import { CameraLoop, type CameraLoopOptions } from '../../../src/vision/camera-loop.js';
import type { VisionProgress } from '../../../src/vision/protocol.js';
import { approach, frameAt, newPassages, quadAt } from '../../support/drives.js';
import { latticeOf } from '../../support/lattices.js';
import { ManualClock } from '../../support/manual-clock.js';

const car = approach({ text: 'AB12CDE', fromS: 0, lastsS: 2 });

/** Gives the frames of a recording one after another, and waits for ever after them if asked to. */
class Frames implements FrameSource {
  readonly framesDropped = 3;
  openedAt: number | undefined;
  #next = 0;
  #close: () => void = () => undefined;

  constructor(
    readonly count: number,
    readonly waitsAfter = false,
  ) {}

  async open(resumeFromFrame: number): Promise<void> {
    this.openedAt = resumeFromFrame;
    this.#next = resumeFromFrame;
  }

  next(): Promise<Frame | undefined> {
    if (this.#next < this.count) {
      const index = this.#next++;
      return Promise.resolve(frameAt(index, index * 40));
    }
    if (!this.waitsAfter) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      this.#close = () => resolve(undefined);
    });
  }

  async close(): Promise<void> {
    this.#close();
  }
}

function build(source: Frames, options: Partial<CameraLoopOptions> = {}, certainty = 0.999) {
  const reported: Passage[] = [];
  const beats: VisionProgress[] = [];
  const readFrames: number[] = [];
  const lookedAgain: number[] = [];
  const clock = new ManualClock();
  const loop = new CameraLoop({
    source,
    gate: new MotionGate({ lookEveryMs: 0 }),
    optics: new Optics({ view: new ViewWatch({ onViews: () => undefined }) }),
    exposure: { frame: () => undefined, look: { state: 'off' } },
    recogniser: {
      detect: async (frame) => {
        clock.advance(40);
        const sight = car(frame.index / 25);
        return sight ? [{ quad: quadAt(sight), score: 0.9 }] : [];
      },
      read: async (frame, detections) => {
        readFrames.push(frame.index);
        return detections.map(({ quad, score }) => ({
          frameIndex: frame.index,
          capturedAtMs: frame.capturedAtMs,
          capturedMonoMs: frame.capturedMonoMs,
          quad,
          detectionScore: score,
          lattice: latticeOf(['AB12CDE'], {}, certainty),
          sharpness: 100,
        }));
      },
      lookAgain: async (frame, observations, most) => {
        lookedAgain.push(frame.index);
        return observations.slice(0, most).map((observation) => ({ ...observation, lookedAgain: true }));
      },
      snapshot: () => ({
        framesDetected: 0,
        platesFound: 0,
        platesRead: 0,
        secondLooks: 0,
        detectMs: 7,
        readMs: 5,
      }),
    },
    passages: newPassages(),
    clock,
    isLive: false,
    mostSecondLooks: 1,
    onPassage: (passage) => reported.push(passage),
    onProgress: (progress) => beats.push(progress),
    room: async () => undefined,
    ...options,
  });
  return { loop, reported, beats, readFrames, lookedAgain, clock };
}

const phases = (passages: readonly Passage[]) => passages.map(({ phase }) => phase);

describe('the camera loop', () => {
  it('takes frames through to passages until the recording ends, then reports what is open', async () => {
    const source = new Frames(30);
    const { loop, reported, beats } = build(source);
    await loop.run(0);
    expect(phases(reported)).toEqual(['settled', 'closed']);
    expect(reported[1]?.frameCount).toBe(30);
    expect(beats.at(-1)).toMatchObject({ framesProcessed: 30, framesDropped: 3, detectMs: 7, readMs: 5 });
  });

  it('goes on where it is told to', async () => {
    const source = new Frames(30);
    const { loop, reported } = build(source);
    await loop.run(12);
    expect(source.openedAt).toBe(12);
    expect(reported.at(-1)?.firstFrameIndex).toBe(12);
  });

  it('reads a plate in some frames only', async () => {
    const { loop, readFrames } = build(new Frames(45));
    await loop.run(0);
    expect(readFrames.length).toBeGreaterThanOrEqual(5);
    expect(readFrames.length).toBeLessThan(20);
  });

  it('looks again at a plate only where its first reads left doubts, and then seldom', async () => {
    const sure = build(new Frames(45));
    await sure.loop.run(0);
    expect(sure.lookedAgain).toEqual([]);

    const doubtful = build(new Frames(45), {}, 0.97);
    await doubtful.loop.run(0);
    expect(doubtful.lookedAgain[0]).toBeGreaterThanOrEqual(3);
    expect(doubtful.lookedAgain.length).toBeGreaterThanOrEqual(2);
    expect(doubtful.lookedAgain.length).toBeLessThanOrEqual(5);

    const never = build(new Frames(45), { mostSecondLooks: 0 }, 0.97);
    await never.loop.run(0);
    expect(never.lookedAgain).toEqual([]);
  });

  it('reports a frame before the beat that says it was processed', async () => {
    const order: string[] = [];
    const { loop } = build(new Frames(30), {
      onPassage: ({ phase, lastFrameIndex }) => order.push(`${phase} ${lastFrameIndex}`),
      onProgress: ({ framesProcessed }) => order.push(`beat ${framesProcessed}`),
    });
    await loop.run(0);
    const settled = order.findIndex((entry) => entry.startsWith('settled'));
    const frame = Number(order[settled]?.split(' ')[1]);
    const beatsBefore = order.slice(0, settled).map((entry) => Number(entry.split(' ')[1]));
    expect(Math.max(0, ...beatsBefore)).toBeLessThanOrEqual(frame);
    expect(order.at(-1)).toBe('beat 30');
    expect(order.at(-2)).toBe('closed 29');
  });

  it('takes no frame in while there is no room for its passages', async () => {
    let frames = 0;
    let makeRoom: () => void = () => undefined;
    const { loop } = build(new Frames(30), {
      room: () => (frames++ < 5 ? Promise.resolve() : new Promise((resolve) => (makeRoom = resolve))),
      onProgress: () => undefined,
    });
    const running = loop.run(0);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(frames).toBe(6);
    await loop.stop();
    makeRoom();
    await running;
  });

  it('ends after the frame at hand when it is stopped, and reports what is open', async () => {
    const source = new Frames(20, true);
    const { loop, reported } = build(source);
    const running = loop.run(0);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(phases(reported)).toEqual(['settled']);
    await loop.stop();
    await running;
    expect(phases(reported)).toEqual(['settled', 'closed']);
  });
});

describe('while no frame comes', () => {
  it('a live camera closes what has gone, and beats', async () => {
    const { loop, reported, beats, clock } = build(new Frames(20, true), { isLive: true });
    const running = loop.run(0);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const beatsBefore = beats.length;
    loop.waiting();
    expect(phases(reported)).toEqual(['settled']);
    expect(beats.length).toBe(beatsBefore + 1);
    clock.advance(2_000);
    loop.waiting();
    expect(phases(reported)).toEqual(['settled', 'closed']);
    await loop.stop();
    await running;
  });

  it('a recording closes nothing: its time stands still', async () => {
    const { loop, reported, clock } = build(new Frames(20, true));
    const running = loop.run(0);
    await new Promise((resolve) => setTimeout(resolve, 20));
    clock.advance(2_000);
    loop.waiting();
    expect(phases(reported)).toEqual(['settled']);
    await loop.stop();
    await running;
  });
});

describe('a limit on frames a second', () => {
  it('leaves frames of a live camera out evenly, counts them, and is an average', async () => {
    const taken: number[] = [];
    const source = new Frames(250);
    const { loop, beats } = build(source, {
      isLive: true,
      gate: {
        isWorthLooking: ({ index }: Frame) => {
          taken.push(index);
          return false;
        },
      } as unknown as MotionGate,
    });
    loop.limit(10);
    await loop.run(0);
    // Ten seconds at 25 frames a second.
    expect(taken.length).toBe(100);
    const gaps = taken.slice(1).map((index, place) => index - (taken[place] as number));
    expect([...new Set(gaps)].sort()).toEqual([2, 3]);
    expect(beats.at(-1)).toMatchObject({ framesProcessed: 100, framesLimited: 150 });
  });

  it('that is lifted lets every frame through again', async () => {
    const { loop, beats } = build(new Frames(60), {
      isLive: true,
      onPassage: () => undefined,
    });
    loop.limit(5);
    loop.limit(undefined);
    await loop.run(0);
    expect(beats.at(-1)).toMatchObject({ framesProcessed: 60, framesLimited: 0 });
  });

  it('makes a recording wait, and loses nothing of it', async () => {
    const clock = new ManualClock();
    const startedMonoMs = clock.monoMs();
    let beatsWhileWaiting = 0;
    const { loop, beats, reported } = build(new Frames(30), {
      clock: Object.assign(Object.create(clock), {
        monoMs: () => clock.monoMs(),
        nowMs: () => clock.nowMs(),
        sleep: async (ms: number) => {
          beatsWhileWaiting++;
          clock.advance(ms);
        },
      }),
    });
    loop.limit(2);
    await loop.run(0);
    expect(beats.at(-1)).toMatchObject({ framesProcessed: 30, framesLimited: 0 });
    expect(phases(reported)).toEqual(['settled', 'closed']);
    expect(clock.monoMs() - startedMonoMs).toBeGreaterThanOrEqual(29 * 500);
    // Half a second is longer than a process may be silent without a sign.
    expect(beatsWhileWaiting).toBeGreaterThanOrEqual(2 * 29);
  });
});

describe('what pictures say of the camera', () => {
  it('is in the beats: the picture, and each vehicle once it has gone by', async () => {
    const { loop, beats } = build(new Frames(60));
    await loop.run(0);
    const optics = beats.at(-1)?.optics;
    expect(optics?.picture).toEqual({ brightness: 0, saturatedShare: 0, contrast: 0 });
    expect(optics?.vehicles).toEqual([{ atMono: expect.any(Number), heightPx: expect.any(Number) }]);
    expect(optics?.vehicles[0]?.heightPx).toBeGreaterThan(8);
    expect(optics?.exposure).toEqual({ state: 'off' });
  });

  it('is told to the exposure, frame by frame, with the plates that were read in it', async () => {
    const told: number[] = [];
    const crop = { pixels: new Uint8Array(160 * 48).fill(90), widthPx: 160, heightPx: 48 };
    const plateBox = { x: 9, y: 6, width: 142, height: 36 };
    const { loop, beats } = build(new Frames(30), {
      exposure: { frame: (_, plates) => void told.push(plates.length), look: { state: 'controlled' } },
      recogniser: {
        detect: async (frame) => {
          const sight = car(frame.index / 25);
          return sight ? [{ quad: quadAt(sight), score: 0.9 }] : [];
        },
        read: async (frame, detections) =>
          detections.map(({ quad, score }) => ({
            frameIndex: frame.index,
            capturedAtMs: frame.capturedAtMs,
            capturedMonoMs: frame.capturedMonoMs,
            quad,
            detectionScore: score,
            lattice: latticeOf(['AB12CDE'], {}, 0.999),
            sharpness: 100,
            crop: { ...crop, plateBox },
          })),
        lookAgain: async (_, observations) => [...observations],
        snapshot: () => ({
          framesDetected: 0,
          platesFound: 0,
          platesRead: 0,
          secondLooks: 0,
          detectMs: 0,
          readMs: 0,
        }),
      },
    });
    await loop.run(0);
    expect(told.length).toBe(30);
    const measured = told.reduce((sum, count) => sum + count, 0);
    expect(measured).toBeGreaterThan(3);
    const optics = beats.at(-1)?.optics;
    expect(optics?.platesMeasured).toBe(measured);
    expect(optics?.vehicles[0]?.plate).toMatchObject({ brightness: 90, saturatedShare: 0, contrast: 0 });
  });
});
