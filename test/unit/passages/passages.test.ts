import { describe, expect, it } from 'vitest';
import {
  type Actor,
  approach,
  drive,
  frameAt,
  HEIGHT_PX,
  jitter,
  newPassages,
  type Sight,
  show,
} from '../../support/drives.js';

describe('a vehicle that goes by', () => {
  const { reports, settled, closed, reads } = drive({
    seconds: 4,
    actors: [approach({ text: 'AB12CDE', fromS: 0.5, lastsS: 2 })],
  });

  it('is one passage, settled while it is in view and closed when it has gone', () => {
    expect(reports.map(({ phase }) => phase)).toEqual(['settled', 'closed']);
    expect(new Set(reports.map(({ id }) => id)).size).toBe(1);
    const [passage] = closed;
    expect(passage?.outcome).toMatchObject({ kind: 'read', read: { vrm: 'AB12CDE' } });
    expect(passage?.frameCount).toBe(50);
    expect(passage?.cameraId).toBe('cam-1');
    expect([passage?.firstFrameIndex, passage?.lastFrameIndex]).toEqual(
      [13, 63].map((n) => expect.closeTo(n, -1)),
    );
  });

  it('settles within its first frames', () => {
    expect((settled[0]?.lastFrameIndex ?? 0) - (settled[0]?.firstFrameIndex ?? 0)).toBeLessThanOrEqual(8);
    expect(settled[0]?.decidedAtMs).toBe(settled[0]?.lastSeenAtMs);
  });

  it('is read in a dozen of its frames only', () => {
    expect(reads).toBeGreaterThanOrEqual(5);
    expect(reads).toBeLessThanOrEqual(14);
    expect(closed[0]?.readCount).toBe(reads);
  });

  it('has its pictures', () => {
    expect(closed[0]?.platePatch?.jpeg.length).toBeGreaterThan(0);
    expect(closed[0]?.overviewImage?.widthPx).toBe(800);
    expect(closed[0]?.pictureAtMs).toBeGreaterThan(settled[0]?.pictureAtMs ?? Infinity);
  });
});

describe('direction', () => {
  it.each([
    ['towards', 1],
    ['away', -1],
  ] as const)('is %s', (direction, towards) => {
    const { closed } = drive({
      seconds: 4,
      actors: [approach({ text: 'AB12CDE', fromS: 0.5, lastsS: 2, towards })],
    });
    expect(closed.map((passage) => passage.direction)).toEqual([direction]);
  });

  it('is towards also for one that stands at a barrier on its way', () => {
    const before = approach({ text: 'AB12CDE', fromS: 0, lastsS: 4 });
    const barrier: Actor = (s) => before(s < 2 ? s : s < 12 ? 2 : s - 10);
    const { closed } = drive({ seconds: 16, actors: [barrier] });
    expect(closed.map((passage) => passage.direction)).toEqual(['towards']);
  });

  it('is unknown for one that crosses the picture', () => {
    const crossing: Actor = (s) =>
      s < 2 ? { x: 100 + s * 500, y: 400, heightPx: 24, text: 'AB12CDE' } : undefined;
    const { closed, texts } = drive({ seconds: 4, actors: [crossing] });
    expect(texts).toEqual(['AB12CDE']);
    expect(closed[0]?.direction).toBe('unknown');
  });
});

describe('several vehicles', () => {
  it('in convoy, the second where the first just was, are two', () => {
    const actors = ['AB12CDE', 'LM08XKV'].map((text, i) => approach({ text, fromS: 0.4 * i, lastsS: 1.2 }));
    expect(drive({ seconds: 4, actors }).texts).toEqual(['AB12CDE', 'LM08XKV']);
  });

  it('in a convoy of one fleet, whose marks differ in one character, are two', () => {
    const actors = ['AB12CDE', 'AB12CDF'].map((text, i) => approach({ text, fromS: 0.8 * i, lastsS: 1.2 }));
    expect(drive({ seconds: 4, actors }).texts).toEqual(['AB12CDE', 'AB12CDF']);
  });

  it('that cross in the picture are two', () => {
    const left: Actor = (s) =>
      s < 2 ? { x: 100 + s * 500, y: 380, heightPx: 24, text: 'AB12CDE' } : undefined;
    const right: Actor = (s) =>
      s < 2 ? { x: 1180 - s * 500, y: 400, heightPx: 26, text: 'LM08XKV' } : undefined;
    expect([...drive({ seconds: 4, actors: [left, right] }).texts].sort()).toEqual(['AB12CDE', 'LM08XKV']);
  });

  it('in turn at one spot of a camera of one frame a second are each one', () => {
    const texts = ['AB12CDE', 'LM08XKV', 'J654KLM'];
    const turns: Actor = (s) => ({ x: 640, y: 400, heightPx: 30, text: texts[Math.floor(s)] as string });
    expect(drive({ seconds: 3, framesPerSecond: 1, actors: [turns] }).texts).toEqual(texts);
  });
});

