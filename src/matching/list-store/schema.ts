import type { Migration } from '../../lib/sqlite.js';

/**
 * hotlist.db. Beside these tables each generation has one of its own for what it says of marks.
 *
 * A generation is one snapshot with the deltas after it; a version is what one mark's rows are from
 * one revision on. So (generation, revision) names a whole revision, and a reader that knows the
 * pair sees exactly that until versions are collected, whatever is written meanwhile.
 */
export const MIGRATIONS: readonly Migration[] = [
  {
    name: 'lists, generations and staging',
    sql: `
      -- The lists in force.
      CREATE TABLE lists (
        id TEXT PRIMARY KEY,
        level TEXT NOT NULL,
        owner TEXT NOT NULL,
        revision INTEGER NOT NULL,
        issued_at_ms REAL NOT NULL,
        expires_at_ms REAL,
        default_action TEXT NOT NULL,
        taken_over_at_ms REAL NOT NULL,
        mark_count INTEGER NOT NULL,
        entry_count INTEGER NOT NULL,
        origin TEXT NOT NULL,
        generation INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      -- Outlives its list, so that a list which was removed cannot come back older than it was.
      CREATE TABLE highest_revisions (
        list_id TEXT PRIMARY KEY,
        revision INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      -- Numbers are never given twice (AUTOINCREMENT): a reader may still hold an old one.
      -- boot and mono_ms: building: when its writer last showed itself; superseded: since when.
      CREATE TABLE generations (
        generation INTEGER PRIMARY KEY AUTOINCREMENT,
        list_id TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('building', 'in_force', 'superseded')),
        writer TEXT NOT NULL,
        boot TEXT NOT NULL,
        mono_ms REAL NOT NULL,
        journal_from INTEGER NOT NULL
      ) STRICT;
      -- When each revision came into force; those that nobody can be reading any more are dropped.
      CREATE TABLE revisions (
        generation INTEGER NOT NULL,
        revision INTEGER NOT NULL,
        boot TEXT NOT NULL,
        mono_ms REAL NOT NULL,
        PRIMARY KEY (generation, revision)
      ) STRICT, WITHOUT ROWID;
      -- Marks that a delta touched: a reader follows with these instead of loading the list again.
      CREATE TABLE journal (
        generation INTEGER NOT NULL,
        revision INTEGER NOT NULL,
        match_key TEXT NOT NULL,
        is_present INTEGER NOT NULL,
        PRIMARY KEY (generation, revision, match_key)
      ) STRICT, WITHOUT ROWID;
      -- Versions that no reader of this revision or a later one can see.
      CREATE TABLE superseded_versions (
        generation INTEGER NOT NULL,
        revision INTEGER NOT NULL,
        match_key TEXT NOT NULL,
        since INTEGER NOT NULL,
        PRIMARY KEY (generation, revision, match_key, since)
      ) STRICT, WITHOUT ROWID;
      -- What has come of a package that is being fetched: its manifest and its blobs.
      CREATE TABLE offers (
        list_id TEXT PRIMARY KEY,
        envelope BLOB NOT NULL
      ) STRICT;
      CREATE TABLE blobs (
        list_id TEXT NOT NULL,
        name TEXT NOT NULL,
        bytes BLOB NOT NULL,
        PRIMARY KEY (list_id, name)
      ) STRICT;`,
  },
];

/** The table of a generation's versions. */
export function entriesTable(generation: number): string {
  if (!Number.isSafeInteger(generation)) throw new Error(`not a generation: ${generation}`);
  return `entries_${generation}`;
}

/** `since`: the revision from which the version holds; `rows`: JSON of the mark's rows, '' for none. */
export function createEntriesTable(generation: number): string {
  return `CREATE TABLE ${entriesTable(generation)} (
    match_key TEXT NOT NULL,
    since INTEGER NOT NULL,
    rows TEXT NOT NULL,
    PRIMARY KEY (match_key, since)
  ) STRICT, WITHOUT ROWID`;
}
