import { Counter, Gauge, Registry } from 'prom-client';
import type { DeviceSnapshot } from './device-snapshot.js';

/**
 * The state of the device in the text form of Prometheus, made anew from a snapshot each time it is asked
 * for: what is counted is counted once, by whoever knows, and shown here. No label names a place or a mark.
 */
export async function renderMetrics(snapshot: DeviceSnapshot): Promise<string> {
  const page = new Page();
  describeDevice(page, snapshot);
  describeVision(page, snapshot);
  describeSite(page, snapshot);
  describeStore(page, snapshot);
  describeUplink(page, snapshot);
  return page.text();
}

type Labels = Readonly<Record<string, string>>;

/** One page of figures; a family of figures is declared by its first one. */
class Page {
  readonly #registry = new Registry();
  readonly #gauges = new Map<string, Gauge>();
  readonly #counters = new Map<string, Counter>();

  gauge(name: string, help: string, value: number, labels: Labels = {}): void {
    const made = this.#gauges.get(name) ?? new Gauge(this.#declare(name, help, labels));
    this.#gauges.set(name, made);
    made.set(labels, value);
  }

  /** Only where the device knows it. @param divisor from the unit that it is kept in. */
  gaugeIf(name: string, help: string, value: number | undefined, divisor = 1): void {
    if (value !== undefined) this.gauge(name, help, value / divisor);
  }

