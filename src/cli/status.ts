import type { Command } from 'commander';
import { DEFAULT_CONFIG_PATH, loadConfig } from '../config/load.js';
import { askControl } from '../control/client.js';
import type { DeviceSnapshot } from '../device-snapshot.js';

export function register(program: Command): void {
  program
    .command('status')
    .description('show the state of the running daemon; exits 1 when there is none or it has warnings')
    .option('--config <file>', 'the configuration of the daemon', DEFAULT_CONFIG_PATH)
    .option('--json', 'as JSON')
    .action(async (options: { config: string; json?: boolean }) => {
      const config = await loadConfig(options.config);
      const snapshot = (await askControl(config.control.socketPath, '/status')) as DeviceSnapshot;
      process.stdout.write(options.json ? `${JSON.stringify(snapshot, null, 2)}\n` : renderStatus(snapshot));
      if (snapshot.warnings.length > 0) process.exitCode = 1;
    });
}

/** The state as a person reads it at two in the morning: what is wrong first, each with its remedy. */
export function renderStatus(snapshot: DeviceSnapshot): string {
  const lines = [`${snapshot.unit}: up ${duration(snapshot.uptimeSeconds)}`];
  if (snapshot.warnings.length === 0) lines.push('no warnings');
  for (const warning of snapshot.warnings) {
    const subject = warning.subject === '' ? '' : ` [${warning.subject}]`;
    lines.push(
      `${warning.severity.toUpperCase()} ${warning.title}${subject}: ${warning.detail}`,
      `  ${warning.remedy}`,
    );
  }
  lines.push('');
  for (const { id, state, vision } of snapshot.cameras) {
    const drops = vision.framesDropped > 0 ? `, ${vision.framesDropped} skipped for newer ones` : '';
    lines.push(
      `camera ${id}: ${state}; ${vision.framesProcessed} frames${drops}; ${vision.openPassages} passages in view; vision process started ${vision.starts} times`,
    );
  }
  const { passages, hotlist, store, uplink } = snapshot;
  lines.push(
    `passages: ${passages.read} read, ${passages.unreadable} unreadable, ${passages.hits} hits`,
    `hotlist: ${hotlist.entryCount} entries in ${hotlist.lists.length} lists${hotlist.lists.map((list) => `; ${list.id} revision ${list.revision}, ${duration(list.ageSeconds)} old`).join('')}`,
    `store: ${Object.entries(store.waiting).map(([lane, count]) => `${count} ${lane}`).join(', ')} waiting`,
    `broker: ${uplink.connected ? 'connected' : 'not connected'}; ${uplink.published} messages acknowledged`,
  );
  return `${lines.join('\n')}\n`;
}

function duration(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}
