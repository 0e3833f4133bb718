import { describe, expect, it } from 'vitest';
import { FixAssembler } from '../../../src/position/fix-assembler.js';
import type { FixDetails, Utterance } from '../../../src/position/utterance.js';

/** What several sentences of one moment make together. */

const PLACE = { latitudeDeg: 54.72, longitudeDeg: 2.31 };
const place = (epoch: string, details: FixDetails = {}): Utterance => ({
  kind: 'place',
  epoch,
  place: PLACE,
  details,
});
const details = (said: FixDetails): Utterance => ({ kind: 'details', details: said });

describe('a moment', () => {
  it('is told with its first sentence and again, fuller, with each other one', () => {
    const assembler = new FixAssembler();
    const first = { ...PLACE, atMono: 100, speedMetresPerSecond: 12, courseDeg: 80 };
    expect(assembler.take(place('120000', { speedMetresPerSecond: 12, courseDeg: 80 }), 100)).toEqual({
      kind: 'fix',
      fix: first,
    });
    expect(assembler.take(place('120000', { hdop: 0.9, satellites: 9 }), 160)).toEqual({
      kind: 'fix',
      fix: { ...first, hdop: 0.9, satellites: 9 },
    });
    expect(assembler.take(place('120001'), 1_100)).toMatchObject({ fix: { atMono: 1_100 } });
  });

  it('takes from GSA and VTG what RMC and GGA do not say, whichever comes first', () => {
    const before = new FixAssembler();
    expect(before.take(details({ hdop: 1.4 }), 90)).toBeUndefined();
    expect(before.take(place('120000', { speedMetresPerSecond: 3 }), 100)).toMatchObject({
      fix: { hdop: 1.4 },
    });

    const after = new FixAssembler();
    after.take(place('120000', { hdop: 0.8 }), 100);
    expect(after.take(details({ hdop: 1.4 }), 150)).toMatchObject({ fix: { hdop: 0.8 } });
    expect(after.take(details({ speedMetresPerSecond: 5 }), 160)).toMatchObject({
      fix: { atMono: 100, hdop: 0.8, speedMetresPerSecond: 5 },
    });
  });

  it('has the HDOP and satellites of the moment before until its own come, and never its time', () => {
    const assembler = new FixAssembler();
    assembler.take(place('120000', { gpsAtMs: 1, hdop: 0.9, satellites: 9 }), 0);
    const first = assembler.take(place('120001', { speedMetresPerSecond: 8 }), 1_000);
    expect(first).toEqual({
      kind: 'fix',
      fix: { ...PLACE, atMono: 1_000, hdop: 0.9, satellites: 9, speedMetresPerSecond: 8 },
    });
    expect(assembler.take(place('120001', { hdop: 1.3, satellites: 7 }), 1_050)).toMatchObject({
      fix: { hdop: 1.3, satellites: 7 },
    });
  });

  it('takes nothing from details of long ago', () => {
    const assembler = new FixAssembler();
    assembler.take(details({ hdop: 1.4 }), 0);
    expect(assembler.take(place('120000'), 2_000)).toEqual({ kind: 'fix', fix: { ...PLACE, atMono: 2_000 } });
    expect(assembler.take(details({ hdop: 1.4 }), 9_000)).toBeUndefined();
  });

  it('is void as a whole when one sentence says so, before the others or after them', () => {
    const assembler = new FixAssembler();
    assembler.take(place('120000'), 100);
    expect(assembler.take({ kind: 'void', epoch: '120000' }, 150)).toEqual({ kind: 'no-fix', atMono: 100 });
    expect(assembler.take({ kind: 'void', epoch: '120001' }, 1_100)).toEqual({
      kind: 'no-fix',
      atMono: 1_100,
    });
    expect(assembler.take(place('120001'), 1_150)).toEqual({ kind: 'no-fix', atMono: 1_100 });
    expect(assembler.take(details({ hdop: 1 }), 1_160)).toBeUndefined();
    expect(assembler.take(place('120002'), 2_100)).toMatchObject({ kind: 'fix' });
  });

  it('is void when two sentences say different places: one of them was garbled', () => {
    const assembler = new FixAssembler();
    assembler.take(place('120000'), 100);
    const elsewhere = { ...PLACE, latitudeDeg: 54.82 };
    expect(assembler.take({ kind: 'place', epoch: '120000', place: elsewhere, details: {} }, 150)).toEqual({
      kind: 'no-fix',
      atMono: 100,
    });
  });

  it('that a frozen receiver repeats stays as old as it is', () => {
    const assembler = new FixAssembler();
    assembler.take(place('120000'), 100);
    expect(assembler.take(place('120000'), 60_100)).toMatchObject({ fix: { atMono: 100 } });
  });

  it('without a name is one of its own', () => {
    const assembler = new FixAssembler();
    const nameless: Utterance = { kind: 'place', place: PLACE, details: {} };
    expect(assembler.take(nameless, 100)).toMatchObject({ fix: { atMono: 100 } });
    expect(assembler.take(nameless, 1_100)).toMatchObject({ fix: { atMono: 1_100 } });
    expect(assembler.take({ kind: 'void' }, 2_100)).toEqual({ kind: 'no-fix', atMono: 2_100 });
  });
});

describe('a course', () => {
  it('is left out while the vehicle stands: it would be noise', () => {
    const assembler = new FixAssembler();
    const standing = assembler.take(place('120000', { speedMetresPerSecond: 0.2, courseDeg: 211 }), 0);
    expect(standing).toEqual({ kind: 'fix', fix: { ...PLACE, atMono: 0, speedMetresPerSecond: 0.2 } });
    const other = new FixAssembler();
    expect(other.take(place('120001', { courseDeg: 211 }), 1_000)).toMatchObject({
      fix: { courseDeg: 211 },
    });
  });
});
