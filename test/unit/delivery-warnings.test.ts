import { beforeEach, describe, expect, it } from 'vitest';
import { DeliveryWarnings } from '../../src/delivery-warnings.js';
import type { LossReason } from '../../src/domain/statement.js';
import { Warnings } from '../../src/health/warnings.js';
import { createLogger } from '../../src/lib/log.js';
import { ManualClock } from '../support/manual-clock.js';
import { storeSnapshotOf, uplinkSnapshotOf } from '../support/snapshots.js';

let clock: ManualClock;
let warnings: Warnings;
let delivery: DeliveryWarnings;

beforeEach(() => {
  clock = new ManualClock();
  warnings = new Warnings({ clock, log: createLogger('silent') });
  delivery = new DeliveryWarnings({ warnings, clock });
});

const shown = () => {
  clock.advance(120_000);
  return warnings.visible().map(({ code, subject, detail }) => ({ code, subject, detail }));
};

describe('what the link warns of', () => {
  it('is nothing while it is connected to the first broker', () => {
    delivery.lookAtLink(uplinkSnapshotOf());
    expect(shown()).toEqual([]);
  });

  it('is a broker that is away, with why and what to do about just that', () => {
    const problem = { code: 'uplink.connect-failed', message: 'no connection: refused', hint: 'Check.' };
    delivery.lookAtLink(uplinkSnapshotOf({}, { state: 'waiting', problem }));
    expect(shown()).toEqual([{ code: 'broker-away', subject: '', detail: 'no connection: refused. Check.' }]);
    delivery.lookAtLink(uplinkSnapshotOf());
    expect(shown()).toEqual([]);
  });

  it('is that another broker of the list is used, and what is wrong with the first', () => {
    const firstProblem = { code: 'uplink.connect-failed', message: 'first is away', hint: 'Check.' };
    delivery.lookAtLink(
      uplinkSnapshotOf({}, { broker: { index: 1, name: 'mqtt://second.example:1883', firstProblem } }),
    );
    expect(shown()).toEqual([
      {
        code: 'broker-fallback',
        subject: '',
        detail: 'mqtt://second.example:1883 is used; first is away. Check.',
      },
    ]);
  });

  it('is a broker that is there and refuses what it is sent, until it has taken it for a while', () => {
    const problem = { code: 'uplink.refused', message: 'not authorised on anpr/unit-1/hit', hint: 'Check.' };
    const codes = () => warnings.visible().map(({ code, detail }) => [code, detail]);
    const refused = ['broker-refuses', '3 refused and kept; not authorised on anpr/unit-1/hit. Check.'];
    delivery.lookAtLink(uplinkSnapshotOf({ parked: 3 }, { problem }));
    expect(codes()).toEqual([refused]);
    clock.advance(20_000);
    delivery.lookAtLink(uplinkSnapshotOf({ parked: 0 }));
    expect(codes()).toEqual([refused]);
    clock.advance(20_000);
    delivery.lookAtLink(uplinkSnapshotOf({ parked: 0 }));
    expect(codes()).toEqual([]);
  });

  it('is a refused status as well, which is not kept', () => {
    const refusal = {
      code: 'uplink.refused',
      message: 'not authorised on anpr/unit-1/status',
      hint: 'Check.',
    };
    delivery.lookAtLink(uplinkSnapshotOf({}, { refusal, problem: refusal }));
    const detail = '0 refused and kept; not authorised on anpr/unit-1/status. Check.';
    expect(warnings.visible()).toMatchObject([{ code: 'broker-refuses', detail }]);
  });

  it('is a broker that refuses the connection: it is away, and the detail says why', () => {
    const problem = { code: 'uplink.refused', message: 'not this user', hint: 'Check mqtt.username.' };
    delivery.lookAtLink(uplinkSnapshotOf({}, { state: 'connecting' }));
    for (const state of ['refused', 'connecting', 'refused'] as const) {
      delivery.lookAtLink(uplinkSnapshotOf({}, { state, problem }));
      clock.advance(6_000);
    }
    expect(warnings.visible()).toMatchObject([
      { code: 'broker-away', detail: 'not this user. Check mqtt.username.' },
    ]);
  });

  it('is a connection that is lost again and again, each time too briefly to be away', () => {
    const problem = { code: 'uplink.connect-failed', message: 'closed', hint: 'Two with one id?' };
    const lose = (connections: number) => {
      delivery.lookAtLink(uplinkSnapshotOf({}, { connections, state: 'waiting', problem }));
      clock.advance(2_000);
      delivery.lookAtLink(uplinkSnapshotOf({}, { connections: connections + 1 }));
    };
    for (const connections of [0, 1, 2]) lose(connections);
    expect(warnings.visible()).toEqual([]);
    lose(3);
    expect(warnings.visible()).toMatchObject([
      { code: 'link-unsteady', detail: '4 connections within a minute; closed. Two with one id?' },
    ]);
    clock.advance(61_000);
    delivery.lookAtLink(uplinkSnapshotOf({}, { connections: 5 }));
    expect(warnings.visible()).toEqual([]);
  });

  it('is each certificate that ends soon, until there is a new one', () => {
    const notAfterMs = Date.UTC(2026, 0, 20);
    const ending = { of: 'device', notAfterMs, expiring: true } as const;
    delivery.lookAtLink(uplinkSnapshotOf({}, { certificates: [ending] }));
    expect(shown()).toEqual([
      {
        code: 'certificate-expiring',
        subject: 'device',
        detail: expect.stringContaining('is valid until 2026-01-20'),
      },
    ]);
    const renewed = { of: 'device', notAfterMs: Date.UTC(2027, 0, 20), expiring: false } as const;
    delivery.lookAtLink(uplinkSnapshotOf({}, { certificates: [renewed] }));
    expect(shown()).toEqual([]);
  });

  it('is a meter that is spent, and which lanes wait for the next hour', () => {
    const { meter } = uplinkSnapshotOf();
    delivery.lookAtLink(uplinkSnapshotOf({ meter: { ...meter, shut: ['hit-images', 'read-images'] } }));
    expect(shown()).toEqual([
      { code: 'meter-spent', subject: '', detail: 'waiting: hit-images, read-images' },
    ]);
  });
});

