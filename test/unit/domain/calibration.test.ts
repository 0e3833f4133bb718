import { describe, expect, it } from 'vitest';
import {
  type Calibration,
  calibrateCharacter,
  calibrateRead,
  formOf,
  UNCALIBRATED,
} from '../../../src/domain/calibration.js';

const calibration: Calibration = {
  read: { slope: 0.8, bias: -0.5, noDigit: -2, noLetter: -1.5, short: -0.5 },
  character: { temperature: 2 },
};

describe('the probability of a read', () => {
  it('is what the scores say where there is no calibration', () => {
    for (const probability of [0.01, 0.5, 0.93]) {
      expect(calibrateRead(probability, 'AB12CDE', UNCALIBRATED)).toBeCloseTo(probability, 9);
    }
  });

  it('keeps the order of the scores, and is never certain', () => {
    const stated = [0, 0.2, 0.5, 0.9, 0.999, 1].map((p) => calibrateRead(p, 'AB12CDE', calibration));
    expect([...stated].sort((a, b) => a - b)).toEqual(stated);
    expect(stated[0]).toBeGreaterThan(0);
    expect(stated.at(-1)).toBeLessThan(1);
    expect(stated[2]).toBeCloseTo(1 / (1 + Math.exp(0.5)), 9);
  });

  it('is lower for words, for numbers and for short texts, which signs have', () => {
    const stated = (text: string) => calibrateRead(0.95, text, calibration);
    expect(stated('P0L1CE')).toBeLessThan(stated('AB12CDE'));
    expect(stated('07700900123')).toBeLessThan(stated('AB12CDE'));
    expect(stated('M25')).toBeLessThan(stated('M2534'));
    expect(stated('M2534')).toBe(stated('AB12CDE'));
    expect(stated('P0L1CE')).toBeGreaterThan(0.3);
  });
});

describe('a text that no plate bears', () => {
  it('is not believed, however plainly it is read', () => {
    for (const text of ['07700900123', '477009001', '111111', '1111111111'])
      expect(calibrateRead(0.9999, text, UNCALIBRATED)).toBeLessThan(0.05);
  });

  it('is longer than any number on a plate, or nothing but bars', () => {
    for (const text of ['12345678', '11111', '1111112', 'J123456', 'AB11CDE'])
      expect(calibrateRead(0.9999, text, UNCALIBRATED)).toBeGreaterThan(0.99);
  });
});

describe('the form of a text', () => {
  it('knows no 0 and 1 as digits, for they may be O and I', () => {
    expect(formOf('STOP')).toEqual({ noDigit: 1, noLetter: 0, short: 1 });
    expect(formOf('0N1')).toEqual({ noDigit: 1, noLetter: 0, short: 2 });
    expect(formOf('20311')).toEqual({ noDigit: 0, noLetter: 1, short: 0 });
    expect(formOf('AB12CDE')).toEqual({ noDigit: 0, noLetter: 0, short: 0 });
  });
});

describe('the characters of a place', () => {
  it('are less sure the higher the temperature, and still add up to 1', () => {
    const distribution = Float64Array.from([0.9, 0.09, 0.01, 0]);
    const cooled = calibrateCharacter(distribution, calibration);
    expect(cooled[0]).toBeLessThan(0.9);
    expect(cooled[0]).toBeGreaterThan(cooled[1] as number);
    expect(cooled[3]).toBe(0);
    expect(cooled.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
    expect([...calibrateCharacter(distribution, UNCALIBRATED)]).toEqual([...distribution]);
  });
});
