import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { publicKeyText } from '../../../../src/lib/ed25519.js';
import type { MarkGroup } from '../../../../src/matching/mark-group.js';
import { verifyBlob, writePart } from '../../../../src/matching/package/blobs.js';
import { openEnvelope, sealManifest } from '../../../../src/matching/package/envelope.js';
import { PackageFile, writePackageFile } from '../../../../src/matching/package/package-file.js';
import {
  blobName,
  blobNames,
  type DeltaPart,
  type Part,
  parseBlobName,
  type SnapshotPart,
} from '../../../../src/matching/package/parts.js';
import { readPart } from '../../../../src/matching/package/read-part.js';
import { groupsOf } from '../../../support/groups.js';
import { repeatable } from '../../../support/repeatable.js';

/** 3,000 marks whose rows pack badly: several blobs. */
const marks = Array.from({ length: 3_000 }, (_, index) => `A${String(index).padStart(5, '0')}`);
const noise = Array.from({ length: 100 }, (_, index) => ((index * 2_654_435_761) % 1e9).toString(36)).join(
  '',
);
const groups = groupsOf(marks, { 6: noise });

/** A part and its blobs by name, as a device has them when all have come. */
function partOf<P extends Part>(named: Omit<P, 'bytes' | 'blobs' | 'sha256'>, content: readonly MarkGroup[]) {
  const blobs = new Map<string, Buffer>();
  const writing = writePart(content);
  for (let step = writing.next(); ; step = writing.next()) {
    if (step.done) return { part: { ...named, ...step.value } as unknown as P, blobs };
    blobs.set(blobName(named as never, step.value.index), step.value.bytes);
  }
}
const snapshotOf = (content: readonly MarkGroup[]) =>
  partOf<SnapshotPart>({ revision: 1, markCount: content.length, entryCount: content.length }, content);
const keys = (read: Iterable<MarkGroup>) => [...read].map(({ matchKey }) => matchKey);

describe('a snapshot', () => {
  const { part, blobs } = snapshotOf(groups);
  const read = (change: (changed: Map<string, Buffer>) => void, other: Part = part) => {
    const changed = new Map(blobs);
    change(changed);
    return () => keys(readPart(other, (name) => changed.get(name)));
  };

  it('is read as it was written, in the order of its keys', () => {
    expect(part.blobs).toBeGreaterThan(4);
    expect([...blobNames(part)].sort()).toEqual([...blobs.keys()].sort());
    expect([...readPart(part, (name) => blobs.get(name))].map(({ rowsText }) => rowsText)).toEqual(
      groups.map(({ rowsText }) => rowsText),
    );
  });

  it('of an empty list has a blob all the same, which can be retained', () => {
    const empty = snapshotOf([]);
    expect(empty.part.blobs).toBe(2);
    expect(keys(readPart(empty.part, (name) => empty.blobs.get(name)))).toEqual([]);
  });

  it.each<[string, (blobs: Map<string, Buffer>) => void, string]>([
    ['a blob is missing', (all) => all.delete('snapshot/1/2'), 'snapshot/1/2 is missing'],
    ['the table is missing', (all) => all.delete('snapshot/1/0'), 'snapshot/1/0 is missing'],
    ['the table is cut off', (all) => all.set('snapshot/1/0', Buffer.alloc(32)), 'snapshot/1/0 has 32 bytes'],
    [
      'the table was changed',
      (all) => all.set('snapshot/1/0', Buffer.alloc(32 * (part.blobs - 1))),
      'snapshot/1/0 is not what the manifest signs for',
    ],
    [
      'a blob was cut off',
      (all) => all.set('snapshot/1/2', (all.get('snapshot/1/2') as Buffer).subarray(0, -1)),
      'snapshot/1/2 is not what its table says',
    ],
    [
      'two blobs were swapped',
      (all) => {
        const [second, third] = [all.get('snapshot/1/2') as Buffer, all.get('snapshot/1/3') as Buffer];
        all.set('snapshot/1/2', third).set('snapshot/1/3', second);
      },
      'snapshot/1/2 is not what its table says',
    ],
    [
      'a blob came twice',
      (all) => all.set('snapshot/1/3', all.get('snapshot/1/2') as Buffer),
      'snapshot/1/3 is not what its table says',
    ],
    ['a blob is garbage', (all) => all.set('snapshot/1/2', Buffer.from('x')), 'snapshot/1/2 is not what its'],
    [
      'a blob is oversized',
      (all) => all.set('snapshot/1/2', Buffer.alloc(5e6)),
      'snapshot/1/2 has 5000000 bytes',
    ],
    [
      'a blob is a bomb',
      (all) => all.set('snapshot/1/2', gzipSync(Buffer.alloc(4e7))),
      'snapshot/1/2 is not',
    ],
  ])('is refused where %s', (_, change, said) => {
    expect(read(change)).toThrow(said);
    expect(read(change)).toThrow(expect.objectContaining({ code: 'hotlist.package-invalid' }));
  });

  it.each([
    ['marks', { ...part, markCount: part.markCount + 1 }, 'found 3000 marks'],
    ['entries', { ...part, entryCount: 2_999 }, 'and 3000 entries'],
    ['bytes', { ...part, bytes: part.bytes - 1 }, `the manifest says ${part.bytes - 1}`],
  ])('is refused where its manifest counts other %s', (_, other, said) => {
    expect(read(() => undefined, other)).toThrow(said);
  });

  it.each([
    ['in another order', [...groups].reverse(), 'do not ascend'],
    ['with a mark twice', [groups[0], ...groups] as MarkGroup[], 'do not ascend'],
    ['with a mark that has no rows', [{ ...(groups[0] as MarkGroup), rowsText: '' }], 'has no rows'],
  ])('is refused though its digests are right: %s', (_, content, said) => {
    const bad = snapshotOf(content);
    expect(() => keys(readPart(bad.part, (name) => bad.blobs.get(name)))).toThrow(said);
  });

  it('lets each blob be verified alone and in any order', () => {
    const table = blobs.get('snapshot/1/0') as Buffer;
    const third = blobs.get('snapshot/1/3') as Buffer;
    expect(() => verifyBlob(table, 3, third, 'it')).not.toThrow();
    expect(() => verifyBlob(table, 2, third, 'it')).toThrow('it is not what its table says');
    for (const index of [0, -1, part.blobs]) {
      expect(() => verifyBlob(table, index, third, 'it')).toThrow("it is none of the part's blobs");
    }
  });
});

