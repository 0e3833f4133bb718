import { DeviceError } from '../../lib/errors.js';

export type Verdict = 'ok' | 'warn' | 'fail';

/** What one check of `anprctl doctor` came to. Names no VRM, no place and no secret. */
export interface Finding {
  /** What was looked at. */
  readonly check: string;
  readonly verdict: Verdict;
  readonly found: string;
  /** Of what is not in order. */
  readonly expected?: string;
  readonly remedy?: string;
}

export function ok(check: string, found: string): Finding {
  return { check, verdict: 'ok', found };
}

/** What should be otherwise, and what still works all the same (`warn`) or does not (`fail`). */
export function fault(
  verdict: 'warn' | 'fail',
  check: string,
  said: { readonly found: string; readonly expected: string; readonly remedy: string },
): Finding {
  return { check, verdict, ...said };
}

/** Tries what throws a DeviceError where it is not in order. @throws anything else, which is a bug. */
export async function tried(
  check: string,
  expected: string,
  attempt: () => string | Promise<string>,
): Promise<Finding> {
  try {
    return ok(check, await attempt());
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    return fault('fail', check, { found: error.message, expected, remedy: error.hint });
  }
}

const MARKS: Readonly<Record<Verdict, string>> = { ok: 'ok  ', warn: 'warn', fail: 'FAIL' };

/** A line for what is in order, three for what is not; whoever reads it looks for FAIL. */
export function renderFindings(findings: readonly Finding[]): string {
  const widest = Math.max(...findings.map(({ check }) => check.length));
  const lines = findings.flatMap(({ check, verdict, found, expected, remedy }) => [
    `${MARKS[verdict]}  ${check.padEnd(widest)}  ${found}`,
    ...(expected === undefined ? [] : [`      expected: ${expected}`]),
    ...(remedy === undefined ? [] : [`      do: ${remedy}`]),
  ]);
  const count = (verdict: Verdict) => findings.filter((finding) => finding.verdict === verdict).length;
  const total = `${count('ok')} in order, ${count('warn')} to look at, ${count('fail')} that fail`;
  return `${[...lines, '', total].join('\n')}\n`;
}
