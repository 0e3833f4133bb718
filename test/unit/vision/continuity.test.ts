import { describe, expect, it } from 'vitest';
import { NO_OPTICS } from '../../../src/domain/optics.js';
import type { Passage } from '../../../src/domain/passage.js';
import { Continuity } from '../../../src/vision/continuity.js';
import { type Actor, approach, frameAt, newPassages, show } from '../../support/drives.js';
import { repeatable } from '../../support/repeatable.js';

const FRAMES_PER_SECOND = 10;
const MARKS = ['AB12CDE', 'LM08XKV', 'J654KLM', 'PK63ZZT', 'WX19HFG', 'DV71RSU', 'NU55BYD', 'EK04MJC'];

/** Whole numbers below `limit`, repeatable. */
function randoms(seed: number): (limit: number) => number {
  const random = repeatable(seed);
  return (limit) => Math.floor(random() * limit);
}

/** Eight vehicles, some close behind another, one of which stands in view for a while. */
function traffic(random: (limit: number) => number): { actors: Actor[]; seconds: number } {
  let fromS = 0.5;
  const actors = MARKS.map((text, index) => {
    const way = approach({ text, fromS, lastsS: 1.5 + random(10) / 10, x: 400 + random(400) });
    const standsS = index === 3 ? 4 : 0;
    const stopS = fromS + 1;
    fromS += 0.8 + random(25) / 10 + standsS;
    return (s: number) => way(s < stopS ? s : s < stopS + standsS ? stopS : s - standsS);
  });
  return { actors, seconds: fromS + 4 };
}

/** Checks what must hold for whoever is behind the continuity: the store. */
class Records {
  readonly closed = new Map<string, Passage>();
  readonly #settled = new Set<string>();

