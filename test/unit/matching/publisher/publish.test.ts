import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { publicKeyText } from '../../../../src/lib/ed25519.js';
import type { MarkGroup } from '../../../../src/matching/mark-group.js';
import { deltasFrom } from '../../../../src/matching/package/chain.js';
import { openEnvelope } from '../../../../src/matching/package/envelope.js';
import type { Manifest } from '../../../../src/matching/package/manifest.js';
import { blobNames } from '../../../../src/matching/package/parts.js';
import { readPart } from '../../../../src/matching/package/read-part.js';
import { KEEPING, type KeepingRules } from '../../../../src/matching/publisher/keeping.js';
import { ListContent } from '../../../../src/matching/publisher/list-content.js';
import { PackageFolder } from '../../../../src/matching/publisher/package-folder.js';
import { type PublishOptions, publish } from '../../../../src/matching/publisher/publish.js';
import { entryFromValues } from '../../../../src/matching/voi-entry.js';
import { rowOf } from '../../../support/groups.js';
import { repeatable } from '../../../support/repeatable.js';

const owner = generateKeyPairSync('ed25519').privateKey;
const terms = { list: 'stolen', level: 'force', owner: 'a force', defaultAction: 'STOP' } as const;
const FIRST_MS = Date.UTC(2026, 10, 22);

let path: string;
let folder: PackageFolder;
let nowMs: number;
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'anprd-publish-'));
  folder = new PackageFolder(path);
  nowMs = FIRST_MS;
});
afterEach(() => rmSync(path, { recursive: true }));

/** A list by mark: the reasons of its rows. */
type Rows = ReadonlyMap<string, readonly string[]>;

function contentOf(rows: Rows): ListContent {
  const content = new ListContent();
  for (const [mark, reasons] of rows) {
    for (const reason of reasons) content.add(entryFromValues(rowOf(mark, { 6: reason })));
  }
  return content;
}

function publishRows(rows: Rows, more: Partial<PublishOptions> = {}) {
  nowMs += 60_000;
  return publish({ folder, terms, content: contentOf(rows), privateKey: owner, nowMs, ...more });
}

const manifestOf = () => openEnvelope(folder.envelope() as Buffer, [publicKeyText(owner)], 'stolen');
const read = (name: string) => folder.blob(name);

/** A device: what it holds, by match key. */
type Held = ReadonlyMap<string, string>;
const takeSnapshot = (manifest: Manifest): Held =>
  manifest.deltas
    .filter(({ from }) => from >= manifest.snapshot.revision)
    .reduce(
      (held, delta) => takeDelta(held, readPart(delta, read)),
      takeDelta(new Map(), readPart(manifest.snapshot, read)),
    );

function takeDelta(held: Held, groups: Iterable<MarkGroup>): Held {
  const next = new Map(held);
  for (const { matchKey, rowsText } of groups) {
    if (rowsText === '') next.delete(matchKey);
    else next.set(matchKey, rowsText);
  }
  return next;
}

const wholeOf = (rows: Rows): Held => takeDelta(new Map(), contentOf(rows).groups());

describe('a list that loses most of its marks', () => {
  const many = (count: number): Rows =>
    new Map(Array.from({ length: count }, (_, index) => [`M${index + 1}`, ['theft']]));

  it('is refused, since an export that broke off looks just like that', async () => {
    await publishRows(many(300));
    await expect(publishRows(many(149))).rejects.toMatchObject({
      code: 'hotlist.would-shrink',
      message: 'the list would go from 300 marks to 149; expected no more than half of them to go at once',
      hint: expect.stringContaining('--accept-removals'),
    });
    expect(manifestOf()).toMatchObject({ revision: 1, markCount: 300 });
  });

  it('is published where that is said to be meant, or half of them stay, or it was short', async () => {
    await publishRows(many(300));
    expect((await publishRows(many(150))).manifest.markCount).toBe(150);
    expect((await publishRows(many(20), { mayShrink: true })).manifest.markCount).toBe(20);
    expect((await publishRows(many(1))).manifest.markCount).toBe(1);
  });
});

