import { expect, it } from 'vitest';
import type { OutboxItem } from '../../../src/domain/outbox.js';
import { Parking } from '../../../src/uplink/parking.js';

const itemOf = (id: number): OutboxItem => ({
  id,
  lane: 'read-images',
  queuedAtMs: 0,
  message: { kind: 'read', id: `r${id}`, text: '{}' },
});

it('lets a refused item go again after the wait, and after twice as long each time', () => {
  const parking = new Parking(60);
  parking.park(itemOf(1), 0);
  expect(parking.due(59)).toEqual([]);
  expect(parking.due(60)).toEqual([1]);
  parking.park(itemOf(1), 100);
  expect(parking.due(219)).toEqual([]);
  expect(parking.due(220)).toEqual([1]);
});

it('never lets one wait for ever', () => {
  const parking = new Parking(60);
  let nowMono = 0;
  for (let times = 0; times < 40; times++) {
    parking.park(itemOf(1), nowMono);
    nowMono += 32 * 60;
    expect(parking.due(nowMono)).toEqual([1]);
  }
});

it('counts against its lane only what was refused once: what nobody will take holds up nobody', () => {
  const parking = new Parking(60);
  parking.park(itemOf(1), 0);
  parking.park(itemOf(2), 0);
  expect(parking.freshOf('read-images')).toBe(2);
  parking.due(60);
  expect(parking.freshOf('read-images')).toBe(0);
  parking.park(itemOf(1), 61);
  expect(parking.freshOf('read-images')).toBe(0);
  expect(parking.freshOf('reads')).toBe(0);
  expect(parking.count).toBe(1);
});

it('begins anew with one that was taken in between', () => {
  const parking = new Parking(60);
  parking.park(itemOf(1), 0);
  parking.due(60);
  parking.taken(1);
  parking.park(itemOf(1), 100);
  expect(parking.freshOf('read-images')).toBe(1);
  expect(parking.due(160)).toEqual([1]);
});
