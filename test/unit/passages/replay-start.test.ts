import { describe, expect, it } from 'vitest';
import { ReplayStart } from '../../../src/passages/replay-start.js';

const span = (firstFrameIndex: number, lastFrameIndex: number) => ({ firstFrameIndex, lastFrameIndex });

describe('where a recording is played again from', () => {
  it('is the next frame on an empty road', () => {
    const start = new ReplayStart();
    start.advance(41, []);
    expect(start.frameIndex).toBe(42);
  });

  it('is the first frame of the oldest vehicle in view', () => {
    const start = new ReplayStart();
    start.advance(41, [span(35, 41), span(20, 41)]);
    expect(start.frameIndex).toBe(20);
  });

  it('is before every vehicle that would be seen in part', () => {
    const start = new ReplayStart();
    start.ended(span(5, 12));
    start.ended(span(10, 25));
    start.ended(span(1, 3));
    start.advance(41, [span(20, 41)]);
    expect(start.frameIndex).toBe(5);
  });

  it('goes forward again when the chain is broken', () => {
    const start = new ReplayStart();
    start.ended(span(10, 25));
    start.advance(41, [span(20, 41)]);
    start.ended(span(20, 41));
    start.advance(60, []);
    expect(start.frameIndex).toBe(61);
  });

  it('is never further back than is worth going', () => {
    const start = new ReplayStart();
    for (let first = 0; first < 5_000; first += 10) start.ended(span(first, first + 15));
    start.advance(5_010, [span(5_000, 5_010)]);
    expect(start.frameIndex).toBe(3_010);
  });
});
