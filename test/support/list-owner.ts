import { generateKeyPairSync } from 'node:crypto';
import { foldVrm, type MatchKey } from '../../src/domain/vrm.js';
import { publicKeyText } from '../../src/lib/ed25519.js';
import type { MarkGroup } from '../../src/matching/mark-group.js';
import { writePart } from '../../src/matching/package/blobs.js';
import { sealManifest } from '../../src/matching/package/envelope.js';
import { groupOf } from '../../src/matching/package/groups.js';
import type { Manifest } from '../../src/matching/package/manifest.js';
import { blobName, type DeltaPart, type SnapshotPart } from '../../src/matching/package/parts.js';
import { valuesOfEntry } from '../../src/matching/voi-entry.js';
import { entryOf, vrmOf } from './reports.js';

/**
 * An owner of a list, small and in memory: keeps what is on it, and makes of every change a package
 * as it would be published. What the reason column says tells the revision that wrote a row.
 */
export interface ListOwner {
  readonly id: string;
  readonly publicKey: string;
  readonly revision: number;
  /** Marks that are on the list now, with the reason of their row. */
  readonly marks: ReadonlyMap<MatchKey, string>;
  /** Adds or rewrites marks, removes others, and counts the revision up. */
  change(added: readonly string[], removed?: readonly string[]): void;
  /** @param options what differs from the honest manifest; `snapshotAt` the revision of its snapshot. */
  publish(options?: PublishOptions): PublishedPackage;
}

export interface PublishOptions extends Partial<Manifest> {
  readonly snapshotAt?: number;
  /** Deltas from this revision on. */
  readonly since?: number;
}

export interface PublishedPackage {
  readonly manifest: Manifest;
  readonly envelope: Buffer;
  readonly blobs: ReadonlyMap<string, Buffer>;
}

export function listOwner(id: string, keys = generateKeyPairSync('ed25519')): ListOwner {
  /** By revision, from 1: the marks with their reasons. */
  const states: Map<MatchKey, string>[] = [new Map()];
  const spelled = new Map<MatchKey, string>();
  let issuedAtMs = Date.UTC(2026, 10, 22, 8);
  const current = () => states.at(-1) as Map<MatchKey, string>;

  function groupFor(key: MatchKey, reason: string | undefined): MarkGroup {
    if (reason === undefined) return groupOf(key, []);
    const entry = entryOf(spelled.get(key) as string, { reason });
    return groupOf(key, [JSON.stringify(valuesOfEntry(entry))]);
  }

  function part(groups: readonly MarkGroup[]) {
    const sorted = [...groups].sort((a, b) => (a.matchKey < b.matchKey ? -1 : 1));
    const blobs: { index: number; bytes: Buffer }[] = [];
    const parts = writePart(sorted);
    for (;;) {
      const { done, value } = parts.next();
      if (done) return { blobs, described: value };
      blobs.push(value);
    }
  }

  return {
    id,
    publicKey: publicKeyText(keys.publicKey),
    get revision() {
      return states.length - 1;
    },
    get marks() {
      return current();
    },
    change(added, removed = []) {
      const next = new Map(current());
      for (const mark of removed) next.delete(foldVrm(vrmOf(mark)));
      for (const mark of added) {
        spelled.set(foldVrm(vrmOf(mark)), mark);
        next.set(foldVrm(vrmOf(mark)), `revision ${states.length}`);
      }
      states.push(next);
    },
    publish({ snapshotAt = states.length - 1, since = snapshotAt, ...changed } = {}) {
      const revision = states.length - 1;
      issuedAtMs += 60_000;
      const blobs = new Map<string, Buffer>();
      const keep = (named: Parameters<typeof blobName>[0], made: ReturnType<typeof part>) => {
        for (const { index, bytes } of made.blobs) blobs.set(blobName(named, index), bytes);
        return made.described;
      };
      const snapshotMarks = states[snapshotAt] as Map<MatchKey, string>;
      const counts = { markCount: snapshotMarks.size, entryCount: snapshotMarks.size };
      const whole = part([...snapshotMarks].map(([key, reason]) => groupFor(key, reason)));
      const snapshot: SnapshotPart = {
        revision: snapshotAt,
        ...keep({ revision: snapshotAt }, whole),
        ...counts,
      };
      const deltas: DeltaPart[] = [];
      for (let from = since; from < revision; from++) {
        const [before, after] = [states[from], states[from + 1]] as [
          Map<MatchKey, string>,
          Map<MatchKey, string>,
        ];
        const touched = new Set([...before.keys(), ...after.keys()]);
        const changes = [...touched].filter((key) => before.get(key) !== after.get(key));
        const made = part(changes.map((key) => groupFor(key, after.get(key))));
        deltas.push({ from, to: from + 1, ...keep({ from, to: from + 1 }, made) });
      }
      const manifest: Manifest = {
        list: id,
        level: 'force',
        owner: 'a force',
        revision,
        issuedAtMs,
        defaultAction: 'STOP',
        markCount: current().size,
        entryCount: current().size,
        snapshot,
        deltas,
        ...changed,
      };
      return { manifest, envelope: sealManifest(manifest, keys.privateKey), blobs };
    },
  };
}
