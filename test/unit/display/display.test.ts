import { describe, expect, it } from 'vitest';
import { displaySchema } from '../../../src/config/site-schema.js';
import { Display, type DisplayOptions } from '../../../src/display/display.js';
import type { DisplayMessage } from '../../../src/display/messages.js';
import { SHOWN_FIELDS } from '../../../src/display/profiles.js';
import { PROFILES } from '../../../src/domain/display-profile.js';
import { DeviceError } from '../../../src/lib/errors.js';
import { heldHitOf } from '../../support/held-hits.js';
import { ManualClock } from '../../support/manual-clock.js';
import { listOf, vrmOf } from '../../support/reports.js';

/** Every column of a row has a word of its own, so that a word that gets through names its column. */
const COLUMNS = {
  make: 'MAKE-COLUMN',
  model: 'MODEL-COLUMN',
  colour: 'COLOUR-COLUMN',
  warningMarkers: 'MARKERS-COLUMN',
  reason: 'REASON-COLUMN',
  intelligenceGrading: 'GRADING-COLUMN',
  informationAction: 'INFORMATION-COLUMN',
  forceAndArea: 'AREA-COLUMN',
  weedDate: '2030-01-01',
  pncId: 'PNC-COLUMN',
  protectiveMarking: 'PROTECTIVE-COLUMN',
  cadInformation: 'CAD-COLUMN',
  spare1: 'SPARE-ONE-COLUMN',
  spare2: 'SPARE-TWO-COLUMN',
} as const;

/** A hit with all that a hit can have. */
function fullHit() {
  const held = heldHitOf('AA11AAA', 'STOP', {
    columns: COLUMNS,
    match: {
      kind: 'possible',
      alternatives: [{ vrm: vrmOf('AA11AAB'), probability: 0.1, listIds: ['force'] }],
    },
  });
  const [entry] = held.hit.match.entries;
  if (entry === undefined) throw new Error('a hit has an entry');
  const entries = [entry, { ...entry, list: listOf('national', { level: 'national' }) }];
  return {
    ...held,
    hit: { ...held.hit, match: { ...held.hit.match, entries } },
    passage: { ...heldHitOf('AA11AAC', 'STOP').passage, hints: ['mis-spaced' as const] },
    decision: 'hit-rejected' as const,
    decidedAtMs: 1_790_000_009_000,
  };
}

function displayOf(options: Partial<DisplayOptions> & { readonly profile?: string } = {}) {
  const { profile = 'auto', ...given } = options;
  const clock = new ManualClock();
  const decisions: string[][] = [];
  const display = new Display({
    clock,
    speed: () => undefined,
    warnings: () => [],
    onDecision: (...decision) => decisions.push(decision),
    onMute: () => undefined,
    ...given,
    config: displaySchema.parse({ profile }),
  });
  const told: DisplayMessage[] = [];
  return { display, clock, decisions, told };
}

describe('what a profile lets through', () => {
  it('is what its whitelist names, to the field', () => {
    for (const profile of PROFILES) {
      const { display, told } = displayOf({ profile });
      display.add(fullHit());
      display.follow('stationary', (message) => told.push(message));
      const [snapshot] = told;
      if (snapshot?.kind !== 'snapshot') throw new Error('the first message is the snapshot');
      expect(Object.keys(snapshot.hits[0] ?? {}).sort(), profile).toEqual([...SHOWN_FIELDS[profile]].sort());
    }
  });

  it('driver-moving: nothing that tells one vehicle from another, in no message', () => {
    const { display, told } = displayOf();
    display.follow('stationary', (message) => told.push(message));
    const hit = fullHit();
    display.add(hit);
    display.settle([{ id: hit.hit.id, stands: false }]);
    display.beat();
    display.announceStop('ignition-off');
    const text = JSON.stringify(told);
    expect(told.map(({ kind }) => kind)).toEqual(['snapshot', 'hit', 'hit', 'heartbeat', 'stopping']);
    expect(text).not.toMatch(/AA11|COLUMN|cam-1|towards|force|national|2030|mis-spaced|0\.98/);
    expect(told[1]).toEqual({
      kind: 'hit',
      hit: { id: hit.hit.id, arrival: 1, state: 'rejected', category: 'stop' },
    });
  });

  it('grows from profile to profile, and every field is in the widest', () => {
    const [least, middle, most] = PROFILES.map((profile) => new Set<string>(SHOWN_FIELDS[profile]));
    expect([...(least ?? [])].every((field) => middle?.has(field))).toBe(true);
    expect([...(middle ?? [])].every((field) => most?.has(field))).toBe(true);
  });

  it('is less for a screen that asks for less, and never more', () => {
    const { display, told } = displayOf({ profile: 'passenger' });
    display.add(fullHit());
    display.follow('driver-moving', (message) => told.push(message));
    display.follow('stationary', (message) => told.push(message));
    expect(told.map((message) => message.kind === 'snapshot' && message.profile)).toEqual([
      'driver-moving',
      'passenger',
    ]);
    expect(JSON.stringify(told[0])).not.toContain('AA11AAA');
    expect(JSON.stringify(told[1])).toContain('AA11AAA');
    expect(JSON.stringify(told[1])).not.toContain('CAD-COLUMN');
  });
});

