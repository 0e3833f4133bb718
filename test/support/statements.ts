import { createHash } from 'node:crypto';
import type {
  ChainHead,
  ImageDigest,
  Loss,
  Notary,
  SealedStatement,
  StatementSource,
} from '../../src/domain/statement.js';
import { notaryOf } from './notary.js';
import { matchOf, passageOf } from './reports.js';

/** A unit that states things one after the other, as its store would have them sealed. */
export interface StatingUnit {
  readonly head: ChainHead;
  read(images?: readonly ImageDigest[]): SealedStatement;
  hit(): SealedStatement;
  event(): SealedStatement;
  loss(losses: readonly Loss[]): SealedStatement;
}

/** Ids that are the same in every run: UUIDs of a kind and a number. */
export function idOf(kind: string, number: number): string {
  const hex = createHash('sha256').update(`${kind} ${number}`).digest('hex');
  return `01a1b2c3-${hex.slice(0, 4)}-7${hex.slice(4, 7)}-8${hex.slice(7, 10)}-${hex.slice(10, 22)}`;
}

/** @param follows what its first statement says of chains before. */
export function statingUnit(
  notary: Notary = notaryOf(),
  chain = idOf('chain', 1),
  follows?: readonly ChainHead[],
): StatingUnit {
  let head: ChainHead = { chain, sequence: 0, digest: '' };
  const seal = (source: StatementSource) => {
    const sealed = notary.seal(source, head, head.sequence === 0 ? follows : undefined);
    head = { chain, sequence: sealed.sequence, digest: sealed.digest };
    return sealed;
  };
  const next = () => {
    const number = head.sequence + 1;
    const atMs = 1_790_000_000_000 + 1_000 * number;
    const passage = passageOf('BD51SMR', {
      id: idOf(`${chain} record`, number),
      decidedAtMs: atMs,
      pictures: false,
    });
    const record = { id: passage.id, sequence: number, passage, clock: { source: 'ntp' } } as const;
    return { number, atMs, record, committedAtMs: atMs + 40 };
  };
  return {
    get head() {
      return head;
    },
    read(images = [{ kind: 'overview', revision: 1, sha256: 'A'.repeat(43) }]) {
      const { record, atMs, committedAtMs } = next();
      return seal({ kind: 'read', record, hits: [], images, matchedAtMs: atMs + 30, committedAtMs });
    },
    hit() {
      const { record, number, atMs, committedAtMs } = next();
      const match = matchOf('BD51SMR', 'stolen');
      const hit = { id: idOf(`${chain} hit`, number), recordId: record.id, matchedAtMs: atMs + 30, match };
      return seal({ kind: 'hit', hit, record, images: [], committedAtMs });
    },
    event() {
      const { number, atMs, committedAtMs } = next();
      const event = {
        id: idOf(`${chain} event`, number),
        kind: 'tamper-opened',
        atMs,
        clock: { source: 'ntp' },
      } as const;
      return seal({ kind: 'event', event, committedAtMs });
    },
    loss(losses) {
      const { number, committedAtMs } = next();
      return seal({ kind: 'loss', id: idOf(`${chain} loss`, number), losses, committedAtMs });
    },
  };
}
