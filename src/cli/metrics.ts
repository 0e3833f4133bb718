import type { Command } from 'commander';
import { DEFAULT_CONFIG_PATH, loadConfig } from '../config/load.js';
import { askControlText } from '../control/client.js';

export function register(program: Command): void {
  program
    .command('metrics')
    .description('print the counters of the running daemon in the text form of Prometheus')
    .option('--config <file>', 'the configuration of the daemon', DEFAULT_CONFIG_PATH)
    .action(async (options: { config: string }) => {
      const config = await loadConfig(options.config);
      process.stdout.write(await askControlText(config.control.socketPath, '/metrics'));
    });
}
