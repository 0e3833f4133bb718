import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { DriveSearch } from '../../../scripts/src/patrol/confidential.js';
import { DriveLog } from '../../../scripts/src/patrol/drive-log.js';
import { findPositions, shownWhileMoving } from '../../../scripts/src/patrol/positions.js';
import type { Position } from '../../../src/domain/position.js';
import { centrePublicKeyOf } from '../../../src/governance/centre-key.js';
import { PositionOpener, PositionSealer } from '../../../src/governance/sealing.js';

const BEGAN_MS = 1_700_000_000_000;
const log = new DriveLog({
  seed: 'positions',
  beginsAtMs: BEGAN_MS,
  stretches: [
    { seconds: 60, metresPerSecond: 10, sky: 'open' },
    { seconds: 20, metresPerSecond: 0, sky: 'open' },
    { seconds: 20, metresPerSecond: 10, sky: 'tunnel' },
  ],
  from: { latitudeDeg: -67.01, longitudeDeg: -163.4 },
});

describe('positions against the drive', () => {
  const { privateKey } = generateKeyPairSync('x25519');
  const opener = new PositionOpener(privateKey);
  const sealer = new PositionSealer({ centrePublicKey: centrePublicKeyOf(privateKey), unitId: 'car' });

  it('are opened and measured in metres from where the car was at that moment', () => {
    const { place } = log.truthAt(30.5);
    const position: Position = { ...place, source: 'serial', ageMs: 500, isInterpolated: true };
    const moved = { ...position, latitudeDeg: position.latitudeDeg + 10 / 111_195 };
    const at = { unitId: 'car', atMs: BEGAN_MS + 30_500 };
    const found = findPositions(
      [
        { ...at, subjectId: 'a', sealed: sealer.seal(position, 'a') },
        { ...at, subjectId: 'b', sealed: sealer.seal(moved, 'b') },
        { ...at, subjectId: 'c' },
      ],
      opener,
      log,
    );
    expect(found[0]?.errorMetres).toBeLessThan(0.2);
    expect(found[1]?.errorMetres).toBeCloseTo(10, 0);
    expect(found[1]?.sky).toBe('open');
    expect(found[2]).toBeUndefined();
  });
});

describe('what a driver was shown', () => {
  const at = (second: number) => BEGAN_MS + 1_000 * second;

  it('is nothing more than he may see, where the screen changed while the car stood', () => {
    const changes = [
      { atMs: at(0), profile: 'driver-moving' },
      { atMs: at(70), profile: 'stationary' },
      { atMs: at(80), profile: 'driver-moving' },
    ];
    expect(shownWhileMoving(changes, log, at(100))).toBe(0);
  });

  it('is counted until the screen changes, or the patrol is over', () => {
    const late = [
      { atMs: at(70), profile: 'stationary' },
      { atMs: at(84.5), profile: 'driver-moving' },
    ];
    expect(shownWhileMoving(late, log, at(100))).toBeCloseTo(4_000, -2);
    expect(shownWhileMoving(late.slice(0, 1), log, at(100))).toBeCloseTo(19_500, -2);
  });
});

describe('the search for places of a drive', () => {
  const search = new DriveSearch(log);

  it('finds where the car was at any time, and not what is some kilometres away', () => {
    for (const second of [0, 31, 64, 99]) {
      const { latitudeDeg, longitudeDeg } = log.truthAt(second).place;
      expect(search.formsIn(Buffer.from(JSON.stringify({ latitudeDeg, longitudeDeg })))).toContain(
        'decimals',
      );
    }
    expect(search.formsIn(Buffer.from('{"latitudeDeg":-67.31,"longitudeDeg":-162.9}'))).toEqual([]);
  });
});
