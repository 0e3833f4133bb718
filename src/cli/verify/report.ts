import type { BreakReason, ChainBreak, ChainVerdict } from '../../evidence/verify.js';
import type { ImageTally } from './images.js';

/** What anprctl verify found, as JSON gives it. */
export interface StreamReport {
  readonly intact: boolean;
  /** Lines that are neither a statement nor another message of a device. */
  readonly badLines: number;
  /** Messages that are no statements, such as pictures and states. */
  readonly others: number;
  readonly chains: readonly ChainVerdict[];
  readonly images?: ImageTally;
}

const REASONS: Record<BreakReason, string> = {
  'unknown-key': 'is signed by a key that was not given',
  signature: 'was changed: its signature does not hold',
  'foreign-unit': 'is of another unit than its key or its chain',
  fork: 'differs from another one under the same number',
  link: 'does not follow the one before it',
  end: 'is another one than a later chain of the unit names',
  missing: 'missing, and the unit did not say that it would not come',
};

export function renderReport(report: StreamReport): string {
  const { intact, badLines, others, chains, images } = report;
  const lines = chains.flatMap(renderChain);
  if (others > 0) lines.push(`${others} messages that are no statements`);
  if (badLines > 0) lines.push(`${badLines} lines that could not be read`);
  if (images !== undefined) lines.push(...renderImages(images));
  lines.push(intact ? 'intact' : 'NOT INTACT');
  return `${lines.join('\n')}\n`;
}

function renderChain(verdict: ChainVerdict): string[] {
  const { chain, unitId, statements, first, last, end, repeats, missing, explained, breaks, firstBreak } =
    verdict;
  const { hit, read, event, loss } = statements;
  const lines = [
    `chain ${chain} of ${unitId ?? 'an unknown unit'}: ${hit + read + event + loss} statements, ${first} to ${last}`,
    `  ${hit} hits, ${read} reads, ${event} events, ${loss} notices of losses; ${repeats} repeats`,
    `  ${missing} missing, ${explained} dropped by the unit, as it states itself`,
  ];
  if (end === 'untold') {
    lines.push(
      '  it has ended, and no later chain says with which statement: more may be missing after the last',
    );
  }
  if (firstBreak !== undefined) {
    lines.push(
      `  BROKEN in ${breaks === 1 ? 'one place' : `${breaks} places, first`}: ${renderBreak(firstBreak)}`,
    );
  }
  return lines;
}

function renderBreak({ reason, sequence, until = sequence, id }: ChainBreak): string {
  if (until > sequence)
    return `statements ${sequence} to ${until} are ${REASONS[reason].replace('it would', 'they would')}`;
  const named = id === undefined ? '' : ` (${id})`;
  return `statement ${sequence}${named} ${reason === 'missing' ? 'is ' : ''}${REASONS[reason]}`;
}

function renderImages({ right, wrong, absent, firstWrong }: ImageTally): string[] {
  const lines = [`pictures: ${right} as stated, ${wrong} not, ${absent} not in the folder`];
  if (firstWrong !== undefined) lines.push(`  FIRST that is not as stated: ${firstWrong}`);
  return lines;
}
