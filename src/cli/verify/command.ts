import type { Command } from 'commander';
import { readStatement } from '../../evidence/received.js';
import { StreamVerifier, type TrustedKey } from '../../evidence/verify.js';
import { DeviceError } from '../../lib/errors.js';
import { EXIT_FAILURE } from '../failure.js';
import { Progress } from '../hotlist/progress.js';
import { ImageCheck } from './images.js';
import { linesOf } from './lines.js';
import { renderReport, type StreamReport } from './report.js';
import { type Beginnings, gatheredBeginnings, gatheredHeads, gatheredKeys } from './trusted-keys.js';

const HELP = `
Takes one JSON object a line: statements as they were received, or structured CloudEvents around them,
in any order, with repeats, of any number of units. Other messages of a device are left out.

Statements are numbered without a gap and each names the digest of the one before, so that what was
changed, left out, put in or moved is named: the first break of every chain, by number and id. What a
unit dropped itself is no break where it says so under its signature.

A unit that lost its store begins another chain, and names there how far the one before went: what was
cut off its end, or all of it, is missing then. Of a chain that was erased on the device long ago give
--from with the number after its last.

Exits 0 where every chain is intact, 1 where one is not or a line cannot be read, 2 where there is
nothing to verify.

Examples:
  anprctl verify received.ndjson --key unit-7=Ss8v…=
  mosquitto_sub … | anprctl verify - --key unit-7.pem
  anprctl verify received.ndjson --key unit-7.pem --from 1200 --head CHAIN:84111`;

/** Bad lines that are told one by one; the others are counted. */
const TOLD_LINES = 20;

interface VerifyOptions {
  readonly key: readonly TrustedKey[];
  readonly from?: Beginnings;
  readonly head: ReadonlyMap<string, number>;
  readonly images?: string;
  readonly json?: boolean;
}

export function register(program: Command): void {
  program
    .command('verify')
    .description('check signatures and completeness of what devices sent; exits 1 with the first break')
    .argument('[files...]', 'files of one JSON object a line; - is standard input', ['-'])
    .requiredOption(
      '--key <key>',
      'public key of a device, base64 or a PEM file; UNIT=KEY for that unit alone; several times',
      gatheredKeys,
    )
    .option(
      '--from <number>',
      'the number with which what was received begins; CHAIN:NUMBER for that chain alone; several times',
      gatheredBeginnings,
    )
    .option(
      '--head <chain:number>',
      'last statement that there must be, as the health report says; several times',
      gatheredHeads,
      new Map(),
    )
    .option('--images <folder>', 'check pictures too, named RECORD.KIND.REVISION.jpg')
    .option('--json', 'print JSON')
    .addHelpText('after', HELP)
    .action(async (files: readonly string[], options: VerifyOptions) => {
      const report = await verifyFiles(files, options);
      process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : renderReport(report));
      if (!report.intact) process.exitCode = EXIT_FAILURE;
    });
}

/** @throws DeviceError evidence.stream-unreadable; evidence.stream-invalid where there is no statement. */
async function verifyFiles(files: readonly string[], options: VerifyOptions): Promise<StreamReport> {
  const verifier = new StreamVerifier({ keys: options.key, ...options.from, heads: options.head });
  const images = options.images === undefined ? undefined : new ImageCheck(options.images);
  const progress = new Progress();
  let badLines = 0;
  let others = 0;
  let checked = 0;
  for (const file of files) {
    for await (const { number, text, reason } of linesOf(file)) {
      const line = text === undefined ? ({ kind: 'bad', reason } as const) : readStatement(text);
      if (line.kind === 'other') others++;
      else if (line.kind === 'bad') tellBadLine(++badLines, file, number, line.reason);
      else if (verifier.add(line) === 'new') images?.add(line);
      progress.tell('lines checked', ++checked);
    }
  }
  progress.end();
  if (badLines > TOLD_LINES) process.stderr.write(`and ${badLines - TOLD_LINES} more lines\n`);
  const chains = verifier.verdicts();
  if (checked === others) throw nothingToVerify(others);
  const { wrong = 0 } = images?.tally ?? {};
  return {
    intact: badLines === 0 && wrong === 0 && chains.every(({ breaks }) => breaks === 0),
    badLines,
    others,
    chains,
    ...(images !== undefined && { images: images.tally }),
  };
}

/** A bad line is told and counted, and the rest is still checked. */
function tellBadLine(count: number, file: string, number: number, reason: string): void {
  if (count > TOLD_LINES) return;
  const where = file === '-' ? '' : `${file} `;
  process.stderr.write(`${where}line ${number}: ${reason}\n`);
}

function nothingToVerify(others: number): DeviceError {
  return new DeviceError('evidence.stream-invalid', {
    message: `there is no statement in it${others === 0 ? '' : `, only ${others} other messages`}; expected hits, reads, events or losses, one a line`,
    hint: 'Give what was received on the topics of hits, reads, events and losses, or what anprctl export wrote.',
  });
}
