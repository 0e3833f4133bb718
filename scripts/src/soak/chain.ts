import { readStatement } from '../../../src/evidence/received.js';
import { type ChainVerdict, StreamVerifier } from '../../../src/evidence/verify.js';

/**
 * Checks what was received as `anprctl verify` does: signatures, links and numbers, up to the last
 * number that the store gave.
 * @param statements JSON texts, in any order.
 * @param heads by chain, the number of its last statement.
 */
export function verifyChains(
  statements: Iterable<{ readonly text: string }>,
  publicKey: string,
  heads: ReadonlyMap<string, number>,
): readonly ChainVerdict[] {
  const verifier = new StreamVerifier({ keys: [{ publicKey }], heads });
  for (const { text } of statements) {
    const line = readStatement(text);
    if (line.kind !== 'statement') {
      throw new Error(
        `expected a statement, received ${line.kind === 'bad' ? line.reason : 'another event'}`,
      );
    }
    verifier.add(line);
  }
  return verifier.verdicts();
}

/** By chain, the last number; of statements in the order of commits. */
export function headsOf(
  committed: Iterable<{ readonly chain: string; readonly sequence: number }>,
): Map<string, number> {
  const heads = new Map<string, number>();
  for (const { chain, sequence } of committed) heads.set(chain, sequence);
  return heads;
}
