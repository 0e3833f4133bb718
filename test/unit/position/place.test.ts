import { describe, expect, it } from 'vitest';
import { courseBetween, isPlace, metresBetween, placeBetween } from '../../../src/position/place.js';

const place = (latitudeDeg: number, longitudeDeg: number) => ({ latitudeDeg, longitudeDeg });

describe('metres between places', () => {
  it.each([
    [place(54, 2), place(54, 2), 0],
    [place(54, 2), place(55, 2), 111_195],
    [place(0, 2), place(0, 3), 111_195],
    [place(60, 2), place(60, 2.001), 55.6],
    [place(54, 179.9995), place(54, -179.9995), 65.36],
    [place(90, 0), place(-90, 0), 20_015_000],
  ])('%o to %o are %d', (one, other, metres) => {
    expect(Math.abs(metresBetween(one, other) - metres)).toBeLessThanOrEqual(metres * 1e-3);
    expect(metresBetween(other, one)).toBeCloseTo(metresBetween(one, other), 6);
  });
});

describe('between places', () => {
  it('a share of the way is gone in both directions', () => {
    expect(placeBetween(place(54, 2), place(56, 1), 0.25)).toEqual(place(54.5, 1.75));
  });

  it('the shorter way is taken over the date line', () => {
    expect(placeBetween(place(0, 179), place(0, -179), 0.75)).toEqual(place(0, -179.5));
    expect(placeBetween(place(0, -179), place(0, 179), 0.75)).toEqual(place(0, 179.5));
  });
});

describe('between courses', () => {
  it.each([
    [10, 30, 0.5, 20],
    [350, 20, 0.5, 5],
    [20, 350, 0.5, 5],
    [10, 350, 0.75, 355],
  ])('%d and %d the shorter turn is taken: %d of it is %d', (one, other, share, course) =>
    expect(courseBetween(one, other, share)).toBeCloseTo(course, 9),
  );
});

describe('a place', () => {
  it.each([
    [place(54.7, 2.3), true],
    [place(-90, 180), true],
    [place(0, 2.3), true],
    [place(0, 0), false],
    [place(90.1, 0), false],
    [place(54, -180.1), false],
    [place(Number.NaN, 2), false],
    [place(54, Number.POSITIVE_INFINITY), false],
  ])('%o can be meant: %s', (one, can) => expect(isPlace(one)).toBe(can));
});