  take(passage: Passage | undefined): void {
    if (passage === undefined) return;
    expect(this.closed.has(passage.id), `${passage.id} was reported after it was closed`).toBe(false);
    if (passage.phase === 'closed') this.closed.set(passage.id, passage);
    else {
      expect(this.#settled.has(passage.id), `${passage.id} settled twice`).toBe(false);
      this.#settled.add(passage.id);
    }
  }

  get texts(): string[] {
    for (const id of this.#settled) expect(this.closed.has(id), `${id} was never closed`).toBe(true);
    return [...this.closed.values()]
      .map(({ outcome }) => (outcome.kind === 'read' ? outcome.read.vrm : '?'))
      .sort();
  }
}

interface Run {
  readonly actors: readonly Actor[];
  readonly continuity: Continuity;
  readonly records: Records;
  /** Frames of the scene, as indices. */
  readonly from: number;
  readonly to: number;
  /** A live source counts its frames from 0 in every process. */
  readonly live: boolean;
  readonly generation: number;
  /** Frames before the end from which on nothing was sent any more. */
  readonly unsent: number;
}

/** One process from its start to its death. @returns where its last beat said to go on. */
function runProcess(run: Run): number {
  let nextId = 1;
  const passages = newPassages({}, { newId: () => `process-${run.generation}-${nextId++}` });
  let resumeFromFrame = run.from;
  for (let index = run.from; index < run.to; index++) {
    const seconds = index / FRAMES_PER_SECOND;
    const frame = frameAt(index, seconds * 1000);
    const sights = run.actors.map((actor) => actor(seconds)).filter((sight) => sight !== undefined);
    const { reports } = show(passages, run.live ? { ...frame, index: index - run.from } : frame, sights);
    if (index >= run.to - run.unsent) continue;
    for (const report of reports) run.records.take(run.continuity.take(report));
    // Beats come less often than frames.
    if (index % 3 !== 0) continue;
    resumeFromFrame = passages.resumeFromFrame;
    const given = run.continuity.progress(
      {
        framesProcessed: index,
        framesDropped: 0,
        framesLimited: 0,
        framesWithoutMotion: 0,
        resumeFromFrame,
        openPassages: passages.snapshot().open,
        standingIds: passages.standingIds,
        noise: 0,
        detectMs: 0,
        readMs: 0,
        optics: NO_OPTICS,
      },
      seconds * 1000,
    );
    for (const passage of given) run.records.take(passage);
  }
  if (run.unsent === 0) for (const report of passages.flush()) run.records.take(run.continuity.take(report));
  return resumeFromFrame;
}

describe('a recording whose process is killed at any moment', () => {
  it.each(Array.from({ length: 5 }, (_, seed) => seed))('gives every vehicle one record (%i)', (seed) => {
    const random = randoms(seed);
    const { actors, seconds } = traffic(random);
    const continuity = new Continuity({
      timeline: { kind: 'recording', graceFrames: 100 },
      adoptWithinMs: 15_000,
    });
    const records = new Records();
    const end = Math.ceil(seconds * FRAMES_PER_SECOND);
    let from = 0;
    for (let generation = 0; generation < 4; generation++) {
      const to = Math.min(end, from + 20 + random(end / 2));
      const unsent = 1 + random(4);
      from = runProcess({ actors, continuity, records, from, to, live: false, generation, unsent });
      continuity.died(0, 0);
    }
    runProcess({ actors, continuity, records, from, to: end, live: false, generation: 4, unsent: 0 });
    for (const passage of continuity.finish()) records.take(passage);
    expect(records.texts).toEqual([...MARKS].sort());
  });
});

describe('a live camera whose process is killed at any moment', () => {
  it.each(Array.from({ length: 5 }, (_, seed) => seed))('gives no vehicle two records (%i)', (seed) => {
    const random = randoms(100 + seed);
    const { actors, seconds } = traffic(random);
    const continuity = new Continuity({
      timeline: { kind: 'live', withinMs: 18_000 },
      adoptWithinMs: 18_000,
    });
    const records = new Records();
    const end = Math.ceil(seconds * FRAMES_PER_SECOND);
    const gaps: { fromS: number; toS: number }[] = [];
    let from = 0;
    for (let generation = 0; from < end; generation++) {
      const to = generation === 3 ? end : Math.min(end, from + 20 + random(end / 2));
      const unsent = to === end ? 0 : 1 + random(4);
      runProcess({ actors, continuity, records, from, to, live: true, generation, unsent });
      continuity.died((to * 1000) / FRAMES_PER_SECOND, 1_700_000_000_000 + (to * 1000) / FRAMES_PER_SECOND);
      from = to + FRAMES_PER_SECOND;
      if (to < end) gaps.push({ fromS: (to - unsent) / FRAMES_PER_SECOND, toS: from / FRAMES_PER_SECOND });
    }
    for (const passage of continuity.finish()) records.take(passage);

    const texts = records.texts;
    expect(texts.filter((text, index) => texts.indexOf(text) !== index)).toEqual([]);
    // Who was in view only while no process looked, or with too little of it before, is lost.
    const missed = MARKS.filter((text) => !texts.includes(text));
    for (const text of missed) {
      const actor = actors[MARKS.indexOf(text)] as Actor;
      const isCut = gaps.some(({ fromS, toS }) => {
        for (let s = fromS - 1; s <= toS; s += 0.1) if (actor(s) !== undefined) return true;
        return false;
      });
      expect(isCut, `${text} is missing, and was in view`).toBe(true);
    }
    expect(missed.length).toBeLessThanOrEqual(gaps.length);
  });
});

describe('an orphan', () => {
  const passage = (id: string, phase: Passage['phase'], seenAtMs: number): Passage => ({
    id,
    cameraId: 'cam-1',
    phase,
    outcome: {
      kind: 'read',
      read: {
        vrm: 'AB12CDE' as never,
        matchKey: 'AB12CDE' as never,
        probability: 0.95,
        characters: [],
        lines: ['AB12CDE'],
      },
    },
    firstSeenAtMs: seenAtMs,
    lastSeenAtMs: seenAtMs + 500,
    decidedAtMs: seenAtMs + 500,
    pictureAtMs: seenAtMs,
    firstFrameIndex: 10,
    lastFrameIndex: 15,
    frameCount: 6,
    readCount: 4,
    direction: 'towards',
    quad: [
      { x: 0, y: 0 },
      { x: 10, y: 0 },
      { x: 10, y: 2 },
      { x: 0, y: 2 },
    ],
  });
  const live = () => new Continuity({ timeline: { kind: 'live', withinMs: 10_000 }, adoptWithinMs: 10_000 });

  it('goes on under its own id when its vehicle is seen again', () => {
    const continuity = live();
    expect(continuity.take(passage('a', 'settled', 0))?.id).toBe('a');
    continuity.died(1_000, 1_000);
    expect(continuity.take(passage('b', 'settled', 3_000))).toBeUndefined();
    expect(continuity.take(passage('b', 'closed', 3_000))).toMatchObject({
      id: 'a',
      phase: 'closed',
      firstSeenAtMs: 0,
      lastSeenAtMs: 3_500,
      frameCount: 12,
    });
    expect(continuity.finish()).toEqual([]);
    expect(continuity.snapshot()).toEqual({ orphans: 0, adopted: 1, dropped: 0 });
  });

  it('is closed as it was when its vehicle is not seen again', () => {
    const continuity = live();
    continuity.take(passage('a', 'settled', 0));
    continuity.died(1_000, 1_000);
    expect(continuity.tick(10_000)).toEqual([]);
    expect(continuity.tick(11_001)).toMatchObject([{ id: 'a', phase: 'closed', lastSeenAtMs: 500 }]);
    expect(continuity.tick(20_000)).toEqual([]);
  });

  it('survives the death of the process that adopted it', () => {
    const continuity = live();
    continuity.take(passage('a', 'settled', 0));
    continuity.died(1_000, 1_000);
    continuity.take(passage('b', 'settled', 3_000));
    continuity.died(4_000, 4_000);
    expect(continuity.take(passage('c', 'closed', 6_000))?.id).toBe('a');
  });
});

describe('a vehicle that was reported closed', () => {
  it('and still stands there is dropped, however long ago that was', () => {
    const continuity = new Continuity({
      timeline: { kind: 'live', withinMs: 10_000 },
      adoptWithinMs: 10_000,
    });
    const passages = newPassages({ reportStandingAfterSeconds: 2 }, { newId: () => 'first' });
    const taken: Passage[] = [];
    const parked = { x: 640, y: 400, heightPx: 30, text: 'AB12CDE' };
    const from = (process: typeof passages, startS: number, untilS: number) => {
      for (let s = startS; s < untilS; s += 0.2) {
        const { reports } = show(process, frameAt(Math.round((s - startS) * 5), s * 1000), [parked]);
        for (const report of reports) taken.push(...[continuity.take(report)].filter((p) => p !== undefined));
        continuity.progress(
          {
            framesProcessed: 0,
            framesDropped: 0,
            framesLimited: 0,
            framesWithoutMotion: 0,
            resumeFromFrame: 0,
            openPassages: 1,
            standingIds: process.standingIds,
            noise: 0,
            detectMs: 0,
            readMs: 0,
            optics: NO_OPTICS,
          },
          s * 1000,
        );
      }
      continuity.died(untilS * 1000, 1_700_000_000_000 + untilS * 1000);
    };
    from(passages, 0, 60);
    from(newPassages({ reportStandingAfterSeconds: 2 }, { newId: () => 'second' }), 62, 120);
    from(newPassages({ reportStandingAfterSeconds: 2 }, { newId: () => 'third' }), 122, 150);
    expect(taken.filter(({ phase }) => phase === 'closed').map(({ id }) => id)).toEqual(['first']);
    expect(continuity.finish()).toEqual([]);
  });
});
