import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type Clock, systemClock } from '../../src/lib/clock.js';
import { WRITER_SILENCE_MS } from '../../src/matching/list-store/generations.js';
import { ask, child, folder, linesOf, openStore, writeGroups } from '../support/list-processes.js';
import { repeatable } from '../support/repeatable.js';
import { markWith, metaOf, numberedMarks } from '../support/stored-lists.js';

describe('a writer that is killed with -9', () => {
  const KILLS = 15;
  /** Time a thousand times as fast: what is superseded is dropped within the loop, so kills meet that as well. */
  const SPEED = 1000;
  const clock: Clock = { ...systemClock, monoMs: () => systemClock.monoMs() * SPEED };

  it(`at ${KILLS} moments of a loop over snapshots and deltas leaves one whole revision each time`, async () => {
    const marks = [...numberedMarks(11_000, 'revision REV')];
    const changes = marks.flatMap(({ matchKey }, index) => {
      if (index % 3 === 0) return [markWith(matchKey, 'revision REV', 'changed')];
      return index % 7 === 0 ? [markWith(matchKey), markWith(`${matchKey}A`, 'revision REV')] : [];
    });
    writeGroups('snapshot', marks);
    writeGroups('delta', changes);
    const random = repeatable(20261122);
    let said = 0;
    const kinds = new Set<string>();
    for (let kill = 0; kill < KILLS; kill++) {
      const writer = child(
        `
        let revision = store.highestRevision('kent');
        for (;;) {
          revision++;
          if (revision % 2 === 1) await store.replaceList(meta('kent', revision), groups('snapshot', revision));
          else store.applyDelta(meta('kent', revision), revision - 1, groups('delta', revision));
          say(String(revision));
        }`,
        { speed: SPEED },
      );
      const gone = once(writer, 'exit');
      let killed: Promise<void> | undefined;
      for await (const line of linesOf(writer)) {
        said = Number(line);
        // From the first revision that it says on, somewhere in the next three or so.
        killed ??= pause(random() * 600).then(() => void writer.kill('SIGKILL'));
      }
      await killed;
      expect((await gone)[1]).toBe('SIGKILL');

      const store = openStore({ clock });
      const [list] = store.lists();
      if (list === undefined) throw new Error('no list is in force');
      // What was said to be in force was so for good.
      expect(list.revision).toBeGreaterThanOrEqual(said);
      const isDelta = list.revision % 2 === 0;
      kinds.add(isDelta ? 'delta' : 'snapshot');
      const expected = new Map(
        marks.map((mark) => [
          mark.matchKey,
          mark.rowsText.replaceAll('REV', String(list.revision - Number(isDelta))),
        ]),
      );
      for (const { matchKey, rowCount, rowsText } of isDelta ? changes : []) {
        if (rowCount === 0) expected.delete(matchKey);
        else expected.set(matchKey, rowsText.replaceAll('REV', String(list.revision)));
      }
      const check = () => {
        const found = new Map(
          [...store.markPages(list)].flat().map((mark) => [mark.matchKey, mark.rowsText]),
        );
        expect(found).toEqual(expected);
        for (const key of expected.keys()) expect(store.rows(list, key)).not.toEqual([]);
      };
      check();
      expect(list.markCount).toBe(expected.size);
      expect(list.entryCount).toBe(
        [...expected.values()].reduce((sum, text) => sum + JSON.parse(text).length, 0),
      );
      await store.tidy();
      check();
      expect(ask(`SELECT count(*) FROM generations WHERE state = 'building'`)).toEqual([0]);
      expect(ask(`SELECT name FROM sqlite_schema WHERE name LIKE 'entries_%' ORDER BY name`)).toEqual(
        ask(`SELECT 'entries_' || generation FROM generations ORDER BY 1`),
      );
      store.close();
    }
    expect(kinds).toEqual(new Set(['snapshot', 'delta']));
  }, 180_000);
});

describe('a generation that is being built', () => {
  /** Writes two batches, and the rest as soon as there is a file `go`. */
  const BUILDER = `
    async function* slowly() {
      const all = groups('snapshot', 2);
      yield* all.slice(0, -1);
      say('building');
      while (!existsSync(folder + '/go')) await new Promise((resolve) => setTimeout(resolve, 20));
      yield* all.slice(-1);
    }
    await store.replaceList(meta('kent', 2), slowly()).then(
      (list) => say('in force ' + list.markCount), (error) => say(error.code));
    store.close();`;

  async function building(): Promise<{
    builder: ChildProcess;
    lines: AsyncIterator<string>;
    go: () => void;
  }> {
    writeGroups('snapshot', numberedMarks(6_000, 'revision REV'));
    const builder = child(BUILDER);
    const lines = linesOf(builder)[Symbol.asyncIterator]();
    expect((await lines.next()).value).toBe('building');
    return { builder, lines, go: () => writeFileSync(join(folder, 'go'), '') };
  }

  it('by another process is left alone', async () => {
    const store = openStore();
    const { lines, go } = await building();
    await store.tidy();
    await store.replaceList(metaOf('essex', 1), numberedMarks(10, 'x'));
    go();
    expect((await lines.next()).value).toBe('in force 6000');
    expect(store.lists()).toMatchObject([{ id: 'essex' }, { id: 'kent', revision: 2 }]);
  });

  it('by a process that was killed is dropped at once', async () => {
    const store = openStore();
    const { builder } = await building();
    const gone = once(builder, 'exit');
    builder.kill('SIGKILL');
    await gone;
    expect(ask('SELECT state FROM generations')).toEqual(['building']);
    await store.tidy();
    expect(ask('SELECT state FROM generations')).toEqual([]);
    expect(ask(`SELECT name FROM sqlite_schema WHERE name LIKE 'entries_%'`)).toEqual([]);
  });

  it('by one that stands still for very long is dropped, and that one told so', async () => {
    const later = () => systemClock.monoMs() + WRITER_SILENCE_MS;
    const store = openStore({ clock: { ...systemClock, monoMs: later } });
    const { lines, go } = await building();
    await store.tidy();
    expect(ask('SELECT state FROM generations')).toEqual([]);
    go();
    expect((await lines.next()).value).toBe('hotlist.store-failed');
    expect(store.lists()).toEqual([]);
  });
});
