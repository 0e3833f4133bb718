import { beforeEach, describe, expect, it } from 'vitest';
import type { Lane } from '../../../src/domain/outbox.js';
import { ConnectionWatch } from '../../../src/uplink/connection-watch.js';
import { InFlight, type Sent } from '../../../src/uplink/in-flight.js';

const SECOND = 1_000;
let watch: ConnectionWatch;
let inFlight: InFlight;

beforeEach(() => {
  watch = new ConnectionWatch({ answerMs: 15 * SECOND, hitWaitMs: SECOND });
  watch.connected(0);
  inFlight = new InFlight();
});

function send(lane: Lane, bytes: number, sentMono: number): Sent {
  const message = { topic: 'anpr/unit-7/read', retain: false, payload: Buffer.alloc(0) };
  const sent = {
    lane,
    outgoing: { message, itemIds: [] },
    parcel: { bytes, pathBytes: bytes, sentMono },
  };
  inFlight.add(sent);
  return sent;
}

/** When it is given up first, looked at every quarter of a second; seconds. */
function verdictWithin(seconds: number, fromSecond = 0, delayMs = 0): [string, number] | undefined {
  for (let nowMono = fromSecond * SECOND; nowMono <= seconds * SECOND; nowMono += 250) {
    const verdict = watch.verdict(inFlight, delayMs, nowMono);
    if (verdict !== undefined) return [verdict, nowMono / SECOND];
  }
  return undefined;
}

describe('a connection on which nothing is acknowledged', () => {
  it('is kept for as long as nothing is asked of it', () => {
    expect(verdictWithin(3_600)).toBeUndefined();
  });

  it('is given up after 15 s', () => {
    send('reads', 900, 0);
    expect(verdictWithin(60)).toEqual(['unanswered', 16]);
  });

  it('has the time that a large picture takes on a slow link', () => {
    send('read-images', 60_000, 0);
    expect(verdictWithin(120)).toEqual(['unanswered', 75.25]);
  });

  it('lives while other messages are acknowledged', () => {
    send('reads', 900, 0);
    watch.answered(10 * SECOND);
    expect(verdictWithin(60)).toEqual(['unanswered', 26]);
  });
});

describe('a hit that is stuck behind what was sent while the link was quick', () => {
  it('is the end of the connection after what it may wait', () => {
    send('read-images', 25_000, 19 * SECOND);
    send('hits', 1_200, 20 * SECOND);
    expect(verdictWithin(60, 20)).toEqual(['held-up', 21.25]);
  });

  it('is allowed the delay that the link has when it is idle', () => {
    send('read-images', 25_000, 19 * SECOND);
    send('hits', 1_200, 20 * SECOND);
    expect(verdictWithin(60, 20, 2_000)).toEqual(['held-up', 23.25]);
  });

  it('stays where little is ahead of it, or only other hits', () => {
    send('reads', 2_000, 19 * SECOND);
    for (let count = 0; count < 20; count++) send('hits', 1_200, 20 * SECOND);
    expect(verdictWithin(33, 20)).toBeUndefined();
  });

  it('does not cut a connection that is young, nor twice in 30 s', () => {
    send('read-images', 60_000, 0);
    const hit = send('hits', 1_200, 0);
    expect(verdictWithin(60)).toEqual(['held-up', 10]);
    inFlight.remove(hit);
    send('hits', 1_200, 11 * SECOND);
    expect(verdictWithin(60, 11)).toEqual(['held-up', 40]);
  });
});
