import { type KeyObject, verify } from 'node:crypto';
import type { ChainHead } from '../domain/statement.js';
import { keyIdOf, publicKeyOf } from '../lib/ed25519.js';
import { LinkIndex } from './link-index.js';
import type { ReceivedStatement } from './received.js';
import { mergedRuns, type Run, withoutRuns } from './runs.js';

/**
 * Verifies what was received of any number of units, in any order and with repeats. Pure.
 *
 * Invariants
 * - Only a statement that a given key signed, for the unit that the key is of, is believed: it alone
 *   takes a number, tells of losses, or can be followed by another.
 * - How far a chain must go is what a believed statement of another chain of the unit says of it, or what was given;
 *   it may go further.
 * - A number that is missing is explained only by a believed statement of the same unit that it was lost.
 * - Nothing but ids, numbers and counts goes into a verdict.
 */

/** A key that is trusted, and the unit that it is of where that is known. */
export interface TrustedKey {
  /** Base64 of its 32 bytes. */
  readonly publicKey: string;
  readonly unitId?: string;
}

export type BreakReason =
  /** Signed by a key that was not given. */
  | 'unknown-key'
  /** The signature does not hold: something in the statement was changed. */
  | 'signature'
  /** Of another unit than its key or the rest of its chain. */
  | 'foreign-unit'
  /** Another statement has the same number. */
  | 'fork'
  /** Names another statement before it than the one that is there. */
  | 'link'
  /** A later chain of the unit names another statement as this one's last. */
  | 'end'
  /** Not there, and the unit did not say that it would not come. */
  | 'missing';

export interface ChainBreak {
  readonly reason: BreakReason;
  /** The statement's number; of a missing run its first. */
  readonly sequence: number;
  /** Last number of a missing run. */
  readonly until?: number;
  /** As the statement says; of what is missing there is none. */
  readonly id?: string;
}

export interface ChainVerdict {
  readonly chain: string;
  /** Absent where no statement of it could be believed. */
  readonly unitId?: string;
  readonly keyIds: readonly string[];
  /** Different statements that were believed. */
  readonly statements: Readonly<Record<ReceivedStatement['type'], number>>;
  /** First and last number of what was believed; 0 where there is none. */
  readonly first: number;
  readonly last: number;
  /**
   * told: another chain of the unit says how far it went, at least. untold: there is a later one, and none says it, so that
   * nobody sees whether statements after the last one are missing. open: there is no later one.
   */
  readonly end: 'told' | 'untold' | 'open';
  readonly repeats: number;
  /** Numbers that are not there and should be. */
  readonly missing: number;
  /** Numbers that are not there because the unit dropped them, as it states itself. */
  readonly explained: number;
  readonly breaks: number;
  /** The one with the lowest number. */
  readonly firstBreak?: ChainBreak;
}

export interface VerifierOptions {
  readonly keys: readonly TrustedKey[];
  /** What was received begins with this number; default 1. */
  readonly from?: number;
  /** By chain, another number with which what was received of it begins. */
  readonly fromOf?: ReadonlyMap<string, number>;
  /** By chain, the number of the last statement that there must be, as the unit told on another way. */
  readonly heads?: ReadonlyMap<string, number>;
}

interface Chain {
  unitId: string | undefined;
  readonly index: LinkIndex;
  readonly keyIds: Set<string>;
  readonly statements: Record<ReceivedStatement['type'], number>;
  repeats: number;
  /** Found while statements came; what is missing or does not link is found in the end. */
  breaks: number;
  firstBreak: ChainBreak | undefined;
}

export class StreamVerifier {
  readonly #keys: ReadonlyMap<string, { readonly key: KeyObject; readonly unitId?: string }>;
  readonly #from: number;
  readonly #fromOf: ReadonlyMap<string, number>;
  readonly #heads: ReadonlyMap<string, number>;
  readonly #chains = new Map<string, Chain>();
  /** By chain and unit: a unit tells of losses of its earlier chains too, and no other unit can. */
  readonly #lost = new Map<string, Run[]>();
  /** By chain and unit: how far it went, as other chains say. */
  readonly #ends = new Map<string, ChainHead[]>();

