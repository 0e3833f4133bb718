import { describe, expect, it } from 'vitest';
import { parseTracking } from '../../../src/health/time-service.js';

/** As chronyc 4 prints them. */
const NTP =
  'C0000201,192.0.2.1,3,1763863200.123456789,0.000012345,-0.000004567,0.000020000,-1.234,0.001,0.050,0.012345678,0.000987654,64.2,Normal';
const GPS =
  '47505300,GPS,1,1763863200.000000000,-0.000250000,0.000000100,0.000000200,-1.234,0.001,0.050,0.000000001,0.000010000,16.0,Normal';

describe('what chrony says', () => {
  it('is how slow the clock is; here how far it is ahead', () => {
    const time = parseTracking(NTP);
    expect(time?.source).toBe('ntp');
    expect(time?.offsetMs).toBeCloseTo(-0.012345, 9);
  });

  it('knows a receiver that chrony reads itself from a server whose address looks like one', () => {
    expect(parseTracking(GPS)).toEqual({ source: 'gps', offsetMs: 0.25 });
    expect(parseTracking(GPS.replace('GPS,1,', 'GPS,2,'))?.source).toBe('ntp');
  });

  it.each([
    ['no source yet', '00000000,,0,0.000000000,0.000000000,0.000000000,0,0,0,0,1,1,0.0,Not synchronised'],
    ['nothing', ''],
    ['an error', '506 Cannot talk to daemon'],
    ['a cut line', '47505300,GPS'],
    ['no figure', NTP.replace('0.000012345', 'x')],
  ])('%s is no time', (_, line) => {
    expect(parseTracking(line)).toBeUndefined();
  });
});
