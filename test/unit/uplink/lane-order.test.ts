import { beforeEach, describe, expect, it } from 'vitest';
import { LANE_NAMES, type Lane } from '../../../src/domain/outbox.js';
import { LaneOrder } from '../../../src/uplink/lane-order.js';

const SECOND = 1_000;
let order: LaneOrder;

beforeEach(() => {
  order = new LaneOrder({ starvationMs: 30 * SECOND, slowPictureMs: 300 * SECOND });
});

function waiting(...lanes: Lane[]) {
  return lanes.map((lane) => ({ lane, isSlow: false }));
}

/** Pictures on a link that is too slow for them. */
function slow(...lanes: Lane[]) {
  return lanes.map((lane) => ({ lane, isSlow: lane.endsWith('images') }));
}

/** Sends one message every `everyMs`, and says of which lanes. */
function sendFor(
  ms: number,
  everyMs: number,
  candidates: (nowMono: number) => ReturnType<typeof waiting>,
  fromMono = 0,
): (Lane | undefined)[] {
  const sent: (Lane | undefined)[] = [];
  for (let nowMono = fromMono; nowMono < fromMono + ms; nowMono += everyMs) {
    const lane = order.next(candidates(nowMono), nowMono);
    if (lane !== undefined) order.sent(lane, nowMono);
    sent.push(lane);
  }
  return sent;
}

describe('whose turn it is', () => {
  it('is hits, reads, pictures of hits, pictures of reads, health', () => {
    const left = [...LANE_NAMES].reverse();
    const sent: Lane[] = [];
    while (left.length > 0) {
      const lane = order.next(waiting(...left), 0) as Lane;
      order.sent(lane, 0);
      left.splice(left.indexOf(lane), 1);
      sent.push(lane);
    }
    expect(sent).toEqual(['hits', 'reads', 'hit-images', 'read-images', 'health']);
  });

  it('is nobody’s where nobody waits', () => {
    expect(order.next([], 0)).toBeUndefined();
  });
});

describe('a lane behind others that never end', () => {
  it('sends one message every 30 s, and so does each of them', () => {
    const sent = sendFor(121 * SECOND, SECOND, () => waiting('reads', 'hit-images', 'health'));
    expect(sent.map((lane, second) => [second, lane]).filter(([, lane]) => lane !== 'reads')).toEqual([
      [30, 'hit-images'],
      [31, 'health'],
      [60, 'hit-images'],
      [61, 'health'],
      [90, 'hit-images'],
      [91, 'health'],
      [120, 'hit-images'],
    ]);
  });

  it('waits anew once it had nothing to send', () => {
    const sent = sendFor(61 * SECOND, SECOND, (nowMono) =>
      nowMono === 29 * SECOND ? waiting('reads') : waiting('reads', 'health'),
    );
    expect(sent.filter((lane) => lane === 'health')).toHaveLength(1);
    expect(sent.indexOf('health')).toBe(60);
  });

  it('waits anew on a new connection, whose first message is a hit', () => {
    sendFor(29 * SECOND, SECOND, () => waiting('hits', 'reads'));
    order.restart();
    expect(order.next(waiting('hits', 'reads'), 3_600 * SECOND)).toBe('hits');
  });
});

describe('a hit', () => {
  it('is passed by one message at most, even when every lane starves', () => {
    order.next(waiting('reads', 'hit-images', 'read-images', 'health'), 0);
    order.sent('reads', 0);
    const everything = () => waiting(...LANE_NAMES);
    const sent = sendFor(8 * SECOND, SECOND, everything, 60 * SECOND);
    expect(sent).toEqual(['hits', 'reads', 'hits', 'hit-images', 'hits', 'read-images', 'hits', 'health']);
  });

  it('that comes while other lanes are sent is next, whoever starves', () => {
    sendFor(30 * SECOND, SECOND, () => waiting('reads', 'health'));
    expect(order.next(waiting('hits', 'reads', 'health'), 30 * SECOND)).toBe('hits');
  });
});

describe('pictures on a link that is too slow for them', () => {
  it('go as soon as they starve where that is not certain: one of them settles it', () => {
    const doubtful = () => [{ lane: 'read-images' as const, isSlow: true, isDoubtful: true }];
    const sent = sendFor(91 * SECOND, SECOND, doubtful);
    expect(sent.filter((lane) => lane !== undefined)).toHaveLength(3);
  });

  it('go one in 300 s, though nothing else waits', () => {
    const sent = sendFor(901 * SECOND, SECOND, () => slow('hit-images'));
    expect(sent.map((lane, second) => [second, lane]).filter(([, lane]) => lane !== undefined)).toEqual([
      [300, 'hit-images'],
      [600, 'hit-images'],
      [900, 'hit-images'],
    ]);
  });

  it('go as always as soon as it is quick enough', () => {
    expect(order.next(slow('read-images'), 0)).toBeUndefined();
    expect(order.next(waiting('read-images'), SECOND)).toBe('read-images');
  });
});
