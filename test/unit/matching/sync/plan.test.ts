import { describe, expect, it } from 'vitest';
import type { VoiList } from '../../../../src/domain/voi.js';
import type { Manifest } from '../../../../src/matching/package/manifest.js';
import { blobName, blobNames, type DeltaPart } from '../../../../src/matching/package/parts.js';
import { partsOf, planSync, type SyncPlan } from '../../../../src/matching/sync/plan.js';
import { repeatable } from '../../../support/repeatable.js';
import { listOf } from '../../../support/reports.js';

const NONE: ReadonlySet<string> = new Set();
const sha = (name: string) => name.padEnd(64, '0');

function partOf(name: string, blobs = 3, bytes = 3_000) {
  return { blobs, bytes, sha256: sha(name) };
}

/** Revisions 1 to `revision`, with a snapshot of one of them and a delta a revision from `since` on. */
function manifestOf(
  options: { revision: number; snapshotAt?: number; since?: number } & Partial<Manifest>,
): Manifest {
  const { revision, snapshotAt = revision, since = snapshotAt, ...rest } = options;
  const deltas: DeltaPart[] = [];
  for (let from = since; from < revision; from++) {
    deltas.push({ from, to: from + 1, ...partOf(`d${from}`, 2, 100) });
  }
  return {
    list: 'stolen',
    level: 'force',
    owner: 'a force',
    revision,
    issuedAtMs: 1_800_000_000_000 + revision,
    defaultAction: '',
    markCount: 10,
    entryCount: 12,
    snapshot: { revision: snapshotAt, ...partOf(`s${snapshotAt}`), markCount: 10, entryCount: 12 },
    deltas,
    ...rest,
  };
}

function inForceAt(revision: number, options: Partial<VoiList> = {}): VoiList {
  return listOf('stolen', {
    revision,
    markCount: 10,
    entryCount: 12,
    issuedAtMs: 1_800_000_000_000 + revision,
    ...options,
  });
}

const plan = (offer: Manifest, state: Partial<Parameters<typeof planSync>[0]> = {}) =>
  planSync({ offer, staged: NONE, window: 4, ...state });

function wantedOf(planned: SyncPlan): readonly string[] {
  if (planned.kind !== 'fetch') throw new Error(`expected to fetch, found ${planned.kind}`);
  return planned.wanted;
}

describe('what to fetch', () => {
  it('is the whole list where there is none, its digests first', () => {
    const offer = manifestOf({ revision: 7 });
    expect(plan(offer)).toMatchObject({ wanted: ['snapshot/7/0'], haveBlobs: 0, ofBlobs: 3 });
    const staged = new Set(['snapshot/7/0']);
    expect(wantedOf(plan(offer, { staged }))).toEqual(['snapshot/7/1', 'snapshot/7/2']);
  });

  it('is the deltas that reach back to what is in force', () => {
    const offer = manifestOf({ revision: 9, since: 3 });
    expect(wantedOf(plan(offer, { inForce: inForceAt(7) }))).toEqual(['delta/7-8/0', 'delta/8-9/0']);
  });

  it('is the snapshot and the deltas after it where they do not reach back so far', () => {
    const offer = manifestOf({ revision: 9, snapshotAt: 8, since: 5 });
    expect(wantedOf(plan(offer, { inForce: inForceAt(4) }))).toEqual(['snapshot/8/0', 'delta/8-9/0']);
  });

  it('is the snapshot where that costs fewer bytes than the deltas', () => {
    const offer = manifestOf({ revision: 60, since: 1 });
    expect(wantedOf(plan(offer, { inForce: inForceAt(31) }))[0]).toBe('delta/31-32/0');
    expect(wantedOf(plan(offer, { inForce: inForceAt(29) }))[0]).toBe('snapshot/60/0');
  });

  it('is what is missing: what came before is not asked for again, and counts for its way', () => {
    const offer = manifestOf({ revision: 60, since: 1 });
    // Half of the snapshot is here, so it is the cheaper way now.
    const staged = new Set(['snapshot/60/0', 'snapshot/60/2']);
    expect(plan(offer, { inForce: inForceAt(45), staged })).toMatchObject({
      wanted: ['snapshot/60/1'],
      haveBlobs: 2,
      ofBlobs: 3,
    });
  });

  it('is no more at a time than was asked, and nothing that has to wait', () => {
    const offer = manifestOf({ revision: 40, since: 1 });
    expect(wantedOf(plan(offer, { inForce: inForceAt(20) }))).toHaveLength(4);
    const waiting = new Set(['delta/20-21/0', 'delta/22-23/0', 'snapshot/40/1']);
    expect(wantedOf(plan(offer, { inForce: inForceAt(20), waiting }))).toEqual([
      'delta/21-22/0',
      'delta/23-24/0',
      'delta/24-25/0',
      'delta/25-26/0',
    ]);
  });

  it('is the other way where the cheaper one is held up', () => {
    const offer = manifestOf({ revision: 9, since: 3 });
    const inForce = inForceAt(7);
    const waiting = new Set(['delta/8-9/0']);
    expect(wantedOf(plan(offer, { inForce, waiting }))).toEqual(['snapshot/9/0']);
    // Where both are, the cheaper one again, as far as it goes.
    waiting.add('snapshot/9/0');
    expect(wantedOf(plan(offer, { inForce, waiting }))).toEqual(['delta/7-8/0']);
  });

  it('is the whole list where an administrator imported one of the same name', () => {
    const offer = manifestOf({ revision: 3, since: 1 });
    const inForce = inForceAt(2, { origin: 'local' });
    expect(wantedOf(plan(offer, { inForce }))).toEqual(['snapshot/3/0']);
  });
});

