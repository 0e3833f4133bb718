import type { ChainHead, Notary, SealedStatement, StatementSource } from '../domain/statement.js';
import { canonicalBytes, digestOf, type Evidence } from './canonical.js';
import type { DeviceKey } from './device-key.js';
import { type StatementData, statementData } from './statements.js';

/** Seals statements with the device's key; costs about 0.1 ms each, most of it the signature. */
export class DeviceNotary implements Notary {
  readonly #key: DeviceKey;
  readonly #unitId: string;

  constructor({ key, unitId }: { readonly key: DeviceKey; readonly unitId: string }) {
    this.#key = key;
    this.#unitId = unitId;
  }

  seal(source: StatementSource, head: ChainHead, follows?: readonly ChainHead[]): SealedStatement {
    const evidence: Evidence = {
      chain: head.chain,
      sequence: head.sequence + 1,
      previous: head.digest,
      ...(follows !== undefined && { follows }),
      keyId: this.#key.id,
    };
    const { data, bytes } = canonicalData(statementData(source, this.#unitId), evidence);
    const signature = this.#key.sign(bytes).toString('base64url');
    return {
      kind: source.kind,
      id: idOf(source),
      sequence: evidence.sequence,
      digest: digestOf(bytes),
      // In the order of writing, which a person reads more easily than that of the alphabet.
      text: JSON.stringify({ ...data, evidence: { ...evidence, signature } }),
    };
  }
}

function idOf(source: StatementSource): string {
  switch (source.kind) {
    case 'hit':
      return source.hit.id;
    case 'read':
      return source.record.id;
    case 'event':
      return source.event.id;
    case 'loss':
      return source.id;
  }
}

/**
 * A row of a list may hold a text that is no Unicode, and a broken camera a corner that is no number.
 * That must not keep a hit from being committed: such a place is replaced, by U+FFFD or null.
 */
function canonicalData(
  data: StatementData,
  evidence: Evidence,
): { readonly data: StatementData; readonly bytes: Buffer } {
  try {
    return { data, bytes: canonicalBytes({ ...data, evidence }) };
  } catch {
    const mended = JSON.parse(JSON.stringify(data, toUnicode));
    return { data: mended, bytes: canonicalBytes({ ...mended, evidence }) };
  }
}

function toUnicode(_name: string, value: unknown): unknown {
  return typeof value === 'string' ? Buffer.from(value).toString() : value;
}