describe('what the store warns of', () => {
  it('is what it had to drop, and not what damage has cost, for which it has another word', () => {
    const lossOf = (reason: LossReason) => ({ lane: 'reads', reason, count: 3, statements: [] }) as const;
    delivery.lost([lossOf('damage')]);
    expect(warnings.visible()).toEqual([]);
    delivery.lost([lossOf('damage'), lossOf('age'), lossOf('budget')]);
    expect(warnings.visible()).toMatchObject([
      { code: 'store-over-budget', detail: '3 of reads (age), 3 of reads (budget)' },
    ]);
  });

  it('is that records are in memory only, with why', () => {
    delivery.lookAtStore(storeSnapshotOf({ medium: 'memory', problem: 'the file system is read-only' }));
    expect(shown()).toEqual([
      { code: 'store-in-memory', subject: '', detail: 'the file system is read-only' },
    ]);
    delivery.lookAtStore(storeSnapshotOf());
    expect(shown()).toEqual([]);
  });

  it('is no verdict on what was lost while what can be read is still being taken over', () => {
    const setAside = '/var/lib/anprd/records.db.damaged-1';
    const damage = { setAside, setAsideBytes: 1, atMs: 0, isSalvaging: true, salvaged: {}, lost: {} };
    delivery.lookAtStore(storeSnapshotOf({ damage }));
    expect(shown()[0]?.detail).toMatch(/taken over so far: none; lost: known when that is done$/);
  });

  it('is damage, with where the file lies and what could not be read', () => {
    delivery.lookAtStore(
      storeSnapshotOf({
        damage: {
          setAside: '/var/lib/anprd/records.db.damaged-1',
          setAsideBytes: 51_000_000,
          atMs: 0,
          isSalvaging: false,
          salvaged: { records: 90 },
          lost: { records: 2, images: 'unknown' },
        },
      }),
    );
    expect(shown()).toEqual([
      {
        code: 'store-damaged',
        subject: '',
        detail:
          'set aside as /var/lib/anprd/records.db.damaged-1 (51 MB are set aside); rows taken over: 90 of records; lost: 2 of records, an unknown number of images',
      },
    ]);
  });

  it('is commits that went with the file or its log, of which nothing is left to be set aside', () => {
    const damage = { setAsideBytes: 0, atMs: 0, isSalvaging: false, salvaged: {}, lost: {} };
    delivery.lookAtStore(storeSnapshotOf({ damage }));
    expect(shown()).toMatchObject([
      { code: 'store-damaged', detail: expect.stringMatching(/^the file or its log was gone/) },
    ]);
  });
});