describe('what is there already', () => {
  it('is applied when every blob of the way has come', () => {
    const offer = manifestOf({ revision: 9, since: 3 });
    const staged = new Set(['delta/7-8/0', 'delta/7-8/1', 'delta/8-9/0', 'delta/8-9/1']);
    const planned = plan(offer, { inForce: inForceAt(7), staged });
    expect(planned.kind === 'apply' && planned.route.deltas.map(({ from, to }) => [from, to])).toEqual([
      [7, 8],
      [8, 9],
    ]);
  });

  it('is current, or confirmed when its owner says again that it is the list', () => {
    const offer = manifestOf({ revision: 7 });
    const later = { ...offer, issuedAtMs: offer.issuedAtMs + 60_000 };
    expect(plan(offer, { inForce: inForceAt(7) })).toEqual({ kind: 'current' });
    expect(plan(later, { inForce: inForceAt(7), accepted: offer })).toEqual({ kind: 'confirm' });
    // The manifest of before, played back: it says nothing new.
    expect(plan(offer, { inForce: inForceAt(7, { issuedAtMs: later.issuedAtMs }) })).toEqual({
      kind: 'current',
    });
  });
});

describe('what is refused', () => {
  const refused = (planned: SyncPlan) => {
    if (planned.kind !== 'refuse') throw new Error(`expected a refusal, found ${planned.kind}`);
    return planned.error;
  };

  it('is a revision older than the one in force, or than one that its owner has announced', () => {
    const offer = manifestOf({ revision: 6 });
    expect(refused(plan(offer, { inForce: inForceAt(7) }))).toMatchObject({ code: 'hotlist.replayed' });
    const announced = { inForce: inForceAt(5), accepted: manifestOf({ revision: 7 }) };
    expect(refused(plan(offer, announced)).message).toContain('6 was offered after revision 7');
    expect(refused(plan(offer, { highestRevision: 7 })).message).toContain('6 was offered after revision 7');
    expect(plan(offer, { highestRevision: 6 }).kind).toBe('fetch');
    const byHand = { ...inForceAt(7), origin: 'local' as const };
    expect(refused(plan(offer, { inForce: byHand })).hint).toContain('7 was imported by hand under this id');
  });

  it('is the same revision with other contents', () => {
    const accepted = manifestOf({ revision: 7 });
    const others: Partial<Manifest>[] = [
      { markCount: 11 },
      { entryCount: 13 },
      { snapshot: { ...accepted.snapshot, sha256: sha('other') } },
    ];
    for (const other of others) {
      const offer = { ...accepted, ...other, issuedAtMs: accepted.issuedAtMs + 1 };
      const planned = plan(offer, { inForce: inForceAt(7), accepted });
      expect(refused(planned).message).toContain('other contents');
    }
    expect(refused(plan(accepted, { inForce: inForceAt(7, { origin: 'local' }) })).code).toBe(
      'hotlist.replayed',
    );
  });

  it('is not the same revision with another choice of parts: owners tidy up', () => {
    const accepted = manifestOf({ revision: 9, snapshotAt: 5 });
    const tidied = manifestOf({ revision: 9, issuedAtMs: accepted.issuedAtMs + 1 });
    expect(plan(tidied, { inForce: inForceAt(9), accepted }).kind).toBe('confirm');
  });
});