describe('a list that is emptied', () => {
  const few: Rows = new Map([
    ['AB12CDE', ['theft']],
    ['CD34EFG', ['theft', 'no insurance']],
  ]);
  const none: Rows = new Map();
  const refused = { code: 'hotlist.would-shrink', hint: expect.stringContaining('--accept-removals') };

  it('is refused, however short it was, and so is one that begins empty', async () => {
    await expect(publishRows(none)).rejects.toMatchObject(refused);
    await publishRows(few);
    await expect(publishRows(none)).rejects.toMatchObject(refused);
    expect(manifestOf()).toMatchObject({ revision: 1, markCount: 2 });
  });

  it('is published where that is said to be meant, confirmed like any other, and filled again', async () => {
    await publishRows(few);
    const { manifest, changes } = await publishRows(none, { mayShrink: true });
    expect(changes).toEqual({ added: 0, changed: 0, removed: 2 });
    expect(manifest).toMatchObject({ revision: 2, markCount: 0, entryCount: 0, snapshot: { revision: 1 } });
    expect(takeSnapshot(manifest)).toEqual(new Map());
    expect(await publishRows(none)).toMatchObject({ isNewRevision: false, manifest: { revision: 2 } });
    expect(takeSnapshot((await publishRows(few)).manifest)).toEqual(wholeOf(few));
  });
});

describe('publishing a list', () => {
  const one: Rows = new Map([
    ['AB12CDE', ['theft', 'no insurance']],
    ['BO1', ['theft']],
  ]);
  const two: Rows = new Map([
    ['AB12CDE', ['theft']],
    ['CD34EFG', ['theft']],
  ]);

  it('begins with a snapshot of revision 1, signed', async () => {
    const { manifest, changes, isNewSnapshot } = await publishRows(one);
    expect(manifestOf()).toEqual(manifest);
    expect(manifest).toMatchObject({
      ...terms,
      revision: 1,
      issuedAtMs: nowMs,
      markCount: 2,
      entryCount: 3,
      deltas: [],
    });
    expect({ changes, isNewSnapshot }).toEqual({
      changes: { added: 2, changed: 0, removed: 0 },
      isNewSnapshot: true,
    });
    expect(takeSnapshot(manifest)).toEqual(wholeOf(one));
  });

  it('goes on with what was added, changed and removed', async () => {
    await publishRows(one);
    const { manifest, changes, isNewSnapshot } = await publishRows(two);
    expect({ changes, isNewSnapshot }).toEqual({
      changes: { added: 1, changed: 1, removed: 1 },
      isNewSnapshot: false,
    });
    expect(manifest).toMatchObject({ revision: 2, markCount: 2, entryCount: 2, snapshot: { revision: 1 } });
    const [delta] = manifest.deltas;
    expect(takeDelta(wholeOf(one), readPart(delta as never, read))).toEqual(wholeOf(two));
  });

  it('confirms a list that is the same as it was, also where its rows come in another order', async () => {
    const { manifest } = await publishRows(one);
    const again = await publishRows(new Map([...one].reverse()));
    expect(again.isNewRevision).toBe(false);
    expect(again.manifest).toEqual({ ...manifest, issuedAtMs: nowMs });
    expect(manifestOf()).toEqual(again.manifest);
  });

  it('lets an expiry be moved on while the revision stays', async () => {
    await publishRows(one, { terms: { ...terms, expiresAtMs: FIRST_MS + 86_400_000 } });
    const { manifest } = await publishRows(one, {
      terms: { ...terms, expiresAtMs: FIRST_MS + 2 * 86_400_000 },
    });
    expect(manifest).toMatchObject({ revision: 1, expiresAtMs: FIRST_MS + 2 * 86_400_000 });
  });

  it('makes a revision of other terms, though no row changed', async () => {
    await publishRows(one);
    const { manifest } = await publishRows(one, { terms: { ...terms, defaultAction: 'SILENT' } });
    expect(manifest).toMatchObject({ revision: 2, defaultAction: 'SILENT' });
    expect([...readPart(manifest.deltas[0] as never, read)]).toEqual([]);
  });

  it('begins above all that devices know where its folder was lost', async () => {
    expect((await publishRows(one, { firstRevision: 500 })).manifest.revision).toBe(500);
    expect((await publishRows(two)).manifest.revision).toBe(501);
  });

  it('is not told where to begin when it has begun', async () => {
    await publishRows(one, { firstRevision: 500 });
    await expect(publishRows(two, { firstRevision: 500 })).rejects.toMatchObject({
      code: 'hotlist.publish-failed',
      message: expect.stringContaining('is at revision 500'),
      hint: expect.stringContaining('an empty folder'),
    });
    expect(manifestOf().revision).toBe(500);
  });

  it('signs with another key when told which signed before', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    await publishRows(one);
    await expect(publishRows(two, { privateKey })).rejects.toMatchObject({
      code: 'hotlist.signature-invalid',
    });
    await publishRows(two, { privateKey, previousKeys: [publicKeyText(owner)] });
    expect(() => manifestOf()).toThrow('not signed by a key that is pinned');
    expect((await publishRows(one, { privateKey })).manifest.revision).toBe(3);
  });

  it('does not go back in time, which devices would take for a replay', async () => {
    const { manifest } = await publishRows(one);
    await expect(publishRows(two, { nowMs: manifest.issuedAtMs })).rejects.toMatchObject({
      code: 'hotlist.publish-failed',
      hint: expect.stringContaining('clock'),
    });
    expect(manifestOf()).toEqual(manifest);
  });

  it('signs nothing that devices would refuse', async () => {
    await expect(publishRows(one, { nowMs: 0 })).rejects.toMatchObject({ code: 'hotlist.package-invalid' });
    expect(folder.envelope()).toBeUndefined();
  });

  it('refuses to build upon a folder that is damaged', async () => {
    const { manifest } = await publishRows(one);
    writeFileSync(join(path, 'snapshot/1/1'), 'x');
    await expect(publishRows(two)).rejects.toThrow('snapshot/1/1 is not what its table says');
    expect(manifestOf()).toEqual(manifest);
  });
});

