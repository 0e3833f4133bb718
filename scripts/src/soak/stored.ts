import { openDatabase } from '../../../src/lib/sqlite.js';
import { loadStorageKey } from '../../../src/lib/storage-key.js';
import { STORE_MIGRATIONS } from '../../../src/store/migrations.js';
import { storedStatements } from '../../../src/store/statements.js';

/** What a unit has committed, read from its store after it ended. */
export interface CommittedStatement {
  readonly kind: 'hit' | 'read' | 'event' | 'loss';
  /** Of the hit, the record, the event or the loss. */
  readonly id: string;
  /** Of a hit or a read. */
  readonly recordId?: string;
  readonly chain: string;
  readonly sequence: number;
  /** Ids of the pictures that belong to a read, as they are published. */
  readonly pictures: readonly string[];
  readonly text: string;
}

export interface EndedUnit {
  readonly recordsPath: string;
  readonly storageKeyFile: string;
}

const PAGE = 1_000;

/** In the order of commits. */
export function* committedStatements(unit: EndedUnit): Generator<CommittedStatement> {
  const database = openRecords(unit);
  try {
    let afterPosition = 0;
    for (;;) {
      const page = storedStatements(database, { afterPosition, limit: PAGE });
      for (const { chain, sequence, kind, text } of page) {
        yield { kind, chain, sequence, text, ...namedIn(kind, JSON.parse(text) as StatementText) };
      }
      if (page.length < PAGE) return;
      afterPosition = page.at(-1)?.position ?? 0;
    }
  } finally {
    database.close();
  }
}

/** Statements and pictures that still wait to be sent; what a unit says of its health is left out. */
export function waitingMessages(unit: EndedUnit): number {
  const database = openRecords(unit);
  try {
    const waiting = database.prepare('SELECT count(*) AS count FROM outbox WHERE health_id IS NULL');
    return (waiting.get() as { count: number }).count;
  } finally {
    database.close();
  }
}

function openRecords({ recordsPath, storageKeyFile }: EndedUnit) {
  const key = loadStorageKey({ keyFile: storageKeyFile });
  return openDatabase(recordsPath, STORE_MIGRATIONS, { key, readonly: true });
}

/** What is needed of a statement's JSON. */
interface StatementText {
  readonly hitId?: string;
  readonly recordId?: string;
  readonly eventId?: string;
  readonly lossId?: string;
  readonly read?: { readonly recordId: string };
  readonly images?: readonly { readonly kind: string; readonly revision: number }[];
}

function namedIn(
  kind: CommittedStatement['kind'],
  { hitId, recordId, eventId, lossId, read, images }: StatementText,
): Pick<CommittedStatement, 'id' | 'recordId' | 'pictures'> {
  const record = kind === 'hit' ? read?.recordId : recordId;
  return {
    id: { hit: hitId, read: recordId, event: eventId, loss: lossId }[kind] as string,
    ...(record !== undefined && { recordId: record }),
    pictures:
      kind === 'read' ? (images ?? []).map((image) => `${record}.${image.kind}.${image.revision}`) : [],
  };
}
