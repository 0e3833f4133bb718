import type { DeviceConfig } from '../../config/schema.js';
import { askControl } from '../../control/client.js';
import type { DeviceSnapshot } from '../../device-snapshot.js';
import { DeviceError } from '../../lib/errors.js';
import { duration } from '../duration.js';
import { type Finding, fault, ok } from './finding.js';

/** The daemon, and each warning that it shows. */
export async function checkRunning({ control }: DeviceConfig): Promise<readonly Finding[]> {
  let snapshot: DeviceSnapshot;
  try {
    snapshot = (await askControl(control.socketPath, '/status')) as DeviceSnapshot;
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    return [
      fault('fail', 'daemon', {
        found: error.message,
        expected: 'a daemon that answers',
        remedy: `${error.hint} journalctl -u anprd -n 50 shows why it ended.`,
      }),
    ];
  }
  const { uptimeSeconds, passages, warnings } = snapshot;
  return [
    ok('daemon', `runs for ${duration(uptimeSeconds)}: ${passages.read} read, ${passages.hits} hits`),
    ...warnings.map(({ severity, subject, title, detail, remedy }) =>
      fault(severity === 'high' ? 'fail' : 'warn', subject === '' ? 'warning' : `warning ${subject}`, {
        found: `${title}: ${detail}`,
        expected: 'no warning',
        remedy,
      }),
    ),
  ];
}