describe('a list in memory', () => {
  it('leaves out what no device would take, and says why', () => {
    const content = new ListContent();
    const entry = (mark: string, reason: string) => entryFromValues(rowOf(mark, { 6: reason }));
    expect(content.add(entry('A1', 'x'.repeat(17_000)))).toBe('longer than 16384 characters');
    for (let row = 0; row < 1_000; row++) expect(content.add(entry('A2', String(row)))).toBeUndefined();
    expect(content.add(entry('A2', ''))).toBe('more than 1000 rows of one mark');
    for (let row = 0; row < 69; row++) content.add(entry('A3', 'x'.repeat(15_000)));
    expect(content.add(entry('A3', 'x'.repeat(15_000)))).toBe(
      'more than 1048576 characters of rows of one mark',
    );
    expect([content.markCount, content.entryCount]).toEqual([2, 1_069]);
  });

  it('is sorted as devices compare, by code units of the folded mark', () => {
    const rows: Rows = new Map(['ZZ9', 'OO1', 'A10', 'A1', '9A'].map((mark) => [mark, ['x']]));
    expect([...contentOf(rows).groups()].map(({ matchKey }) => matchKey)).toEqual([
      '001',
      '9A',
      'A1',
      'A10',
      'ZZ9',
    ]);
  });
});