  counter(name: string, help: string, value: number, labels: Labels = {}): void {
    const made = this.#counters.get(name) ?? new Counter(this.#declare(name, help, labels));
    this.#counters.set(name, made);
    made.inc(labels, value);
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  #declare(name: string, help: string, labels: Labels) {
    return { name: `anprd_${name}`, help, labelNames: Object.keys(labels), registers: [this.#registry] };
  }
}

function describeDevice(
  page: Page,
  { version, uptimeSeconds, warnings, passages, clock }: DeviceSnapshot,
): void {
  page.gauge('info', 'The version that runs.', 1, { version });
  page.gauge('uptime_seconds', 'Since the daemon was started.', uptimeSeconds);
  page.gauge('warnings', 'Warnings that are shown.', warnings.length);
  for (const { code, subject } of warnings)
    page.gauge('warning', 'A warning that is shown.', 1, { code, subject });
  for (const outcome of ['read', 'unreadable'] as const) {
    page.counter('passages_total', 'Vehicles that went by, by outcome.', passages[outcome], { outcome });
  }
  page.counter('hits_total', 'Hits that were issued.', passages.hits);
  page.gauge(
    'clock_synchronised',
    'Whether anything vouches for the time.',
    flag(clock.source !== 'unknown'),
  );
  page.gaugeIf('clock_offset_seconds', 'How far the clock is ahead of its source.', clock.offsetMs, 1000);
  page.counter('clock_jumps_total', 'Jumps of the wall clock against the monotonic one.', clock.jumps);
}

/** Nothing of where: how well the receiver does, what switches say, and the machine. */
function describeSite(page: Page, { position, lines, machine, display }: DeviceSnapshot): void {
  page.gauge(
    'position_fixed',
    'Whether the receiver of positions has a fix.',
    flag(position.state === 'fixed'),
  );
  page.gaugeIf('position_age_seconds', 'Of the newest fix.', position.ageMs, 1000);
  page.gaugeIf('position_hdop', 'Of the newest fix.', position.hdop);
  page.gaugeIf('position_satellites', 'Of the newest fix.', position.satellites);
  page.counter('position_sentences_total', 'Understood.', position.sentences);
  page.counter('position_bad_sentences_total', 'Damaged, or none at all.', position.badSentences);
  page.gaugeIf(
    'position_clock_offset_seconds',
    'System clock less time of the satellites.',
    position.clockOffsetMs,
    1000,
  );
  if (lines.isTamperOpen !== undefined)
    page.gauge('tamper_open', 'Whether the cabinet is open.', flag(lines.isTamperOpen));
  if (lines.isIgnitionOn !== undefined)
    page.gauge('ignition_on', 'Ignition sense.', flag(lines.isIgnitionOn));
  page.counter('position_reopened_total', 'Heard again after it was lost.', position.reopened);
  page.counter('line_failures_total', 'Lines that could not be used.', lines.failures);
  page.gaugeIf('processor_celsius', 'Hottest sensor of the processor.', machine.celsius);
  if (machine.isThrottled !== undefined)
    page.gauge('processor_throttled', 'Whether it slows itself down.', flag(machine.isThrottled));
  if (machine.isUnderVoltage !== undefined)
    page.gauge('under_voltage', 'Whether the supply is too low.', flag(machine.isUnderVoltage));
  page.gaugeIf('disk_worn_ratio', 'Used part of its life, by its own estimate.', machine.wornPercent, 100);
  page.gaugeIf('disk_free_bytes', 'On the disk of the store.', machine.freeBytes);
  if (machine.writtenBytes !== undefined)
    page.counter('disk_written_bytes_total', 'By the main process.', machine.writtenBytes);
  page.gauge('display_hits_unacknowledged', 'Hits that the crew has not decided on.', display.unacknowledged);
}

function flag(value: boolean): number {
  return value ? 1 : 0;
}

function describeVision(page: Page, { cameras }: DeviceSnapshot): void {
  for (const { id, vision } of cameras) {
    const camera = { camera: id };
    page.gauge(
      'camera_running',
      'Whether the camera gives frames.',
      vision.source?.state === 'open' ? 1 : 0,
      camera,
    );
    page.counter('frames_total', 'Frames that were looked at.', vision.framesProcessed, camera);
    page.counter('frames_dropped_total', 'Frames skipped for newer ones.', vision.framesDropped, camera);
    page.counter('frames_limited_total', 'Frames left out because of heat.', vision.framesLimited, camera);
    page.counter(
      'vision_restarts_total',
      'Times that the vision process was replaced.',
      vision.restarts,
      camera,
    );
  }
}

function describeStore(page: Page, { store }: DeviceSnapshot): void {
  page.gauge('store_readable', 'Whether the store can be read.', store === undefined ? 0 : 1);
  if (store === undefined) return;
  page.gauge(
    'store_in_memory',
    'Whether records are kept in memory only.',
    store.medium === 'memory' ? 1 : 0,
  );
  page.gauge('store_used_bytes', 'What the store takes.', store.usedBytes);
  page.gauge('store_most_bytes', 'What it may take.', store.mostBytes);
  for (const [lane, { items, bytes, oldestMs = 0 }] of Object.entries(store.lanes)) {
    page.gauge('waiting_messages', 'Messages that wait for the broker.', items, { lane });
    page.gauge('waiting_bytes', 'Their payloads.', bytes, { lane });
    page.gauge('waiting_oldest_seconds', 'Since the oldest of them was put in.', oldestMs / 1000, { lane });
  }
  for (const { lane, reason, count } of store.losses) {
    page.counter('lost_total', 'Messages dropped before the broker had them.', count, { lane, reason });
  }
  for (const [reason, count] of Object.entries(store.erased)) {
    page.counter('erased_total', 'Records and pictures erased after the broker had them.', count, { reason });
  }
  page.counter('statements_total', 'Statements of the chain in force.', store.head.sequence);
}

function describeUplink(page: Page, { uplink }: DeviceSnapshot): void {
  const { link, meter, hitLatency } = uplink;
  page.gauge('connected', 'Whether there is a connection to a broker.', link.state === 'connected' ? 1 : 0);
  page.gauge(
    'broker_index',
    'Place in mqtt.urls of the broker in use; 0 is the preferred one.',
    link.broker.index,
  );
  page.counter('connections_total', 'Connections that were made.', link.connections);
  for (const [lane, count] of Object.entries(uplink.acknowledged)) {
    page.counter('acknowledged_total', 'Messages that the broker acknowledged.', count, { lane });
  }
  page.counter('resent_total', 'Messages sent again after their connection was lost.', uplink.resent);
  for (const [lane, bytes] of Object.entries(meter.spentBytes)) {
    page.gauge('metered_hour_bytes', 'Sent over metered links in this hour.', bytes, { lane });
  }
  for (const { of, notAfterMs } of link.certificates) {
    page.gauge(
      'certificate_expiry_seconds',
      'When a certificate expires, UTC since 1970.',
      notAfterMs / 1000,
      { of },
    );
  }
  if (hitLatency.medianMs !== undefined) {
    const help = 'From the frame that decided a read to the acknowledgement of its hit, of the last hits.';
    page.gauge('hit_latency_median_seconds', help, hitLatency.medianMs / 1000);
    page.gauge('hit_latency_worst_seconds', help, (hitLatency.worstMs ?? 0) / 1000);
  }
}
