import type { ReceivedStatement } from './receiver.js';
import type { CommittedStatement } from './stored.js';
import type { JournalEntry } from './traffic-orders.js';

/** What a run has to answer for, each a list of ids: empty where all is well. Pure. */
export interface Reckoning {
  readonly hits: Compared;
  readonly reads: Compared;
  readonly events: Compared;
  /** Statements that came with another text than the store holds. */
  readonly altered: readonly string[];
  /** Records that have more than one hit. */
  readonly hitTwice: readonly string[];
  /** Vehicles whose last report was acknowledged, without a read in the store. */
  readonly forgotten: readonly string[];
  /** The same of vehicles on the list, without a hit. */
  readonly unmatched: readonly string[];
  /** Those that a read in the store names. */
  readonly pictures: Compared;
}

export interface Compared {
  readonly committed: number;
  /** Of these, received. */
  readonly received: number;
  /** Committed, never acknowledged by the broker, never received: the device lost them. */
  readonly lostByDevice: readonly string[];
  /** Committed, acknowledged by the broker, never received: the broker lost them. */
  readonly lostByBroker: readonly string[];
  /** Received, and not in the store. */
  readonly unheardOf: readonly string[];
}

export interface Evidence {
  readonly journal: readonly JournalEntry[];
  readonly committed: readonly CommittedStatement[];
  readonly received: {
    readonly statements: ReadonlyMap<string, ReceivedStatement>;
    has(key: string): boolean;
  };
  /** By `kind id`, what was seen to be acknowledged on the wire. */
  readonly acknowledged: ReadonlySet<string>;
}

export function reckon({ journal, committed, received, acknowledged }: Evidence): Reckoning {
  const compare = (kind: string, ids: readonly string[], receivedIds: readonly string[]): Compared => {
    const missing = ids.filter((id) => !received.has(`${kind} ${id}`));
    const known = new Set(ids);
    return {
      committed: ids.length,
      received: ids.length - missing.length,
      lostByDevice: missing.filter((id) => !acknowledged.has(`${kind} ${id}`)),
      lostByBroker: missing.filter((id) => acknowledged.has(`${kind} ${id}`)),
      unheardOf: receivedIds.filter((id) => !known.has(id)),
    };
  };
  const idsOf = (kind: CommittedStatement['kind']) =>
    committed.filter((statement) => statement.kind === kind).map(({ id }) => id);
  const receivedOf = (kind: CommittedStatement['kind']) =>
    [...received.statements.values()].filter((statement) => statement.kind === kind).map(({ id }) => id);
  const hits = committed.filter(({ kind }) => kind === 'hit');
  const hitRecords = new Set<string | undefined>();
  const hitTwice: string[] = [];
  for (const { recordId } of hits) {
    if (recordId !== undefined && hitRecords.has(recordId)) hitTwice.push(recordId);
    hitRecords.add(recordId);
  }
  const read = new Set(idsOf('read'));
  const closed = journal.filter(({ phase }) => phase === 'closed');
  return {
    hits: compare('hit', idsOf('hit'), receivedOf('hit')),
    reads: compare('read', idsOf('read'), receivedOf('read')),
    events: compare('event', idsOf('event'), receivedOf('event')),
    altered: committed.flatMap(({ kind, id, text }) => {
      const came = received.statements.get(`${kind} ${id}`);
      return came === undefined || came.text === text ? [] : [id];
    }),
    hitTwice,
    forgotten: closed.filter(({ recordId }) => !read.has(recordId)).map(({ recordId }) => recordId),
    unmatched: journal
      .filter(({ isListed, recordId }) => isListed && !hitRecords.has(recordId))
      .map(({ recordId }) => recordId),
    pictures: compare(
      'image',
      committed.flatMap(({ pictures }) => pictures),
      [],
    ),
  };
}
