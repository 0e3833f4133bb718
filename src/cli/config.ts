import type { Command } from 'commander';
import { DEFAULT_CONFIG_PATH, loadConfig } from '../config/load.js';

export function register(program: Command): void {
  const config = program.command('config').description('check the configuration');
  config
    .command('check')
    .description('check a configuration file; exits 78 with every fault at once')
    .argument('[file]', 'the file', DEFAULT_CONFIG_PATH)
    .option('--json', 'print the whole configuration, with defaults filled in, as JSON')
    .action(async (file: string, options: { json?: boolean }) => {
      const checked = await loadConfig(file);
      const cameras = checked.cameras.map((camera) => `${camera.id} (${camera.source.kind})`).join(', ');
      process.stdout.write(
        options.json ? `${JSON.stringify(checked, null, 2)}\n` : `${file}: in order. Cameras: ${cameras}.\n`,
      );
    });
}