  constructor({ keys, from = 1, fromOf = new Map(), heads = new Map() }: VerifierOptions) {
    this.#keys = new Map(
      keys.map(({ publicKey, ...unit }) => [keyIdOf(publicKey), { key: publicKeyOf(publicKey), ...unit }]),
    );
    this.#from = from;
    this.#fromOf = fromOf;
    this.#heads = heads;
  }

  /** @returns whether it was believed, and is one that was not seen before. */
  add(statement: ReceivedStatement): 'new' | 'repeat' | 'refused' {
    const { evidence, digest, id, unitId } = statement;
    const { sequence, previous } = evidence;
    const chain = this.#chainOf(evidence.chain);
    const reason = this.#distrust(statement, chain);
    if (reason !== undefined) {
      note(chain, { reason, sequence, id });
      return 'refused';
    }
    const known = chain.index.get(sequence);
    if (known?.digest === digest) {
      chain.repeats++;
      return 'repeat';
    }
    if (known !== undefined) {
      note(chain, { reason: 'fork', sequence, id });
      return 'refused';
    }
    chain.unitId = unitId;
    chain.index.add(sequence, { digest, previous, id });
    chain.keyIds.add(evidence.keyId);
    chain.statements[statement.type]++;
    for (const { chain: lossy, from, to } of statement.losses) {
      listOf(this.#lost, lossy, unitId).push([from, to]);
    }
    for (const end of evidence.follows ?? []) {
      listOf(this.#ends, end.chain, unitId).push(end);
    }
    return 'new';
  }

  /** Of every chain that was seen, in the order of their ids, which is that of time. */
  verdicts(): ChainVerdict[] {
    for (const chain of this.#heads.keys()) this.#chainOf(chain);
    for (const key of this.#ends.keys()) {
      const [chain, unitId] = key.split(' ') as [string, string];
      // Where nothing of it is here, it is missing whole.
      this.#chainOf(chain).unitId ??= unitId;
    }
    const newest = new Map<string | undefined, string>();
    const sorted = [...this.#chains].sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [id, { unitId }] of sorted) newest.set(unitId, id);
    return sorted.map(([id, chain]) => this.#verdictOf(id, chain, newest.get(chain.unitId) === id));
  }

  #chainOf(id: string): Chain {
    let chain = this.#chains.get(id);
    if (chain === undefined) {
      chain = {
        unitId: undefined,
        index: new LinkIndex(),
        keyIds: new Set(),
        statements: { hit: 0, read: 0, event: 0, loss: 0 },
        repeats: 0,
        breaks: 0,
        firstBreak: undefined,
      };
      this.#chains.set(id, chain);
    }
    return chain;
  }

  #distrust(
    { evidence, bytes, signature, unitId }: ReceivedStatement,
    chain: Chain,
  ): BreakReason | undefined {
    const trusted = this.#keys.get(evidence.keyId);
    if (trusted === undefined) return 'unknown-key';
    if (!verify(null, bytes, trusted.key, signature)) return 'signature';
    if ((trusted.unitId ?? unitId) !== unitId || (chain.unitId ?? unitId) !== unitId) return 'foreign-unit';
    return undefined;
  }

  #verdictOf(id: string, chain: Chain, isNewest: boolean): ChainVerdict {
    const found = { breaks: chain.breaks, firstBreak: chain.firstBreak };
    const gaps: Run[] = [];
    let first = 0;
    let last = 0;
    let expected = this.#fromOf.get(id) ?? this.#from;
    let before: string | undefined;
    for (const [sequence, link] of chain.index.entries()) {
      if (sequence > expected) gaps.push([expected, sequence - 1]);
      // Of the first there is nothing before; a gap says for itself that a link is not there.
      const isAfter = sequence === 1 ? '' : sequence === last + 1 ? before : undefined;
      if (isAfter !== undefined && link.previous !== isAfter) {
        note(found, { reason: 'link', sequence, id: link.id });
      }
      if (first === 0) first = sequence;
      last = sequence;
      before = link.digest;
      expected = Math.max(expected, sequence + 1);
    }
    const ends = chain.unitId === undefined ? [] : listOf(this.#ends, id, chain.unitId);
    for (const { sequence, digest } of ends) {
      const link = chain.index.get(sequence);
      if (link !== undefined && link.digest !== digest) note(found, { reason: 'end', sequence, id: link.id });
    }
    const head = Math.max(this.#heads.get(id) ?? 0, ...ends.map(({ sequence }) => sequence));
    if (head >= expected) gaps.push([expected, head]);
    const lost = chain.unitId === undefined ? [] : listOf(this.#lost, id, chain.unitId);
    const missing = withoutRuns(gaps, mergedRuns(lost));
    for (const [sequence, until] of missing) note(found, { reason: 'missing', sequence, until });
    const missingCount = lengthOf(missing);
    return {
      chain: id,
      ...(chain.unitId !== undefined && { unitId: chain.unitId }),
      keyIds: [...chain.keyIds],
      statements: chain.statements,
      first,
      last,
      end: ends.length > 0 ? 'told' : isNewest ? 'open' : 'untold',
      repeats: chain.repeats,
      missing: missingCount,
      explained: lengthOf(gaps) - missingCount,
      breaks: found.breaks,
      ...(found.firstBreak !== undefined && { firstBreak: found.firstBreak }),
    };
  }
}

/** A run of missing numbers is one break, however long. */
function note(into: { breaks: number; firstBreak: ChainBreak | undefined }, found: ChainBreak): void {
  into.breaks++;
  if (into.firstBreak === undefined || found.sequence < into.firstBreak.sequence) into.firstBreak = found;
}

/** What is kept under a chain and a unit; kept from now on where there is nothing yet. */
function listOf<Value>(lists: Map<string, Value[]>, chain: string, unitId: string): Value[] {
  const key = `${chain} ${unitId}`;
  const list = lists.get(key) ?? [];
  lists.set(key, list);
  return list;
}

function lengthOf(runs: readonly Run[]): number {
  return runs.reduce((sum, [from, to]) => sum + to - from + 1, 0);
}
