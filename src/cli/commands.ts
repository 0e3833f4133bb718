import type { Command } from 'commander';
import { register as registerCentreKey } from './centre-key.js';
import { register as registerConfig } from './config.js';
import { register as registerDeviceKey } from './device-key.js';
import { register as registerDoctor } from './doctor/command.js';
import { register as registerExport } from './export.js';
import { register as registerHotlist } from './hotlist/command.js';
import { register as registerMetrics } from './metrics.js';
import { register as registerRates } from './rates.js';
import { register as registerRead } from './read.js';
import { register as registerStatus } from './status.js';
import { register as registerStorageKey } from './storage-key.js';
import { register as registerUnseal } from './unseal.js';
import { register as registerVerify } from './verify/command.js';
import { register as registerWatch } from './watch/command.js';

/** In the order in which help lists them: looking first, changing last. */
export function registerCommands(program: Command): void {
  registerStatus(program);
  registerWatch(program);
  registerDoctor(program);
  registerMetrics(program);
  registerRead(program);
  registerRates(program);
  registerHotlist(program);
  registerExport(program);
  registerVerify(program);
  registerUnseal(program);
  registerConfig(program);
  registerStorageKey(program);
  registerDeviceKey(program);
  registerCentreKey(program);
}
