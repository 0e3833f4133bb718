import { describe, expect, it } from 'vitest';
import { MotionGate } from '../../../src/capture/motion-gate.js';
import type { Frame } from '../../../src/domain/frame.js';
import { repeatable } from '../../support/repeatable.js';

const WIDTH_PX = 320;
const HEIGHT_PX = 240;

/** A dark road with sensor noise; `draw` may put something on it. */
function frameAt(monoMs: number, draw: (pixels: Uint8Array) => void = () => undefined): Frame {
  const random = repeatable(monoMs + 1);
  const pixels = Uint8Array.from({ length: WIDTH_PX * HEIGHT_PX }, () => 30 + random() * 10);
  draw(pixels);
  return {
    pixels,
    widthPx: WIDTH_PX,
    heightPx: HEIGHT_PX,
    index: monoMs,
    capturedAtMs: monoMs,
    capturedMonoMs: monoMs,
  };
}

/** A plate as small as can be read at all: 30 x 8 pixels. */
function plateAt(x: number): (pixels: Uint8Array) => void {
  return (pixels) => {
    for (let y = 100; y < 108; y++) pixels.fill(200, y * WIDTH_PX + x, y * WIDTH_PX + x + 30);
  };
}

describe('the motion gate', () => {
  it('lets an empty road pass by, but for a look now and then', () => {
    const gate = new MotionGate({ lookEveryMs: 400 });
    const looks = Array.from({ length: 26 }, (_, i) => i * 40).filter((ms) =>
      gate.isWorthLooking(frameAt(ms), false),
    );
    expect(looks).toEqual([0, 400, 800]);
  });

  it('looks at once when the smallest plate comes into view, and while it moves', () => {
    const gate = new MotionGate({ lookEveryMs: 10_000 });
    gate.isWorthLooking(frameAt(0), false);
    expect(gate.isWorthLooking(frameAt(40), false)).toBe(false);
    expect(gate.isWorthLooking(frameAt(80, plateAt(100)), false)).toBe(true);
    expect(gate.isWorthLooking(frameAt(120, plateAt(110)), false)).toBe(true);
  });

  it('adds up what changes slowly', () => {
    const gate = new MotionGate({ lookEveryMs: 1e9 });
    const dawn = (level: number) => (pixels: Uint8Array) => pixels.set(pixels.map((grey) => grey + level));
    gate.isWorthLooking(frameAt(0), false);
    const looks = Array.from({ length: 20 }, (_, i) => i + 1).filter((i) =>
      gate.isWorthLooking(frameAt(i, dawn(i / 2)), false),
    );
    expect(looks.length).toBeGreaterThan(0);
    expect(looks.length).toBeLessThan(5);
  });

  it('looks at every frame while a plate is followed, when the picture changes size, and where told to', () => {
    const gate = new MotionGate({ lookEveryMs: 10_000 });
    gate.isWorthLooking(frameAt(0), false);
    expect(gate.isWorthLooking(frameAt(40), true)).toBe(true);
    const smaller = { ...frameAt(80), pixels: new Uint8Array(160 * 120), widthPx: 160, heightPx: 120 };
    expect(gate.isWorthLooking(smaller, false)).toBe(true);
    const always = new MotionGate({ lookEveryMs: 0 });
    expect([0, 40, 80].every((ms) => always.isWorthLooking(frameAt(ms), false))).toBe(true);
  });
});
