import type { KeyObject } from 'node:crypto';
import type { Command } from 'commander';
import type { SealedPosition } from '../domain/position.js';
import { loadCentreKey } from '../governance/centre-key.js';
import { PositionOpener, type Subject } from '../governance/sealing.js';
import { DeviceError } from '../lib/errors.js';
import { EXIT_FAILURE } from './failure.js';
import { linesOf } from './verify/lines.js';
import { writeOut } from './whole-file.js';

const HELP = `
Takes one JSON object a line: statements as they were received or exported, or structured CloudEvents
around them. Prints the same lines, each position opened out; a line without a position, or one whose
position does not open, is printed as it came, and the latter is named on standard error.

A position opens only beside the record and unit that it was sealed for. Who sealed it, the signature of
the statement says: run anprctl verify on the same lines first. What is printed here bears no valid
signature any more, and tells where vehicles were seen: keep it as such.

Exits 0 when every position was opened, 1 when one was not, 2 when the lines cannot be read.

Examples:
  anprctl unseal --key centre.key received.ndjson > opened.ndjson
  anprctl export --out - | anprctl unseal --key centre.key`;

interface UnsealOptions {
  readonly key: readonly KeyObject[];
}

export function register(program: Command): void {
  program
    .command('unseal')
    .description("open the positions in what devices sent, with the centre's key")
    .argument('[files...]', 'files of one JSON object a line; - is standard input', ['-'])
    .requiredOption('--key <file>', "the centre's private key; several times", gathered)
    .addHelpText('after', HELP)
    .action(async (files: readonly string[], { key }: UnsealOptions) => {
      const openers = new Map(
        key.map((one) => new PositionOpener(one)).map((opener) => [opener.keyId, opener]),
      );
      let unopened = 0;
      for (const file of files) {
        for await (const { number, text, reason } of linesOf(file)) {
          const line = text === undefined ? { reason } : openLine(text, openers);
          if (line.text !== undefined) await writeOut([`${line.text}\n`]);
          if (line.reason === undefined) continue;
          unopened++;
          process.stderr.write(`${file === '-' ? '' : `${file} `}line ${number}: ${line.reason}\n`);
        }
      }
      if (unopened > 0) process.exitCode = EXIT_FAILURE;
    });
}

function gathered(path: string, before: readonly KeyObject[] = []): readonly KeyObject[] {
  return [...before, loadCentreKey(path)];
}

interface OpenedLine {
  /** What is to be printed; absent where the line is no text. */
  readonly text?: string;
  /** Why its position was not opened; absent where it was, or there is none. */
  readonly reason?: string;
}

function openLine(text: string, openers: ReadonlyMap<string, PositionOpener>): OpenedLine {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { text, reason: 'no JSON' };
  }
  const statement = isObject(value) && 'specversion' in value ? value.data : value;
  const found = sealedIn(statement);
  if (found === undefined) return { text };
  if ('reason' in found) return { text, reason: found.reason };
  const { holder, sealed, subject } = found;
  const opener = openers.get(sealed.keyId);
  if (opener === undefined) return { text, reason: `sealed to key ${sealed.keyId}, which was not given` };
  try {
    holder.position = opener.open(sealed, subject);
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    return { text, reason: error.message };
  }
  return { text: JSON.stringify(value) };
}

interface Found {
  /** The object whose field `position` it is. */
  readonly holder: Record<string, unknown>;
  readonly sealed: SealedPosition;
  readonly subject: Subject;
}

/** In a read or an event itself, in a hit in its `read`. */
function sealedIn(statement: unknown): Found | { readonly reason: string } | undefined {
  if (!isObject(statement)) return undefined;
  const holder = isObject(statement.read) ? statement.read : statement;
  const { position } = holder;
  if (position === undefined) return undefined;
  const { unitId } = statement;
  const subjectId = holder.recordId ?? holder.eventId;
  if (!isSealed(position)) return { reason: 'its position is none that was sealed' };
  if (typeof unitId !== 'string' || typeof subjectId !== 'string') {
    return { reason: 'a position of which no unit and record is told' };
  }
  return { holder, sealed: position, subject: { unitId, subjectId } };
}

function isSealed(value: unknown): value is SealedPosition {
  return isObject(value) && typeof value.keyId === 'string' && typeof value.sealed === 'string';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
