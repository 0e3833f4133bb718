import type { Command } from 'commander';
import { DEFAULT_CONFIG_PATH, loadConfig } from '../config/load.js';
import { askControl } from '../control/client.js';
import type { DeviceSnapshot } from '../device-snapshot.js';
import { duration } from './duration.js';
import { renderDelivery } from './status-delivery.js';
import { renderHotlist } from './status-hotlist.js';
import { renderOptics, renderSite } from './status-site.js';

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
  const { stalled } = snapshot.watchdog;
  if (stalled.length > 0) lines.push(`STALLED ${stalled.join(', ')}: the service manager will restart anprd`);
  if (snapshot.warnings.length === 0) lines.push('no warnings');
  for (const warning of snapshot.warnings) {
    const subject = warning.subject === '' ? '' : ` [${warning.subject}]`;
    lines.push(
      `${warning.severity.toUpperCase()} ${warning.title}${subject}: ${warning.detail}`,
      `  ${warning.remedy}`,
    );
  }
  lines.push('');
  for (const camera of snapshot.cameras) {
    const { id, vision } = camera;
    const { framesProcessed, framesWithoutMotion, framesDropped, framesLimited } = vision;
    const { detectMs, readMs, openPassages, restarts } = vision;
    const perFrameMs = framesProcessed === 0 ? 0 : (detectMs + readMs) / framesProcessed;
    lines.push(
      `camera ${id}: ${vision.source?.state ?? vision.state}, ${openPassages} passages in view`,
      `  ${framesProcessed} frames (${framesWithoutMotion} without motion), ${framesDropped} skipped for newer ones, ${framesLimited} because of heat, ${perFrameMs.toFixed(1)} ms of reading a frame`,
      `  vision process replaced ${restarts} times, ${vision.noise} finds taken for noise`,
      ...renderOptics(camera),
    );
  }
  const { passages, clock } = snapshot;
  lines.push(
    `passages: ${passages.read} read, ${passages.unreadable} unreadable, ${passages.hits} hits`,
    `clock: ${renderClock(clock)}`,
    ...renderSite(snapshot),
    ...renderHotlist(snapshot, Date.now()),
    ...renderDelivery(snapshot, Date.now()),
  );
  return `${lines.join('\n')}\n`;
}

function renderClock({ source, offsetMs, jumps }: DeviceSnapshot['clock']): string {
  const synchronised =
    source === 'unknown' ? 'not known to be synchronised' : `synchronised by ${source.toUpperCase()}`;
  const offset = offsetMs === undefined ? '' : `, about ${offsetMs.toFixed(1)} ms off`;
  return `${synchronised}${offset}${jumps === 0 ? '' : `, was set ${jumps} times`}`;
}