describe('a fast vehicle', () => {
  it('at 10 frames a second, several plate widths a frame, is one', () => {
    const { texts, closed } = drive({
      seconds: 3,
      framesPerSecond: 10,
      actors: [
        (s) => (s < 0.5 ? { x: 60 + s * 2400, y: 300 + s * 500, heightPx: 18, text: 'AB12CDE' } : undefined),
      ],
    });
    expect(texts).toEqual(['AB12CDE']);
    expect(closed[0]?.frameCount).toBe(5);
  });

  it('read in a single frame counts, if it was read well', () => {
    const once =
      (certainty: number): Actor =>
      (s) =>
        s === 0.2 ? { x: 640, y: 400, heightPx: 24, text: 'AB12CDE', certainty } : undefined;
    expect(drive({ seconds: 3, framesPerSecond: 10, actors: [once(0.999)] }).texts).toEqual(['AB12CDE']);
    const { texts, passages } = drive({ seconds: 3, framesPerSecond: 10, actors: [once(0.985)] });
    expect(texts).toEqual([]);
    expect(passages.snapshot().noise.brief).toBe(1);
  });
});

describe('a vehicle that stops in view', () => {
  const way = approach({ text: 'AB12CDE', fromS: 0, lastsS: 4 });
  const stopped = (fromS: number, untilS: number): Actor => {
    const shake = jitter(3);
    return (s) => {
      const sight = way(s < fromS ? s : s < untilS ? fromS : s - untilS + fromS);
      return sight && { ...sight, x: sight.x + shake(), y: sight.y + shake() };
    };
  };

  it('for two minutes is one passage, reported when it has stood for long', () => {
    const { texts, settled, closed, reads } = drive({ seconds: 126, actors: [stopped(2, 122)] });
    expect(texts).toEqual(['AB12CDE']);
    expect(settled).toHaveLength(1);
    expect((closed[0]?.lastSeenAtMs ?? 0) - (closed[0]?.firstSeenAtMs ?? 0)).toBeLessThan(35_000);
    expect(reads).toBeLessThan(90);
  });

  it('is one also when its plate is found in every third frame only', () => {
    let frame = 0;
    const stands = stopped(2, 62);
    const flicker: Actor = (s) => (frame++ % 3 === 0 ? stands(s) : undefined);
    expect(drive({ seconds: 66, actors: [flicker] }).texts).toEqual(['AB12CDE']);
  });

  it('is one also when something hides it for some seconds', () => {
    const stands = stopped(2, 22);
    const hidden: Actor = (s) => (s > 8 && s < 15 ? undefined : stands(s));
    expect(drive({ seconds: 27, actors: [hidden] }).texts).toEqual(['AB12CDE']);
  });

  it('is one also when it is hidden after it was reported, and for longer', () => {
    const stands = stopped(2, 92);
    const hidden: Actor = (s) => (s > 50 && s < 80 ? undefined : stands(s));
    const { texts, passages } = drive({ seconds: 97, actors: [hidden] });
    expect(texts).toEqual(['AB12CDE']);
    expect(passages.snapshot().rejoined).toBe(1);
  });

  it('from before the camera was switched on is reported while it stands, and only once', () => {
    const parked: Actor = () => ({ x: 640, y: 400, heightPx: 30, text: 'AB12CDE' });
    const { texts, settled } = drive({ seconds: 60, actors: [parked] });
    expect(texts).toEqual(['AB12CDE']);
    expect(settled[0]?.lastSeenAtMs).toBeLessThan(1_700_000_000_000 + 6_000);
  });
});

