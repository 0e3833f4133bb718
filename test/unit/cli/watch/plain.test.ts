import { describe, expect, it } from 'vitest';
import { PlainLines } from '../../../../src/cli/watch/plain.js';
import { bareHit, shownHit, snapshotMessage } from '../../../support/shown-hits.js';

describe('a line each', () => {
  it('tells a hit once, and again when it has changed', () => {
    const plain = new PlainLines();
    const hit = shownHit('stop', 1);
    expect(plain.linesFor(snapshotMessage([hit]))).toEqual([
      'profile: stationary',
      expect.stringMatching(
        /^STOP AB12CDE BLUE FORD FOCUS \d\d:\d\d:\d\d 99 % cam-1 Reason: seen at a burglary\. Markers: WEAPONS\. \[01990000-/,
      ),
    ]);
    expect(plain.linesFor({ kind: 'hit', hit })).toEqual([]);
    expect(plain.linesFor(snapshotMessage([hit]))).toEqual([]);
    expect(plain.linesFor({ kind: 'hit', hit: { ...hit, state: 'confirmed' } })).toEqual([
      expect.stringContaining('AB12CDE CONFIRMED'),
    ]);
    expect(plain.linesFor({ kind: 'hit', hit: { ...hit, state: 'confirmed', stands: false } })).toEqual([
      expect.stringContaining('DOES NOT STAND'),
    ]);
  });

  it('tells a moving driver that one waits, and which it is when the profile allows', () => {
    const plain = new PlainLines();
    expect(plain.linesFor(snapshotMessage([bareHit('stop', 1)], { profile: 'driver-moving' }))).toEqual([
      'profile: driver-moving',
      'STOP',
    ]);
    expect(plain.linesFor(snapshotMessage([shownHit('stop', 1)]))).toEqual([
      'profile: stationary',
      expect.stringContaining('AB12CDE'),
    ]);
    expect(plain.linesFor(snapshotMessage([bareHit('stop', 1)], { profile: 'driver-moving' }))).toEqual([
      'profile: driver-moving',
    ]);
  });

  it('tells what is wrong when it begins and when it ends', () => {
    const plain = new PlainLines();
    const warnings = [{ severity: 'high', title: 'Camera gives no frames', subject: 'cam-1' }] as const;
    const beat = (now: typeof warnings | []) =>
      plain.linesFor({ ...snapshotMessage([], { warnings: now }), kind: 'heartbeat' });
    beat([]);
    expect(beat(warnings)).toEqual(['warning: Camera gives no frames [cam-1]']);
    expect(beat(warnings)).toEqual([]);
    expect(beat([])).toEqual(['no warnings']);
    expect(plain.linesFor({ kind: 'stopping', reason: 'ignition-off' })).toEqual(['stopping: ignition-off']);
  });
});
