import type { Command } from 'commander';
import { ConfigError, DEFAULT_CONFIG_PATH, loadConfig } from '../../config/load.js';
import type { DeviceConfig } from '../../config/schema.js';
import { DeviceError } from '../../lib/errors.js';
import { EXIT_FAILURE } from '../failure.js';
import { type Finding, fault, ok, renderFindings } from './finding.js';
import { checkMachine } from './machine.js';
import { checkRunning } from './running.js';
import { checkSoftware } from './software.js';
import { checkSurroundings } from './surroundings.js';

export function register(program: Command): void {
  program
    .command('doctor')
    .description(
      'look at everything the device needs: what was found, what was expected, what to do; exits 1 when something fails',
    )
    .option('--config <file>', 'the configuration of the daemon', DEFAULT_CONFIG_PATH)
    .option('--json', 'as JSON')
    .action(async (options: { config: string; json?: boolean }) => {
      const findings = await examine(options.config);
      process.stdout.write(
        options.json ? `${JSON.stringify(findings, null, 2)}\n` : renderFindings(findings),
      );
      if (findings.some(({ verdict }) => verdict === 'fail')) process.exitCode = EXIT_FAILURE;
    });
}

/** Everything that can be looked at, also where one thing is wrong; without a configuration the rest means nothing. */
export async function examine(configPath: string): Promise<readonly Finding[]> {
  let config: DeviceConfig;
  try {
    config = await loadConfig(configPath);
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    return [
      fault('fail', 'configuration', {
        found: error.message,
        expected: 'a configuration without faults',
        remedy: error instanceof ConfigError ? 'Mend what is listed, and run this again.' : error.hint,
      }),
    ];
  }
  const parts = await Promise.all([
    checkSoftware(config),
    checkSurroundings(config),
    checkMachine(config),
    checkRunning(config),
  ]);
  return [ok('configuration', `${configPath} has no faults`), ...parts.flat()];
}