describe('a delta', () => {
  it('also says which marks were removed', () => {
    const removed = { ...(groups[0] as MarkGroup), rowsText: '' };
    const { part, blobs } = partOf<DeltaPart>({ from: 1, to: 2 }, [removed, groups[1] as MarkGroup]);
    const read = [...readPart(part, (name) => blobs.get(name))];
    expect(read.map(({ rowCount }) => rowCount)).toEqual([0, 1]);
  });
});

describe('the name of a blob', () => {
  it('is read as it is written', () => {
    expect(parseBlobName('snapshot/12/0')).toEqual({ part: 'snapshot/12', index: 0 });
    expect(parseBlobName('delta/3-17/204')).toEqual({ part: 'delta/3-17', index: 204 });
  });

  it.each([
    'snapshot/1',
    'snapshot/0/1',
    'snapshot/01/1',
    'snapshot/1/01',
    'snapshot/1/-1',
    'snapshot/1/65536',
    'snapshot/1000000000000/1',
    'delta/2-1/0',
    'delta/1-1/0',
    'delta/1/0',
    '../snapshot/1/0',
    'snapshot/1/0/..',
    'snapshot/1/0\n',
    'manifest',
    '',
  ])('is not %j', (text) => {
    expect(parseBlobName(text)).toBeUndefined();
  });
});

