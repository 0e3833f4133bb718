#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { DEFAULT_CONFIG_PATH } from './config/load.js';
import { runDaemon } from './daemon.js';

const HELP = `Usage: anprd [--config FILE]

Reads number plates from the configured cameras, checks them against the hotlist, and delivers
reads and hits over MQTT until SIGTERM, SIGINT or, where there is such a line, the ignition is off. Then it
sends what waits and ends with exit code 0; below systemd it waits for the ignition first.

  --config FILE   the configuration (default ${DEFAULT_CONFIG_PATH})
  --help          this text

Exit codes: 0 clean stop, 2 wrong usage, 70 cannot run, 78 bad configuration, key or surveyed place.
`;

function parse(): string | undefined {
  const { values } = parseArgs({ options: { config: { type: 'string' }, help: { type: 'boolean' } } });
  if (values.help) process.stdout.write(HELP);
  return values.help ? undefined : (values.config ?? DEFAULT_CONFIG_PATH);
}

try {
  const path = parse();
  if (path !== undefined) process.exitCode = await runDaemon(path);
} catch (error) {
  if (!(error instanceof TypeError && 'code' in error)) throw error;
  process.stderr.write(`${error.message}\n${HELP}`);
  process.exitCode = 2;
}
