import { describe, expect, it } from 'vitest';
import type { ClipTruth } from '../../../scripts/src/clip/render-clip.js';
import { planLap } from '../../../scripts/src/patrol/looped-clip.js';
import { judgeReads, passagesShown, type StatedRead, stampLag } from '../../../scripts/src/patrol/shown.js';
import type { Quad } from '../../../src/domain/geometry.js';
import type { Vrm } from '../../../src/domain/vrm.js';

const [FIRST, SECOND] = ['AB12CDE', 'XY65ZZZ'] as unknown as readonly [Vrm, Vrm];
const BEGAN_MS = 1_000_000;
/** Two vehicles in a clip of 10 s, at 4 frames a second. */
const CLIP: ClipTruth = {
  seed: '',
  rendererVersion: 1,
  widthPx: 1_280,
  heightPx: 720,
  framesPerSecond: 4,
  frameCount: 40,
  vehicles: [
    { vrm: FIRST, firstVisibleS: 1, lastVisibleS: 3 },
    { vrm: SECOND, firstVisibleS: 6, lastVisibleS: 8 },
  ].map((vehicle) => ({ ...vehicle, direction: 'towards', lines: 1, stops: false, widestPx: 100 })),
};
const shownAtMs = (frame: number) => BEGAN_MS + 250 * frame;
const shown = (newest: number) =>
  passagesShown(CLIP, (frame) => (frame > newest ? undefined : shownAtMs(frame)), newest);

function read(vrm: string, atSeconds: number, corners: StatedRead['plateCorners'] = []): StatedRead {
  const atMs = BEGAN_MS + 1_000 * atSeconds;
  return {
    recordId: `${vrm} ${atSeconds}`,
    vrm,
    capturedAtMs: atMs,
    pictureAtMs: atMs,
    plateCorners: corners,
  };
}

describe('what a looping camera showed', () => {
  it('is each vehicle once a lap, as far as the lap has come', () => {
    expect(shown(40).map(({ vrm }) => vrm)).toEqual([FIRST, SECOND]);
    expect(shown(40 + 13)).toEqual([
      { vrm: FIRST, fromMs: shownAtMs(4), untilMs: shownAtMs(12) },
      { vrm: SECOND, fromMs: shownAtMs(24), untilMs: shownAtMs(32) },
      { vrm: FIRST, fromMs: shownAtMs(44), untilMs: shownAtMs(52) },
    ]);
  });

  it('is far enough apart that no vehicle is taken for the same passage a lap later', () => {
    const lap = planLap('seed', 4);
    const first = lap[0]?.passAtS as number;
    expect((lap.at(-1)?.passAtS as number) - first).toBeGreaterThan(10);
    expect(new Set(lap.map(({ mark }) => mark.vrm)).size).toBe(4);
  });
});

describe('reads against what was shown', () => {
  it('are right where they say the mark of a vehicle in view, O and 0 being alike', () => {
    const reads = [read('AB12CDE', 2), read('XY65ZZZ', 7), read('AB12CDE', 12)];
    expect(judgeReads(shown(79), reads)).toEqual({ shown: 4, captured: 3, right: 3, wrong: 0, others: 0 });
  });

  it('are wrong where they say another mark, and belong to nobody where nothing was to be seen', () => {
    const reads = [read('AB12CDF', 2), read('BUS', 4.9), read('XY65ZZZ', 2)];
    expect(judgeReads(shown(40), reads)).toEqual({ shown: 2, captured: 1, right: 0, wrong: 1, others: 2 });
  });

  it('count once for each passage: a second record of it belongs to nobody', () => {
    const reads = [read('AB12CDE', 1.5), read('AB12CDE', 2.5)];
    expect(judgeReads(shown(40), reads)).toMatchObject({ right: 1, others: 1 });
  });
});

describe('how late the device took a frame to be', () => {
  /** Wanders 20 px a frame. */
  const quadAt = (vrm: Vrm, picture: number): Quad | undefined =>
    vrm === FIRST
      ? ([0, 1, 2, 3].map((corner) => ({ x: 20 * picture + corner, y: 5 })) as unknown as Quad)
      : undefined;
  const frames = {
    clip: CLIP,
    quadAt,
    shownAtMs,
    frameAt: (atMs: number) => Math.floor((atMs - BEGAN_MS) / 250),
  };
  const cornersIn = (picture: number) =>
    (quadAt(FIRST, picture) as Quad).map(({ x, y }): [number, number] => [x + 3, y]);

  it('is told by the frame that shows the plate where the record has it', () => {
    // Shown in the second lap, at 12.5 s.
    expect(stampLag(read('AB12CDE', 12.58, cornersIn(10)), frames)).toBeCloseTo(80, 6);
    expect(stampLag(read('AB12CDE', 13.5, cornersIn(10)), frames)).toBeCloseTo(1_000, 6);
  });

  it('is not guessed: no frame shows it there, or it is no vehicle of the clip', () => {
    expect(stampLag(read('AB12CDE', 12.58, cornersIn(300)), frames)).toBeUndefined();
    expect(stampLag(read('QQ99QQQ', 12.58, cornersIn(10)), frames)).toBeUndefined();
  });
});
