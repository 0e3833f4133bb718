import { describe, expect, it } from 'vitest';
import { type Evidence, reckon } from '../../../scripts/src/soak/reckoning.js';
import type { CommittedStatement } from '../../../scripts/src/soak/stored.js';

/** Who lost what, from what each witness saw: three vehicles, of which the second and third are listed. */

const statement = (kind: 'hit' | 'read' | 'event', id: string, recordId: string): CommittedStatement => ({
  kind,
  id,
  recordId,
  chain: 'chain',
  sequence: 1,
  pictures: kind === 'read' ? [`${recordId}.overview.1`] : [],
  text: `{"id":"${id}"}`,
});

const COMMITTED = [
  statement('read', 'r1', 'r1'),
  statement('hit', 'h2', 'r2'),
  statement('read', 'r2', 'r2'),
  statement('hit', 'h3', 'r3'),
  statement('read', 'r3', 'r3'),
  statement('event', 'e1', ''),
];

function reckonWith(changes: {
  readonly committed?: readonly CommittedStatement[];
  readonly withoutMessages?: readonly string[];
  readonly acknowledged?: readonly string[];
}) {
  const { committed = COMMITTED, withoutMessages = [], acknowledged = [] } = changes;
  const came = COMMITTED.filter(({ kind, id }) => !withoutMessages.includes(`${kind} ${id}`));
  const statements = new Map(
    came.map(({ kind, id, chain, sequence, text }) => [
      `${kind} ${id}`,
      { kind, id, chain, sequence, text, arrivedAtMs: 0 },
    ]),
  );
  const pictures = new Set(
    ['image r1.overview.1', 'image r2.overview.1', 'image r3.overview.1'].filter(
      (key) => !withoutMessages.includes(key),
    ),
  );
  const evidence: Evidence = {
    journal: ['r1', 'r2', 'r3'].flatMap((recordId) => [
      { recordId, phase: 'settled', isListed: recordId !== 'r1' },
      { recordId, phase: 'closed', isListed: recordId !== 'r1' },
    ]),
    committed,
    received: { statements, has: (key) => statements.has(key) || pictures.has(key) },
    acknowledged: new Set(acknowledged),
  };
  return reckon(evidence);
}

describe('the reckoning', () => {
  it('finds nothing where all that was committed came', () => {
    const { hits, reads, events, pictures, ...faults } = reckonWith({});
    const none = { lostByDevice: [], lostByBroker: [], unheardOf: [] };
    expect(hits).toEqual({ committed: 2, received: 2, ...none });
    expect(reads).toEqual({ committed: 3, received: 3, ...none });
    expect(events).toEqual({ committed: 1, received: 1, ...none });
    expect(pictures).toEqual({ committed: 3, received: 3, ...none });
    for (const [name, ids] of Object.entries(faults)) expect(ids, name).toEqual([]);
  });

  it('tells what the device lost from what the broker lost after its acknowledgement', () => {
    const { hits, pictures } = reckonWith({
      withoutMessages: ['hit h2', 'hit h3', 'image r1.overview.1'],
      acknowledged: ['hit h3'],
    });
    expect(hits).toMatchObject({ committed: 2, received: 0, lostByDevice: ['h2'], lostByBroker: ['h3'] });
    expect(pictures.lostByDevice).toEqual(['r1.overview.1']);
  });

  it('names what came and is not in the store, and what was acknowledged and is not', () => {
    const { reads, forgotten, unmatched } = reckonWith({ committed: COMMITTED.slice(0, 3) });
    expect(reads.unheardOf).toEqual(['r3']);
    expect(forgotten).toEqual(['r3']);
    expect(new Set(unmatched)).toEqual(new Set(['r3']));
  });

  it('names a record that hit under two ids, and a statement that came with another text', () => {
    const again = statement('hit', 'h4', 'r2');
    const { hitTwice, altered } = reckonWith({
      committed: [...COMMITTED.slice(0, 4), { ...(COMMITTED[4] as CommittedStatement), text: '{}' }, again],
    });
    expect(hitTwice).toEqual(['r2']);
    expect(altered).toEqual(['r3']);
  });
});
