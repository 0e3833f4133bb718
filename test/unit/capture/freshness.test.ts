import { describe, expect, it } from 'vitest';
import { Freshness } from '../../../src/capture/freshness.js';

const INTERVAL_MS = 40;

/** A camera with a driver's queue: it takes a frame every 40 ms and keeps the oldest `depth` of them. */
class QueuedCamera {
  nowMs: number;
  readonly #depth: number;
  readonly #epochMs: number;
  readonly #decodeMs: number;
  #queue: number[] = [];
  #takenUpToMs = 0;

  constructor(options: { depth: number; decodeMs?: number; epochMs?: number }) {
    this.#depth = options.depth;
    this.#decodeMs = options.decodeMs ?? 5;
    this.#epochMs = options.epochMs ?? 1e6;
    this.nowMs = 0;
  }

  /** Blocks for a frame where none is queued; every frame arrives 12 ms after it was taken. */
  read() {
    const askedMs = this.nowMs;
    this.#fill();
    if (this.#queue.length === 0) {
      this.nowMs = this.#takenUpToMs + INTERVAL_MS + 12;
      this.#fill();
    }
    const takenMs = this.#queue.shift() as number;
    this.nowMs += this.#decodeMs;
    return {
      takenMs,
      seen: { readAtMonoMs: this.nowMs, readTookMs: this.nowMs - askedMs, ptsMs: this.#epochMs + takenMs },
    };
  }

  #fill(): void {
    while (this.#takenUpToMs + INTERVAL_MS + 12 <= this.nowMs) {
      this.#takenUpToMs += INTERVAL_MS;
      if (this.#queue.length < this.#depth) this.#queue.push(this.#takenUpToMs);
    }
  }
}

/** Plays as LiveSource does: reads until nothing newer waits, then works for `workMs`. */
function play(camera: QueuedCamera, freshness: Freshness, workMs: number, frames: number) {
  const given: { ageMs: number; toldAgeMs: number }[] = [];
  let dropped = 0;
  while (given.length < frames) {
    const { takenMs, seen } = camera.read();
    const { ageMs, newerWaiting } = freshness.observe(seen);
    if (newerWaiting) {
      dropped++;
      continue;
    }
    given.push({ ageMs: camera.nowMs - takenMs, toldAgeMs: ageMs });
    camera.nowMs += workMs;
  }
  return { given, dropped, oldestMs: Math.max(...given.slice(5).map(({ ageMs }) => ageMs)) };
}

describe('a live source', () => {
  it('whose frames are worked on faster than they come loses none', () => {
    for (const workMs of [0, 10, 30]) {
      const { dropped } = play(new QueuedCamera({ depth: 4 }), new Freshness(INTERVAL_MS), workMs, 200);
      expect(dropped).toBe(0);
    }
  });

  it('gives new frames, not the oldest of the queue, however long the work on one takes', () => {
    for (const depth of [1, 4, 500]) {
      for (const workMs of [50, 130, 333]) {
        const { oldestMs, dropped } = play(
          new QueuedCamera({ depth }),
          new Freshness(INTERVAL_MS),
          workMs,
          100,
        );
        expect(oldestMs, `queue of ${depth}, ${workMs} ms of work`).toBeLessThan(2.5 * INTERVAL_MS + 12);
        if (depth > 1 && workMs > 2 * INTERVAL_MS) expect(dropped).toBeGreaterThan(0);
      }
    }
  });

  it('tells how old a frame is, so that its time is that of the light and not of the read', () => {
    const { given } = play(new QueuedCamera({ depth: 4 }), new Freshness(INTERVAL_MS), 55, 200);
    // 17 ms is the way of every frame of this camera: arriving and decoding.
    for (const { ageMs, toldAgeMs } of given.slice(5))
      expect(Math.abs(ageMs - 17 - toldAgeMs)).toBeLessThan(5);
  });

  it('is followed when it measures a frame interval that it did not announce', () => {
    const { dropped } = play(new QueuedCamera({ depth: 4 }), new Freshness(4), 0, 300);
    expect(dropped).toBeLessThan(20);
  });

  it('that sets its clock forward is read on as before after one wait', () => {
    const freshness = new Freshness(INTERVAL_MS);
    const before = new QueuedCamera({ depth: 4, epochMs: 1e6 });
    play(before, freshness, 10, 20);
    const after = new QueuedCamera({ depth: 4, epochMs: 9e6 });
    after.nowMs = before.nowMs;
    const { given, dropped } = play(after, freshness, 10, 50);
    expect(dropped).toBeLessThan(6);
    expect(given.at(-1)?.toldAgeMs).toBeLessThan(INTERVAL_MS);
  });

  it('that sets its clock back is taken as it comes', () => {
    const freshness = new Freshness(INTERVAL_MS);
    const before = new QueuedCamera({ depth: 4, epochMs: 9e6 });
    play(before, freshness, 10, 20);
    const after = new QueuedCamera({ depth: 4, epochMs: 1e6 });
    after.nowMs = before.nowMs;
    expect(play(after, freshness, 10, 50).oldestMs).toBeLessThan(2.5 * INTERVAL_MS + 12);
  });

  it('without times of its own is given frame by frame', () => {
    const freshness = new Freshness(INTERVAL_MS);
    for (let readAtMonoMs = 0; readAtMonoMs < 5000; readAtMonoMs += 250) {
      const age = freshness.observe({ readAtMonoMs, readTookMs: 3, ptsMs: undefined });
      expect(age).toEqual({ ageMs: 0, newerWaiting: false });
    }
  });
});
