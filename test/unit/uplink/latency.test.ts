import { describe, expect, it } from 'vitest';
import { HitLatencies, hitTimesOf } from '../../../src/uplink/latency.js';

function hit(capturedAtMs: number, acknowledgedAfterMs: number) {
  return {
    firstSeenAtMs: capturedAtMs - 200,
    capturedAtMs,
    matchedAtMs: capturedAtMs + 10,
    committedAtMs: capturedAtMs + 15,
    publishedAtMs: capturedAtMs + 16,
    acknowledgedAtMs: capturedAtMs + acknowledgedAfterMs,
  };
}

describe('the time of hits from camera to broker', () => {
  it('is nothing before the first', () => {
    expect(new HitLatencies().summary()).toEqual({ count: 0 });
  });

  it('is told as median and worst, whole and by part', () => {
    const latencies = new HitLatencies();
    for (const afterMs of [30, 900, 20]) latencies.add(hit(5_000, afterMs));
    expect(latencies.summary()).toEqual({
      count: 3,
      medianMs: 30,
      worstMs: 900,
      sinceFirstSeenMedianMs: 230,
      sinceFirstSeenWorstMs: 1_100,
      partMedianMs: {
        captureToMatch: 10,
        matchToCommit: 5,
        commitToPublish: 1,
        publishToAcknowledgement: 14,
      },
    });
  });

  it('is of the last 1,000', () => {
    const latencies = new HitLatencies();
    latencies.add(hit(0, 99_999));
    for (let index = 0; index < 1_000; index++) latencies.add(hit(index, 40));
    expect(latencies.summary()).toMatchObject({ count: 1_000, worstMs: 40 });
  });
});

describe('the statement of a hit', () => {
  const statement = {
    late: false,
    matchedAt: '2026-11-20T10:00:00.012Z',
    committedAt: '2026-11-20T10:00:00.015Z',
    read: { capturedAt: '2026-11-20T10:00:00.000Z', firstSeenMs: -300 },
  };
  const atMs = Date.UTC(2026, 10, 20, 10);

  it('tells the times of its way up to the store', () => {
    expect(hitTimesOf(JSON.stringify(statement))).toEqual({
      firstSeenAtMs: atMs - 300,
      capturedAtMs: atMs,
      matchedAtMs: atMs + 12,
      committedAtMs: atMs + 15,
    });
  });

  it('tells none where the hit is late: it is as old as its read', () => {
    expect(hitTimesOf(JSON.stringify({ ...statement, late: true }))).toBeUndefined();
  });
});