describe('a package as one file', () => {
  const { part, blobs } = snapshotOf(groups);
  const envelope = Buffer.from('{"payloadType":"..."}');
  let folder: string;
  let path: string;
  let whole: Buffer;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'anprd-package-'));
    path = join(folder, 'stolen.voi');
    writePackageFile(
      path,
      envelope,
      [...blobs].map(([name, bytes]) => ({ name, bytes })),
    );
    whole = readFileSync(path);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const open = (bytes: Buffer | string) => {
    writeFileSync(path, bytes);
    return () => new PackageFile(path).close();
  };
  /** Where the first header ends and its blob begins. */
  const firstHeaderAt = envelope.length + 1;

  it('has what the package has', () => {
    const file = new PackageFile(path);
    expect(file.envelope).toEqual(envelope);
    expect(keys(readPart(part, (name) => file.blob(name)))).toEqual(keys(groups));
    expect(file.blob('snapshot/2/0')).toBeUndefined();
    file.close();
  });

  it('may hold no blob at all: the manifest may say that nothing changed', () => {
    expect(open(`${envelope}\n`)).not.toThrow();
  });

  it('is refused wherever a byte of it is another one', () => {
    const owner = generateKeyPairSync('ed25519').privateKey;
    const signed = sealManifest(
      {
        ...{
          list: 'stolen',
          level: 'force',
          owner: '',
          defaultAction: '',
          revision: 1,
          issuedAtMs: Date.UTC(2026, 0),
        },
        ...{ markCount: part.markCount, entryCount: part.entryCount, snapshot: part, deltas: [] },
      },
      owner,
    );
    writePackageFile(
      path,
      signed,
      [...blobs].map(([name, bytes]) => ({ name, bytes })),
    );
    const bytes = readFileSync(path);
    const take = () => {
      const file = new PackageFile(path);
      try {
        const { snapshot } = openEnvelope(file.envelope, [publicKeyText(owner)], 'stolen');
        return keys(readPart(snapshot, (name) => file.blob(name))).length;
      } finally {
        file.close();
      }
    };
    expect(take()).toBe(3_000);
    const random = repeatable(5);
    for (let round = 0; round < 120; round++) {
      const changed = Buffer.from(bytes);
      // Every other one in what is small: the envelope and the first header.
      const at = Math.floor(random() * (round % 2 === 0 ? bytes.length : signed.length + 30));
      changed[at] = (changed[at] as number) ^ (1 + Math.floor(random() * 255));
      writeFileSync(path, changed);
      expect(take, `byte ${at}`).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^hotlist\./) }),
      );
    }
  });

  it('is refused wherever it is cut off, naming the byte', () => {
    for (let end = 0; end < whole.length; end += 1 + Math.floor(end / 7)) {
      // Cut right behind a blob it is a shorter package, and the blobs that are missing are missed later.
      if (end === firstHeaderAt) continue;
      expect(open(whole.subarray(0, end)), `cut at ${end}`).toThrow(/^byte \d+: /);
    }
    expect(open(whole.subarray(0, -1))).toThrow(`byte ${whole.length - 1}: the file is cut off`);
  });

  it.each<[string, () => Buffer | string, string]>([
    ['garbage behind its end', () => Buffer.concat([whole, Buffer.from('x\n')]), 'no header of a blob'],
    ['zeros behind its end', () => Buffer.concat([whole, Buffer.alloc(500)]), 'no line end within 64 bytes'],
    ['an endless first line', () => 'x'.repeat(1e6), 'byte 0: no line end within 524288 bytes'],
    ['a blob twice', () => Buffer.concat([whole, whole.subarray(firstHeaderAt)]), 'stands there twice'],
    ['a header with a path', () => `${envelope}\n../../etc/passwd 5\nhello\n`, 'no header of a blob'],
    ['a size that is none', () => `${envelope}\nsnapshot/1/0 -5\nhello\n`, 'no header of a blob'],
    ['a size of nothing', () => `${envelope}\nsnapshot/1/0 0\n\n`, 'no header of a blob'],
    ['an enormous size', () => `${envelope}\nsnapshot/1/0 99999999\nhello\n`, 'expected at most 4194304'],
    ['a size that is too large', () => `${envelope}\nsnapshot/1/0 6\nhello\n`, 'cut off within snapshot/1/0'],
    [
      'a size that is too small',
      () => `${envelope}\nsnapshot/1/0 4\nhello\n`,
      'snapshot/1/0 does not end here',
    ],
  ])('is refused: %s', (_, bytes, said) => {
    expect(open(bytes())).toThrow(said);
    expect(open(bytes())).toThrow(/^byte \d+: /);
  });

  it('says so where there is no such file', () => {
    expect(() => new PackageFile(join(folder, 'none.voi'))).toThrow(
      expect.objectContaining({ code: 'hotlist.unreadable' }),
    );
    expect(() => new PackageFile(folder)).toThrow(expect.objectContaining({ code: 'hotlist.unreadable' }));
  });
});
