import type { Command } from 'commander';
import { DEFAULT_CONFIG_PATH, loadConfig } from '../config/load.js';
import { askControl } from '../control/client.js';
import type { DeviceSnapshot } from '../device-snapshot.js';
import type { StoreSnapshot } from '../store/record-store.js';
import { duration } from './duration.js';
import { renderHotlist } from './status-hotlist.js';

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
  for (const { id, vision } of snapshot.cameras) {
    const { framesProcessed, framesWithoutMotion, framesDropped, detectMs, readMs, openPassages, restarts } =
      vision;
    const perFrameMs = framesProcessed === 0 ? 0 : (detectMs + readMs) / framesProcessed;
    lines.push(
      `camera ${id}: ${vision.source?.state ?? vision.state}, ${openPassages} passages in view`,
      `  ${framesProcessed} frames (${framesWithoutMotion} without motion), ${framesDropped} skipped for newer ones, ${perFrameMs.toFixed(1)} ms of reading a frame`,
      `  vision process replaced ${restarts} times, ${vision.noise} finds taken for noise`,
    );
  }
  const { passages, store, uplink } = snapshot;
  const { hit, read, image } = uplink.acknowledged;
  const { count, medianMs = 0, worstMs = 0 } = uplink.hitLatency;
  lines.push(
    `passages: ${passages.read} read, ${passages.unreadable} unreadable, ${passages.hits} hits`,
    ...renderHotlist(snapshot, Date.now()),
    store === undefined ? 'store: cannot be read' : renderStore(store),
    `broker ${uplink.link.state}: acknowledged ${hit} hits, ${read} reads, ${image} images`,
  );
  if (count > 0) {
    lines.push(
      `  from frame to acknowledgement of the last ${count} hits: median ${duration(medianMs / 1000)}, worst ${duration(worstMs / 1000)}`,
    );
  }
  return `${lines.join('\n')}\n`;
}

function renderStore(store: StoreSnapshot): string {
  const waiting = Object.entries(store.waiting).map(([lane, count]) => `${count} ${lane.replace('-', ' ')}`);
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
  const { images, reads } = store.dropped;
  return [
    `store: ${store.records} records, ${megabytes(store.usedBytes)} of ${megabytes(store.mostBytes)} MB`,
    `  waiting for the broker: ${waiting.join(', ')}`,
    `  dropped undelivered for want of room: ${images} images, ${reads} reads; hits never`,
  ].join('\n');
}
