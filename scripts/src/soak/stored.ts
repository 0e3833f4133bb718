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

const PAGE = 1_000;

/** In the order of commits. */
export function* committedStatements(unit: {
  readonly recordsPath: string;
  readonly storageKeyFile: string;
}): Generator<CommittedStatement> {
  const key = loadStorageKey({ keyFile: unit.storageKeyFile });
  const database = openDatabase(unit.recordsPath, STORE_MIGRATIONS, { key, readonly: true });
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