describe('a profile that changes', () => {
  it('takes the place of what screens had, before anything else is told', () => {
    let metresPerSecond = 0;
    const { display, clock, told } = displayOf({ speed: () => ({ metresPerSecond, ageMs: 100 }) });
    display.follow('stationary', (message) => told.push(message));
    for (let i = 0; i < 6; i++) {
      clock.advance(1_000);
      display.beat();
    }
    display.add(heldHitOf('AA11AAA', 'STOP'));
    expect(JSON.stringify(told.at(-1))).toContain('AA11AAA');
    metresPerSecond = 8;
    told.length = 0;
    display.add(heldHitOf('BB22BBB', 'STOP'));
    expect(told.map(({ kind }) => kind)).toEqual(['snapshot', 'hit']);
    expect(JSON.stringify(told)).not.toMatch(/AA11AAA|BB22BBB/);
  });
});

describe('a decision', () => {
  it('is recorded once, and told to every screen', () => {
    const { display, decisions, told } = displayOf({ profile: 'stationary' });
    const held = heldHitOf('AA11AAA', 'STOP');
    display.add(held);
    display.follow('stationary', (message) => told.push(message));
    display.decide(held.hit.id, 'hit-confirmed');
    display.decide(held.hit.id, 'hit-confirmed');
    display.decide(held.hit.id, 'hit-rejected');
    expect(decisions).toEqual([
      [held.hit.id, 'hit-confirmed'],
      [held.hit.id, 'hit-rejected'],
    ]);
    expect(told.slice(1).map((message) => message.kind === 'hit' && message.hit.state)).toEqual([
      'confirmed',
      'rejected',
    ]);
  });

  it('that could not be recorded is not on the board', () => {
    const { display } = displayOf({
      profile: 'stationary',
      onDecision: () => {
        throw new DeviceError('store.write-failed', { message: 'disk full', hint: 'make room' });
      },
    });
    const held = heldHitOf('AA11AAA', 'STOP');
    display.add(held);
    expect(() => display.decide(held.hit.id, 'hit-confirmed')).toThrow('disk full');
    expect(display.snapshot()).toMatchObject({ unacknowledged: 1, confirmed: 0 });
  });

  it('is refused while nobody can be shown the vehicle', () => {
    const { display, decisions } = displayOf();
    const held = heldHitOf('AA11AAA', 'STOP');
    display.add(held);
    expect(() => display.decide(held.hit.id, 'hit-confirmed')).toThrow(
      expect.objectContaining({ code: 'display.not-shown', hint: expect.stringContaining('passenger') }),
    );
    expect(decisions).toEqual([]);
  });
});

describe('what screens are told of the equipment', () => {
  it('is how long it is muted, and what is wrong, without detail', () => {
    const { display, clock, told } = displayOf({
      warnings: () => [
        {
          severity: 'high',
          title: 'Camera gives no frames',
          subject: 'cam-1',
          detail: 'rtsp://somewhere',
        } as never,
      ],
    });
    display.follow('stationary', (message) => told.push(message));
    display.muted(clock.monoMs() + 60_000);
    clock.advance(45_000);
    display.beat();
    expect(told.map((message) => 'mutedMs' in message && message.mutedMs)).toEqual([0, 60_000, 15_000]);
    expect(told.at(-1)).toMatchObject({
      warnings: [{ severity: 'high', title: 'Camera gives no frames', subject: 'cam-1' }],
    });
    expect(JSON.stringify(told)).not.toContain('rtsp');
  });

  it('is that it stops, also where a screen comes later', () => {
    const { display, told } = displayOf();
    display.announceStop('ignition-off');
    display.follow('stationary', (message) => told.push(message));
    expect(told.map(({ kind }) => kind)).toEqual(['snapshot', 'stopping']);
  });

  it('ends when the screen has gone', () => {
    const { display, told } = displayOf();
    const leave = display.follow('stationary', (message) => told.push(message));
    leave();
    display.add(heldHitOf('AA11AAA', 'STOP'));
    expect(told).toHaveLength(1);
    expect(display.snapshot().followers).toBe(0);
  });
});
