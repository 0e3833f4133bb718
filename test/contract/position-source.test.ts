import { afterEach, describe, expect, it } from 'vitest';
import { DriveLog } from '../../scripts/src/patrol/drive-log.js';
import type { Fix } from '../../src/domain/position.js';
import { systemClock } from '../../src/lib/clock.js';
import { DeviceError } from '../../src/lib/errors.js';
import { metresBetween } from '../../src/position/place.js';
import type { PositionSource } from '../../src/position/position-source.js';
import { gpsdProtocolRig, gpsdRig, type ReceiverRig, serialRig, WITHOUT } from '../support/receivers.js';
import { repeatable } from '../support/repeatable.js';

/** What every source of positions must do, whatever line the receiver is on. */

const OPEN = { seconds: 20, metresPerSecond: 15, sky: 'open' } as const;
const LOG = new DriveLog({
  seed: 'contract',
  beginsAtMs: Date.UTC(2026, 10, 23, 12),
  stretches: [OPEN, { seconds: 10, metresPerSecond: 15, sky: 'tunnel' }, OPEN],
});
/** NMEA's last digit, the receiver's own error, and what gpsd makes of it. */
const NEAR_METRES = 15;

/** All that a source tells from here on. */
function hear(source: PositionSource) {
  const heard = {
    fixes: new Map<number, Fix>(),
    voids: 0,
    understood: 0,
    bad: 0,
    stopping: new AbortController(),
    over: undefined as Promise<unknown> | undefined,
  };
  const listener = {
    onFix: (fix: Fix) => heard.fixes.set(fix.atMono, fix),
    onNoFix: (atMono: number) => {
      heard.fixes.delete(atMono);
      heard.voids++;
    },
    onSentence: (isUnderstood: boolean) => {
      heard[isUnderstood ? 'understood' : 'bad']++;
    },
  };
  heard.over = source.run(listener, heard.stopping.signal).then(
    () => 'stopped',
    (error: unknown) => error,
  );
  return heard;
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await systemClock.sleep(20);
}

const secondOf = (fix: Fix) => ((fix.gpsAtMs ?? 0) - LOG.beginsAtMs) / 1_000;

describe.each([
  ['a serial line (a pseudo terminal)', serialRig, WITHOUT.pty],
  ['the protocol of gpsd', gpsdProtocolRig, undefined],
  ['gpsd itself', gpsdRig, WITHOUT.gpsd],
] as const)('%s', (name, begin, without) => {
  let rig: ReceiverRig | undefined;
  let heard: ReturnType<typeof hear> | undefined;
  afterEach(async () => {
    heard?.stopping.abort();
    await heard?.over;
    await rig?.end();
  });

  describe.skipIf(without !== undefined)(`as a source${without ? ` (skipped: ${without})` : ''}`, () => {
    /** Speaks second by second until so many fixes with their time came. */
    async function speakUntilHeard(count: number, from = 0): Promise<Fix[]> {
      const dated = () =>
        [...(heard?.fixes.values() ?? [])].filter(
          (fix) => fix.gpsAtMs !== undefined && fix.hdop !== undefined,
        );
      for (let second = from; dated().length < count; second++) await rig?.speak(LOG, second, second + 1);
      return dated();
    }

    it('gives fixes where the car was, in order, with all that is said of them', async () => {
      rig = await begin();
      heard = hear(rig.source);
      const fixes = await speakUntilHeard(4);
      for (const fix of fixes) {
        const truth = LOG.truthAt(secondOf(fix));
        expect(metresBetween(fix, truth.place)).toBeLessThan(NEAR_METRES);
        expect(fix.speedMetresPerSecond).toBeCloseTo(truth.metresPerSecond, 1);
        expect(fix.hdop).toBeGreaterThan(0);
        expect(fix.satellites).toBeGreaterThan(0);
        expect(fix.atMono).toBeLessThanOrEqual(systemClock.monoMs());
      }
      const moments = fixes.map(({ atMono }) => atMono);
      expect(moments).toEqual([...moments].sort((a, b) => a - b));
      expect(heard.understood).toBeGreaterThan(0);
    });

    it('says that there is no fix in a tunnel, and finds the car again behind it', async () => {
      rig = await begin();
      heard = hear(rig.source);
      await speakUntilHeard(2);
      heard.voids = 0;
      const before = heard.fixes.size;
      await rig.speak(LOG, 21, 28);
      await until(() => (heard?.voids ?? 0) > 0);
      const inTunnel = [...heard.fixes.values()].filter((fix) => secondOf(fix) >= 21);
      expect(inTunnel).toEqual([]);
      await speakUntilHeard(before + 2, 36);
      for (const fix of heard.fixes.values()) {
        if (fix.gpsAtMs === undefined) continue;
        expect(metresBetween(fix, LOG.truthAt(secondOf(fix)).place)).toBeLessThan(NEAR_METRES);
      }
    });

    it('goes on after garbage, and takes no place from it', async () => {
      rig = await begin();
      heard = hear(rig.source);
      await speakUntilHeard(1);
      const random = repeatable(3);
      await rig.spoil(Uint8Array.from({ length: 3_000 }, () => Math.floor(random() * 256)));
      await rig.spoil(
        Buffer.from('\r\n$GPGGA,120000,9100.0,N,00218.6,E,1,08,0.9,,M,,M,,*00\r\n{"class":"TPV"\r\n'),
      );
      const count = heard.fixes.size;
      for (const fix of await speakUntilHeard(count + 2, 8)) {
        expect(metresBetween(fix, LOG.truthAt(secondOf(fix)).place)).toBeLessThan(NEAR_METRES);
      }
      // gpsd itself keeps garbage to itself.
      if (name !== 'gpsd itself') expect(heard.bad).toBeGreaterThan(0);
    });

    it('fails when the receiver goes away in the middle of a word, and can be run again', async () => {
      rig = await begin();
      heard = hear(rig.source);
      await speakUntilHeard(1);
      await rig.spoil(Buffer.from(LOG.sentencesAt(8).join('').slice(0, 30)));
      await rig.leave();
      expect(await heard.over).toMatchObject({ name: 'DeviceError', code: 'position.receiver-failed' });

      heard = hear(rig.source);
      const error = (await heard.over) as DeviceError;
      expect(error).toBeInstanceOf(DeviceError);
      expect(error.hint).toContain('Check');
      expect(heard.understood).toBe(0);

      await rig.comeBack();
      heard = hear(rig.source);
      await speakUntilHeard(1, 10);
    });

    it('ends without an error when it is told to, also before it is open, and says nothing more', async () => {
      rig = await begin();
      heard = hear(rig.source);
      heard.stopping.abort();
      expect(await heard.over).toBe('stopped');

      heard = hear(rig.source);
      await speakUntilHeard(1);
      heard.stopping.abort();
      expect(await heard.over).toBe('stopped');
      const { understood } = heard;
      // The double of gpsd would wait for a client.
      if (name !== 'the protocol of gpsd') await rig.speak(LOG, 10, 12);
      expect(heard.understood).toBe(understood);
    });
  });
});
