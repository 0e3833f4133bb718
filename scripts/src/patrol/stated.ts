import { categoryOfAction } from '../../../src/domain/hit-category.js';
import type { SealedPosition } from '../../../src/domain/position.js';
import { BUZZER_RHYTHMS } from '../../../src/gpio/rhythms.js';
import type { CommittedStatement } from '../soak/stored.js';
import type { Located } from './positions.js';
import type { StatedRead } from './shown.js';
import type { SoundingHit } from './sounds.js';

/** What the statements of a patrol say, as far as it is judged; pure. */
export interface Stated {
  /** Of complete records. */
  readonly reads: readonly StatedRead[];
  readonly hits: readonly StatedHit[];
  readonly events: readonly StatedEvent[];
  /** Records that a crew could be told of, and events: each with its place. */
  readonly located: readonly Located[];
}

export interface StatedHit extends SoundingHit {
  readonly read: StatedRead;
}

export interface StatedEvent {
  readonly id: string;
  readonly kind: string;
  readonly hitId?: string;
  /** UTC, milliseconds: when it happened, as the device has it. */
  readonly atMs: number;
}

interface RecordJson {
  readonly recordId: string;
  readonly vrm?: string;
  readonly capturedAt: string;
  readonly pictureMs: number;
  readonly plateCorners: StatedRead['plateCorners'];
  readonly position?: SealedPosition;
}

interface HitJson {
  readonly unitId: string;
  readonly hitId: string;
  readonly alerts: boolean;
  readonly late: boolean;
  readonly committedAt: string;
  readonly entries: readonly { readonly action: string }[];
  readonly read: RecordJson;
}

interface EventJson {
  readonly unitId: string;
  readonly eventId: string;
  readonly kind: string;
  readonly hitId?: string;
  readonly at: string;
  readonly position?: SealedPosition;
}

export function statedIn(committed: readonly CommittedStatement[]): Stated {
  const of = <T>(kind: CommittedStatement['kind']) =>
    committed.filter((statement) => statement.kind === kind).map(({ text }) => JSON.parse(text) as T);
  const [reads, hits, events] = [
    of<RecordJson & { readonly unitId: string }>('read'),
    of<HitJson>('hit'),
    of<EventJson>('event'),
  ];
  return {
    reads: reads.map(readOf),
    hits: hits.map(hitOf),
    events: events.map(({ eventId, kind, hitId, at }) => ({
      id: eventId,
      kind,
      atMs: Date.parse(at),
      ...(hitId !== undefined && { hitId }),
    })),
    located: [
      ...reads.map((read) => locatedRecord(read.unitId, read)),
      ...hits.map(({ unitId, read }) => locatedRecord(unitId, read)),
      ...events.map(({ unitId, eventId, at, position }) => ({
        unitId,
        subjectId: eventId,
        atMs: Date.parse(at),
        ...(position && { sealed: position }),
      })),
    ],
  };
}

function readOf({ recordId, vrm, capturedAt, pictureMs, plateCorners }: RecordJson): StatedRead {
  const capturedAtMs = Date.parse(capturedAt);
  return {
    recordId,
    ...(vrm !== undefined && { vrm }),
    capturedAtMs,
    pictureAtMs: capturedAtMs + pictureMs,
    plateCorners,
  };
}

function hitOf({ hitId, alerts, late, committedAt, entries, read }: HitJson): StatedHit {
  const rhythm = BUZZER_RHYTHMS[categoryOfAction(entries[0]?.action ?? '')];
  return {
    id: hitId,
    committedAtMs: Date.parse(committedAt),
    sounds: alerts && !late && rhythm !== '',
    read: readOf(read),
  };
}

function locatedRecord(unitId: string, { recordId, capturedAt, position }: RecordJson): Located {
  return {
    unitId,
    subjectId: recordId,
    atMs: Date.parse(capturedAt),
    ...(position && { sealed: position }),
  };
}
