import { describe, expect, it } from 'vitest';
import { loadFace } from '../../../scripts/src/clip/face.js';
import { layOutPlate } from '../../../scripts/src/clip/plate-layout.js';
import { drawPlate } from '../../../scripts/src/clip/plate-texture.js';
import { seededRandom } from '../../../scripts/src/clip/random.js';
import { planConditions } from '../../../scripts/src/fusion/conditions.js';
import { FRAMES_A_PASSAGE, PassageRenderer } from '../../../scripts/src/fusion/rendered-passage.js';
import { addSharedFaults } from '../../../scripts/src/fusion/shared-faults.js';
import { smear } from '../../../scripts/src/fusion/smear.js';
import { plateSize } from '../../../src/domain/geometry.js';
import { parseVrm, type Vrm } from '../../../src/domain/vrm.js';

describe('a rendered passage', () => {
  const renderer = new PassageRenderer({ seed: 'a', count: 3 });

  it('is the same for the same seed, and another for another', () => {
    const again = new PassageRenderer({ seed: 'a', count: 3 }).passage(1).frame(4);
    expect(Buffer.compare(renderer.passage(1).frame(4).picture.pixels, again.picture.pixels)).toBe(0);
    expect(new PassageRenderer({ seed: 'b', count: 3 }).passage(1).vrm).not.toBe(renderer.passage(1).vrm);
  });

  it('shows the whole plate in every frame, larger or smaller all the time', () => {
    const rendered = renderer.passage(2);
    const frames = Array.from({ length: FRAMES_A_PASSAGE }, (_, at) => rendered.frame(at));
    for (const { quad, picture } of frames) {
      for (const { x, y } of quad) {
        expect(Math.min(x, y)).toBeGreaterThanOrEqual(0);
        expect(x).toBeLessThanOrEqual(picture.widthPx);
        expect(y).toBeLessThanOrEqual(picture.heightPx);
      }
    }
    const widths = frames.map(({ quad }) => plateSize(quad).widthPx);
    const sorted = [...widths].sort((a, b) => a - b);
    expect([sorted, [...sorted].reverse()]).toContainEqual(widths);
  });

  it('is refused beyond those that were planned', () => {
    expect(() => renderer.passage(3)).toThrow(RangeError);
  });
});

describe('what spoils it', () => {
  it('differs from frame to frame', () => {
    const { frames } = planConditions(12, seededRandom('conditions'));
    expect(new Set(frames.map(({ shake }) => `${shake.x} ${shake.y}`)).size).toBe(12);
    const glaring = frames.filter(({ glares }) => glares.length > 0).length;
    expect(glaring).toBeGreaterThan(0);
    expect(glaring).toBeLessThan(12);
    expect(new Set(frames.flatMap(({ glares }) => glares.map(({ across }) => across))).size).toBeGreaterThan(
      1,
    );
  });

  it('is in part on the plate itself, and so in all frames', () => {
    const face = loadFace();
    const mark = { vrm: parseVrm('AB12CDE') as Vrm, groups: ['AB12', 'CDE'] as const };
    const characters = layOutPlate(mark, 'one-line', face);
    const clean = drawPlate(mark, 'one-line', face, seededRandom('plate'));
    const spoilt = Array.from({ length: 12 }, (_, index) => {
      const texture = drawPlate(mark, 'one-line', face, seededRandom('plate'));
      addSharedFaults(texture, characters, seededRandom(`faults ${index}`));
      return texture.levels
        .slice(0, 3)
        .map(({ pixels }, level) => Buffer.compare(pixels, clean.levels[level]?.pixels as Uint8Array) !== 0);
    });
    // Some plates are clean; on the others every size of the texture that is ever used shows it.
    expect(spoilt.some(([full]) => full)).toBe(true);
    expect(spoilt.some(([full]) => !full)).toBe(true);
    for (const [full, half, quarter] of spoilt) expect([half, quarter]).toEqual([full, full]);
  });

  it('smears along the way that the picture moved, and only where it is told to', () => {
    const widthPx = 40;
    const pixels = new Uint8Array(widthPx * 20);
    for (let row = 0; row < 20; row++) pixels[row * widthPx + 20] = 200;
    const canvas = { pixels, widthPx, heightPx: 20 };
    const at = (x: number, y: number) => pixels[y * widthPx + x] as number;
    smear(canvas, { x: 0, y: 0, width: 40, height: 10 }, { x: 6, y: 0 });
    expect(at(20, 5)).toBeLessThan(60);
    expect(at(18, 5)).toBeGreaterThan(15);
    expect(at(22, 5)).toBeGreaterThan(15);
    expect(at(26, 5)).toBe(0);
    expect([at(20, 15), at(18, 15)]).toEqual([200, 0]);
    // A part that lies outside the picture is nothing to smear.
    smear(canvas, { x: -30, y: -30, width: 10, height: 10 }, { x: 6, y: 0 });
    expect(at(20, 15)).toBe(200);
  });
});