describe('a vehicle that is lost from view', () => {
  it('behind another and read again further on is one', () => {
    const way = approach({ text: 'AB12CDE', fromS: 0, lastsS: 6 });
    const hidden: Actor = (s) => (s > 2 && s < 3.5 ? undefined : way(s));
    const { texts, passages } = drive({ seconds: 9, actors: [hidden] });
    expect(texts).toEqual(['AB12CDE']);
    expect(passages.snapshot().rejoined).toBe(1);
  });

  it('and comes by again later is another', () => {
    const actors = [0, 15].map((fromS) => approach({ text: 'AB12CDE', fromS, lastsS: 2 }));
    expect(drive({ seconds: 19, actors }).texts).toEqual(['AB12CDE', 'AB12CDE']);
  });
});

describe('a plate found twice in each frame', () => {
  it('is one passage', () => {
    const plate = approach({ text: 'AB12CDE', fromS: 0.2, lastsS: 2 });
    const twin: Actor = (s) => {
      const sight = plate(s);
      return sight && { ...sight, x: sight.x + sight.heightPx * 1.5 };
    };
    expect(drive({ seconds: 4, actors: [plate, twin] }).texts).toEqual(['AB12CDE']);
  });
});

describe('what is no vehicle', () => {
  const clock = (s: number) => `08${String(34 + Math.floor(s)).padStart(2, '0')}14B`;

  it('a clock in the picture gives nothing, wherever it stands', () => {
    for (const y of [360, 20, HEIGHT_PX - 20]) {
      const overlay: Actor = (s) => ({ x: 900, y, heightPx: 18, text: clock(s) });
      const { reports, passages } = drive({ seconds: 20, actors: [overlay] });
      expect(reports).toEqual([]);
      expect(passages.snapshot().noise.static).toBe(1);
    }
  });

  it('a line along the border that hops and says the same in between gives nothing', () => {
    const overlay: Actor = (s) =>
      s < 9 ? { x: s < 6 ? 1200 : 1000, y: 22, heightPx: 20, text: '14B02819T' } : undefined;
    const { reports, passages } = drive({ seconds: 14, actors: [overlay] });
    expect(reports).toEqual([]);
    expect(passages.snapshot().noise.static).toBeGreaterThan(0);
  });

  it('a vehicle that drives through its place is read all the same', () => {
    const overlay: Actor = (s) =>
      s < 8 || s > 14 ? { x: 640, y: 400, heightPx: 20, text: clock(s) } : undefined;
    const { texts } = drive({
      seconds: 18,
      actors: [overlay, approach({ text: 'AB12CDE', fromS: 10, lastsS: 3 })],
    });
    expect(texts).toEqual(['AB12CDE']);
  });

  it('a sign gives nothing, however clearly it reads', () => {
    const sign: Actor = () => ({ x: 300, y: 300, heightPx: 30, text: 'BUSLANE' });
    const { reports } = drive({ seconds: 40, framesPerSecond: 10, actors: [sign] });
    expect(reports).toEqual([]);
  });

  it('a sign with a number that comes and goes is reported once at most', () => {
    const sign: Actor = (s) => (s % 100 < 20 ? { x: 300, y: 300, heightPx: 20, text: 'BUS34LN' } : undefined);
    expect(drive({ seconds: 420, framesPerSecond: 5, actors: [sign] }).texts.length).toBeLessThanOrEqual(1);
  });

  it('a false detection in a few frames is counted', () => {
    const ghost: Actor = (s) =>
      s < 0.1 ? { x: 640, y: 400, heightPx: 20, text: '', certainty: 0.9 } : undefined;
    const { reports, passages } = drive({ seconds: 3, actors: [ghost] });
    expect(reports).toEqual([]);
    expect(passages.snapshot().noise.faint).toBe(1);
  });
});

describe('a vehicle without a read', () => {
  it.each([
    ['low-probability', { text: 'AB12CDE', certainty: 0.9 }],
    ['no-characters', { text: '', certainty: 0.99 }],
  ] as const)('says why: %s', (reason, { text, certainty }) => {
    const { closed, settled } = drive({
      seconds: 4,
      actors: [approach({ text, fromS: 0.5, lastsS: 2, certainty })],
    });
    expect(settled).toEqual([]);
    expect(closed.map(({ outcome }) => outcome)).toEqual([{ kind: 'unreadable', reason }]);
  });

  it('says why: too-small, and is not read at all', () => {
    const far: Actor = (s) => (s < 2 ? { x: 300 + s * 40, y: 200, heightPx: 6, text: 'AB12CDE' } : undefined);
    const { closed, reads } = drive({ seconds: 4, actors: [far] });
    expect(closed.map(({ outcome }) => outcome)).toEqual([{ kind: 'unreadable', reason: 'too-small' }]);
    expect(reads).toBe(0);
  });
});