describe('sixty random edits', () => {
  const rules: Record<string, KeepingRules> = {
    'as they are kept by default': KEEPING,
    'with snapshots often, and merging at once': {
      chainShare: 0.2,
      deltaShare: 0.6,
      leastBytes: 400,
      mostDeltas: 4,
      apart: 1,
    },
    'with much merging and no second snapshot': {
      chainShare: 9,
      deltaShare: 9,
      leastBytes: 1e6,
      mostDeltas: 5,
      apart: 2,
    },
  };
  it.each(Object.keys(rules))('reach every device at any revision it has: %s', async (name) => {
    const random = repeatable(20_261_122);
    let rows = new Map<string, readonly string[]>();
    for (let index = 0; index < 120; index++) rows.set(`M${index}`, ['first']);
    /** By revision, what devices held. */
    const history = new Map<number, Held>();
    let snapshots = 0;
    for (let round = 0; round < 60; round++) {
      const edited = new Map(rows);
      for (let edits = Math.floor(random() * 8); edits > 0; edits--) {
        const mark = `M${Math.floor(random() * 160)}`;
        if (random() < 0.4) edited.delete(mark);
        else
          edited.set(
            mark,
            Array.from({ length: 1 + Math.floor(random() * 2) }, () => `${Math.floor(random() * 1e6)}`),
          );
      }
      rows = edited;
      const { manifest, isNewSnapshot } = await publishRows(rows, { rules: rules[name] as KeepingRules });
      if (isNewSnapshot) snapshots++;
      const whole = wholeOf(rows);
      history.set(manifest.revision, whole);
      expect(takeSnapshot(manifest)).toEqual(whole);
      expect(manifest.deltas.length).toBeLessThanOrEqual((rules[name] as KeepingRules).mostDeltas);
      for (const [revision, held] of history) {
        const deltas = deltasFrom(manifest, revision);
        if (deltas === undefined) expect(revision).toBeLessThan(manifest.snapshot.revision);
        else
          expect(deltas.reduce((now, delta) => takeDelta(now, readPart(delta, read)), held)).toEqual(whole);
      }
      expect(blobsIn(path)).toEqual(
        [manifest.snapshot, ...manifest.deltas].flatMap((part) => [...blobNames(part)]).sort(),
      );
    }
    expect(history.size).toBeGreaterThan(40);
    expect(snapshots > 1).toBe(name.includes('often'));
  });
});

function blobsIn(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => /^(snapshot|delta)\/.*\//.test(name))
    .sort();
}

describe('a publish that fails half-way', () => {
  const before: Rows = new Map([['AB12CDE', ['theft']]]);
  const after: Rows = new Map([['CD34EFG', ['theft']]]);

  it.each([0, 1])(
    'leaves the package that was there, and the next one goes through: blob %i',
    async (failing) => {
      await publishRows(before);
      let written = 0;
      class FullDisk extends PackageFolder {
        override writeBlob(...given: Parameters<PackageFolder['writeBlob']>): void {
          if (written++ === failing) {
            throw Object.assign(new Error('ENOSPC: no space left on device'), { syscall: 'write' });
          }
          super.writeBlob(...given);
        }
      }
      await expect(publishRows(after, { folder: new FullDisk(path) })).rejects.toMatchObject({
        code: 'hotlist.publish-failed',
        message: expect.stringContaining('no space left'),
      });
      expect(takeSnapshot(manifestOf())).toEqual(wholeOf(before));
      await publishRows(after);
      expect(takeSnapshot(manifestOf())).toEqual(wholeOf(after));
    },
  );

  it('is not begun while another one is at it', async () => {
    await folder.alone(async () => {
      await expect(publishRows(before)).rejects.toMatchObject({
        code: 'hotlist.publish-failed',
        message: expect.stringContaining('another process is publishing'),
      });
    });
    await publishRows(before);
    expect(existsSync(join(path, 'publishing.lock'))).toBe(false);
  });

  it('is over with the process: what it left behind is tidied away', async () => {
    await publishRows(before);
    const gone = { boot: 'another', pidNamespace: 'x', pid: 1, startedAt: '1', thread: 'x' };
    writeFileSync(join(path, 'publishing.lock'), JSON.stringify(gone));
    writeFileSync(join(path, 'manifest.0123456789ab.tmp'), 'half');
    writeFileSync(join(path, 'lock.0123456789ab.tmp'), '');
    await publishRows(after);
    expect(readdirSync(path).sort()).toEqual(['delta', 'manifest', 'snapshot']);
  });

  it.each([
    ['empty', ''],
    ['cut off', '{"boot":"another"'],
  ])('is not held up by a lock that is %s', async (_, lock) => {
    writeFileSync(join(path, 'publishing.lock'), lock);
    expect((await publishRows(before)).manifest.revision).toBe(1);
  });

  it('says so where the folder cannot be written', async () => {
    writeFileSync(join(path, 'file'), '');
    await expect(
      publishRows(before, { folder: new PackageFolder(join(path, 'file', 'below')) }),
    ).rejects.toMatchObject({ code: 'hotlist.publish-failed' });
  });
});
