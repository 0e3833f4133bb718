import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { loadConfig } from '../../../src/config/load.js';
import { buildDevice } from '../../../src/device.js';
import { systemClock } from '../../../src/lib/clock.js';
import { createLogger } from '../../../src/lib/log.js';

/**
 * The daemon with traffic in its vision process's place, and nothing else of it changed: run as
 * `device.js CONFIG`, with the traffic's order in the environment, until SIGTERM.
 */
const [configPath = ''] = process.argv.slice(2);
const config = await loadConfig(configPath);
const log = createLogger(config.log.level);
const device = buildDevice(config, {
  clock: systemClock,
  log,
  visionEntryPath: fileURLToPath(new URL('./traffic.js', import.meta.url)),
});
const asked = once(process, 'SIGTERM');
await device.start();
log.info('running');
await asked;
await device.stop('stop');
