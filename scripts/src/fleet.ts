import { messageOf } from '../../src/lib/errors.js';
import { parseFleetArguments } from './fleet/arguments.js';
import { isFlawless, renderFleet, renderFleetJson } from './fleet/report.js';
import { runFleet } from './fleet/run.js';

/** A fleet of simulated devices against a broker; scripts/fleet says how to call it. */

async function main(): Promise<number> {
  const parsed = parseFleetArguments(process.argv.slice(2));
  if (parsed.kind === 'wrong') {
    process.stderr.write(`${parsed.problem}\nscripts/fleet --help says more\n`);
    return 2;
  }
  const interrupted = new Promise<never>((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => reject(new Error('given up')));
    }
  });
  const result = await runFleet(parsed, (line) => process.stderr.write(`${line}\n`), interrupted);
  process.stdout.write(`${parsed.json ? renderFleetJson(result) : renderFleet(result)}\n`);
  return isFlawless(result) ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`fleet: ${messageOf(error)}\n`);
  process.exitCode = 1;
}
// What was given up may still be waiting for something.
process.exit();
