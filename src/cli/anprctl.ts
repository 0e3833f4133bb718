#!/usr/bin/env node
import { Command } from 'commander';
import { registerCommands } from './commands.js';
import { EXIT_FAILURE, reportFailure } from './failure.js';

/** anprctl: everything an engineer asks of a device, over SSH and in text. One file per command. */
const program = new Command('anprctl')
  .description('Ask and tend an anprd camera: read pictures, measure rates, keep hotlists, see the state.')
  .showHelpAfterError('(anprctl COMMAND --help says more)')
  .exitOverride();
registerCommands(program);

// Whoever reads the output may have seen enough, as head has.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  process.stderr.write(`cannot write the output: ${error.message}\n`);
  process.exit(EXIT_FAILURE);
});

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = reportFailure(error);
}
