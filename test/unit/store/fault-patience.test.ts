import { beforeEach, describe, expect, it } from 'vitest';
import { FaultPatience } from '../../../src/store/fault-patience.js';

let patience: FaultPatience;
beforeEach(() => {
  patience = new FaultPatience();
});

describe('patience with a failing disk', () => {
  it('ends at once where it is read-only: nothing passes by itself', () => {
    expect(patience.failed('read-only', 0)).toBe(true);
  });

  it('bears errors for ten seconds, and more than two of them', () => {
    expect(patience.failed('disk', 0)).toBe(false);
    expect(patience.failed('disk', 60_000)).toBe(false);
    expect(patience.failed('disk', 60_001)).toBe(true);
  });

  it('bears a full disk for a minute, in which the sweep may mend it', () => {
    for (let atMs = 0; atMs < 60_000; atMs += 1_000) expect(patience.failed('full', atMs)).toBe(false);
    expect(patience.failed('full', 60_000)).toBe(true);
  });

  it('begins anew when something could be written', () => {
    patience.failed('disk', 0);
    patience.failed('disk', 5_000);
    expect(patience.isTried).toBe(true);
    patience.wrote();
    expect(patience.isTried).toBe(false);
    expect(patience.failed('disk', 20_000)).toBe(false);
  });

  it('knows nothing of a process that is in the way, however long', () => {
    for (let atMs = 0; atMs < 1_000_000; atMs += 1_000) expect(patience.failed('other', atMs)).toBe(false);
  });
});
