import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { displaySchema } from '../../src/config/site-schema.js';
import { Crew } from '../../src/crew.js';
import type { DisplayMessage } from '../../src/display/messages.js';
import type { Match } from '../../src/domain/voi.js';
import { Warnings } from '../../src/health/warnings.js';
import { DeviceError } from '../../src/lib/errors.js';
import { createLogger } from '../../src/lib/log.js';
import type { RecordStore } from '../../src/store/record-store.js';
import { ManualClock } from '../support/manual-clock.js';
import { recordStoreIn } from '../support/record-stores.js';
import { temporaryFolder } from '../support/recordings.js';
import { matchOf, passageOf, possibleOf } from '../support/reports.js';

/** What a crew hears and sees of what was committed, between a real store and what would sound and show. */

const log = createLogger('silent');
const QUALITY = { source: 'unknown' } as const;

let store: RecordStore;
let crew: Crew;
let sounded: string[];
let decided: string[];
let shown: DisplayMessage[];

beforeEach(async () => {
  const clock = new ManualClock();
  store = recordStoreIn(temporaryFolder(), { clock });
  await store.start();
  [sounded, decided, shown] = [[], [], []];
  crew = new Crew({
    config: displaySchema.parse({ profile: 'passenger' }),
    clock,
    log,
    warnings: new Warnings({ clock, log }),
    store,
    site: {
      alert: (category) => sounded.push(category),
      decide: (_, kind) => decided.push(kind),
      mute: () => undefined,
      speed: () => undefined,
    },
  });
  crew.start();
  crew.follow('stationary', (message) => shown.push(message as DisplayMessage));
});
afterEach(async () => {
  crew.stop();
  await store.stop();
});

function committed(match: Match): { id: string; recordId: string } {
  const passage = passageOf('AA11AAA', { phase: 'settled' });
  const { hit } = store.commit({ passage, match, clock: QUALITY });
  if (hit === undefined) throw new Error('a match gives a hit');
  return hit;
}

const hitsShown = () => shown.flatMap((message) => (message.kind === 'hit' ? [message.hit] : []));

describe('a hit', () => {
  it('is heard by what it asks for, and seen', () => {
    crew.hit(committed(matchOf('AA11AAA', 'force')).id);
    expect(sounded).toEqual(['stop']);
    expect(hitsShown()).toMatchObject([{ vrm: 'AA11AAA', state: 'unacknowledged' }]);
  });

  it('that is too unlikely to alert a crew is for the centre alone', () => {
    crew.hit(committed(possibleOf('BB22BBB', 'force')).id);
    expect([sounded, hitsShown()]).toEqual([[], []]);
  });

  it('whose vehicle passed before its entry came is seen, and startles nobody', () => {
    crew.hit(committed({ ...matchOf('AA11AAA', 'force'), late: true }).id);
    expect(sounded).toEqual([]);
    expect(hitsShown()).toMatchObject([{ state: 'late' }]);
  });

  it('that the final read takes back says so', () => {
    const { id, recordId } = committed(matchOf('AA11AAA', 'force'));
    crew.hit(id);
    store.commit({ passage: passageOf('AA11AAB', { id: recordId }), clock: QUALITY });
    crew.closed(recordId);
    expect(hitsShown().at(-1)).toMatchObject({ id, stands: false });
  });

  it('can be decided on, which is handed on to be recorded', () => {
    const { id } = committed(matchOf('AA11AAA', 'force'));
    crew.hit(id);
    crew.decide(id, 'hit-confirmed');
    expect(decided).toEqual(['hit-confirmed']);
    expect(crew.snapshot()).toMatchObject({ confirmed: 1, unacknowledged: 0 });
  });
});

it('a store that cannot be read shows nothing, and stops nothing', () => {
  store.heldHit = () => {
    throw new DeviceError('store.write-failed', { message: 'a failing disk', hint: '' });
  };
  expect(() => crew.hit('019b0000-0000-7000-8000-000000000000')).not.toThrow();
  expect([sounded, hitsShown()]).toEqual([[], []]);
});