describe('when frames stop', () => {
  const shown = () => {
    const passages = newPassages();
    const car = approach({ text: 'AB12CDE', fromS: 0, lastsS: 2 });
    for (let index = 0; index < 25; index++) {
      const sight = car(index / 25);
      show(passages, frameAt(index, index * 40), sight ? [sight] : []);
    }
    return passages;
  };

  it('a passage closes once its time is over', () => {
    const passages = shown();
    expect(passages.advance(24 * 40 + 700)).toEqual([]);
    expect(passages.advance(24 * 40 + 900).map(({ phase }) => phase)).toEqual(['closed']);
    expect(passages.flush()).toEqual([]);
  });

  it('all that is open closes at once when none will come', () => {
    const passages = shown();
    expect(passages.flush().map(({ phase }) => phase)).toEqual(['closed']);
    expect(passages.snapshot()).toMatchObject({ open: 0, read: 1 });
  });
});

describe('every track', () => {
  it('ends in one explained outcome', () => {
    const shake = jitter(7);
    const ghosts: Actor[] = Array.from({ length: 12 }, (_, i) => (s) => {
      const visible = Math.floor(s * 3 + i) % 5 === 0;
      return visible
        ? { x: 640 + 500 * shake(), y: 360 + 300 * shake(), heightPx: 20 + i, text: '' }
        : undefined;
    });
    const { passages, reports } = drive({
      seconds: 8,
      actors: [...ghosts, approach({ text: 'AB12CDE', fromS: 1, lastsS: 3 })],
    });
    const { open, read, unreadable } = passages.snapshot();
    expect(open).toBe(0);
    const closed = reports.filter(({ phase }) => phase === 'closed');
    expect(closed).toHaveLength(read + unreadable);
    const settledIds = reports.filter(({ phase }) => phase === 'settled').map(({ id }) => id);
    expect(new Set(closed.map(({ id }) => id)).size).toBe(closed.length);
    for (const id of settledIds) expect(closed.some((passage) => passage.id === id)).toBe(true);
  });
});

describe('a plate that something drives in front of', () => {
  const car = approach({ text: 'OR17GEM', fromS: 0, lastsS: 2 });
  /** What is left of it: narrower, to the left, with fewer characters. */
  const left: Actor = (seconds) => {
    const whole = car(1.99);
    if (whole === undefined || seconds < 2 || seconds > 2.1) return undefined;
    return { ...whole, x: whole.x - whole.heightPx, heightPx: whole.heightPx * 0.9, text: 'OR17' };
  };

  it('is no second vehicle with a part of the mark', () => {
    const { closed } = drive({ seconds: 4, actors: [car, left] });
    expect(closed.map(({ outcome }) => outcome)).toEqual([
      expect.objectContaining({ read: expect.objectContaining({ vrm: 'OR17GEM' }) }),
    ]);
    expect(closed[0]?.direction).toBe('towards');
  });

  it('and another vehicle with such a mark is', () => {
    const other = approach({ text: 'OR17', fromS: 0.5, lastsS: 2, x: 200 });
    expect(drive({ seconds: 4, actors: [car, other] }).texts).toEqual(['OR17GEM', 'OR17']);
  });
});

describe('what a camera has to keep looking at', () => {
  const passages = newPassages();
  const car = approach({ text: 'AB12CDE', fromS: 4, lastsS: 2 });
  const sign: Sight = { x: 900, y: 300, heightPx: 24, text: 'BUSLANE' };

  function watch(fromS: number, untilS: number): void {
    for (let index = fromS * 25; index < untilS * 25; index++) {
      const sights = [sign, car(index / 25)].filter((sight) => sight !== undefined);
      show(passages, frameAt(index, index * 40), sights);
    }
  }

  it('is not a sign that has always stood there, but a vehicle while it is in view', () => {
    watch(0, 3);
    expect(passages.snapshot().open).toBe(1);
    expect(passages.isFollowing).toBe(false);
    watch(3, 5);
    expect(passages.isFollowing).toBe(true);
    watch(5, 8);
    expect(passages.isFollowing).toBe(false);
  });
});