describe('whatever an owner publishes and whatever a device missed', () => {
  const random = repeatable(4);
  const upTo = (most: number) => 1 + Math.floor(random() * most);
  const of = <T>(...choices: T[]) => choices[Math.floor(random() * choices.length)] as T;

  /** A manifest with one snapshot and deltas that may bridge several revisions. */
  function randomManifest(revision: number): Manifest {
    const cuts = [revision];
    while ((cuts[0] as number) > 1 && cuts.length < 12)
      cuts.unshift(Math.max(1, (cuts[0] as number) - upTo(4)));
    const deltas = cuts.slice(1).map((to, index) => {
      const blobs = 1 + upTo(4);
      return {
        from: cuts[index] as number,
        to,
        ...partOf(`d${cuts[index]}-${to}`, blobs, blobs * upTo(500)),
      };
    });
    const blobs = 1 + upTo(12);
    return {
      ...manifestOf({ revision }),
      snapshot: {
        revision: of(...cuts),
        ...partOf('s', blobs, blobs * upTo(500)),
        markCount: 10,
        entryCount: 12,
      },
      deltas,
    };
  }

  /** Every way that leads to the offer, by brute force: its bytes, of which blob after blob is as large. */
  function cheapestBytes(offer: Manifest, revision: number): number {
    let least = Number.POSITIVE_INFINITY;
    for (let first = 0; first <= offer.deltas.length; first++) {
      const rest = offer.deltas.slice(first);
      const bytes = rest.reduce((sum, part) => sum + part.bytes, 0);
      const start = rest[0]?.from ?? offer.revision;
      const end = rest[0]?.to ?? Number.POSITIVE_INFINITY;
      if (start <= revision && revision < end) least = Math.min(least, bytes);
      if (start === offer.snapshot.revision) least = Math.min(least, bytes + offer.snapshot.bytes);
    }
    return least;
  }

  it('ends at the newest revision, for the fewest bytes, through restarts and newer offers', () => {
    for (let round = 0; round < 400; round++) {
      let revision = 0;
      let published = upTo(5);
      for (let offers = 0; offers < 4; offers++) {
        const offer = randomManifest(published);
        const staged = new Set<string>();
        const inForce = () => (revision === 0 ? undefined : inForceAt(revision));
        const least = revision === 0 ? undefined : cheapestBytes(offer, revision);
        let bytes = 0;
        let isCutShort = false;
        for (let step = 0; ; step++) {
          if (step > 200) throw new Error('it does not end');
          const planned = plan(offer, { inForce: inForce(), staged: new Set(staged), window: upTo(4) });
          if (planned.kind === 'current' || planned.kind === 'confirm') break;
          if (planned.kind === 'refuse') throw planned.error;
          if (planned.kind === 'apply') {
            for (const part of partsOf(planned.route)) {
              for (const name of blobNames(part)) expect(staged).toContain(name);
            }
            revision = offer.revision;
            continue;
          }
          const { wanted } = planned;
          expect(new Set(wanted).size).toBe(wanted.length);
          expect(wanted.length).toBeGreaterThan(0);
          // Only some of them come before the next look, in any order; none comes twice.
          for (const name of wanted.filter(() => random() < 0.7)) {
            expect(staged).not.toContain(name);
            const part = partsOf(planned.route).find((one) => name.startsWith(blobName(one, 0).slice(0, -1)));
            if (part === undefined) throw new Error(`${name} is not of the way`);
            bytes += part.bytes / part.blobs;
            staged.add(name);
          }
          // The owner publishes again while the device still fetches.
          isCutShort = offers < 3 && random() < 0.05;
          if (isCutShort) break;
        }
        if (!isCutShort) {
          expect(revision).toBe(offer.revision);
          if (least !== undefined) expect(bytes).toBeCloseTo(least, 6);
        }
        published += upTo(5);
      }
      expect(revision).toBeGreaterThan(0);
    }
  });
});
