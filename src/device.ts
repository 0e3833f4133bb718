import { uuidv7 } from 'uuidv7';
import type { CaptureConfig, DeviceConfig } from './config/schema.js';
import { MetricsServer } from './control/metrics-server.js';
import { ControlServer } from './control/server.js';
import { Crew } from './crew.js';
import { DeliveryWarnings } from './delivery-warnings.js';
import type { DeviceSnapshot, PassageCounts } from './device-snapshot.js';
import type { StopReason } from './display/messages.js';
import type { Hit } from './domain/capture-record.js';
import { type Confusions, NO_CONFUSIONS } from './domain/confusion.js';
import type { Passage } from './domain/passage.js';
import { loadDeviceKey } from './evidence/device-key.js';
import { DeviceNotary } from './evidence/notary.js';
import { ClockWatch } from './health/clock-watch.js';
import { isFixedUnit, OpticsWatch } from './health/optics-watch.js';
import { statusLine } from './health/status-line.js';
import { askTimeService } from './health/time-service.js';
import { Warnings } from './health/warnings.js';
import { Watchdog } from './health/watchdog.js';
import { healthReport } from './health-report.js';
import { HotlistWarnings } from './hotlist-warnings.js';
import type { Clock } from './lib/clock.js';
import { DeviceError, messageOf } from './lib/errors.js';
import type { Logger } from './lib/log.js';
import { packageVersion } from './lib/package-root.js';
import { loadStorageKey } from './lib/storage-key.js';
import { Hotlist } from './matching/hotlist.js';
import { Recheck } from './matching/recheck.js';
import { renderMetrics } from './metrics.js';
import { kernelClock } from './native/kernel-clock.js';
import { notifyServiceManager } from './native/service-manager.js';
import { loadConfusions } from './plates/manifest.js';
import { Site } from './site.js';
import { stagesOf } from './stage-work.js';
import { RecordStore, type StoreSnapshot } from './store/record-store.js';
import { listTopicOf, parseListTopic } from './uplink/topics.js';
import { Uplink } from './uplink/uplink.js';
import { VisionSupervisor } from './vision/supervisor.js';

export interface DeviceDependencies {
  readonly clock: Clock;
  readonly log: Logger;
  /** Built entry of what runs in the vision process's place; scripts/soak puts traffic there. */
  readonly visionEntryPath?: string;
}

export interface Device {
  /** Sinks first, cameras last: nothing is reported that nobody can take. @throws DeviceError */
  start(): Promise<void>;
  /** In reverse: cameras flush their passages, these are committed, and what waits is sent. */
  stop(reason: StopReason): Promise<void>;
  /** Resolves when the device itself wants to be stopped; never, as a rule. */
  readonly stopAsked: Promise<'ignition-off'>;
  snapshot(): DeviceSnapshot;
}

/** How often states that only a snapshot shows are turned into warnings. */
const LOOK_EVERY_MS = 1_000;
const DAY_MS = 86_400_000;
/** The first report goes soon after the start: the centre sees that the unit is there again. */
const FIRST_REPORT_AFTER_MS = 5_000;

/**
 * The composition root: the only place of the main process that knows every module.
 * @throws DeviceError store.key-missing or evidence.key-missing, before anything is created.
 */
export function buildDevice(config: DeviceConfig, dependencies: DeviceDependencies): Device {
  const { clock, log, visionEntryPath } = dependencies;
  const key = loadStorageKey(config.storage);
  const notary = new DeviceNotary({ key: loadDeviceKey(config.evidence), unitId: config.unit.id });
  const startedMonoMs = clock.monoMs();
  const warnings = new Warnings({ clock, log });
  const clockWatch = new ClockWatch({
    clock,
    readKernel: kernelClock,
    log,
    askService: askTimeService,
    satelliteOffsetMs: () => site.satelliteOffsetMs,
  });
  const watchdog = new Watchdog({ clock, log, notify: notifyServiceManager });
  const counts: PassageCounts = { read: 0, unreadable: 0, hits: 0 };
  const hotlistWarnings = new HotlistWarnings(warnings);
  const deliveryWarnings = new DeliveryWarnings({ warnings, clock });
  const { topicPrefix } = config.hotlist;
  const hotlist = new Hotlist({
    config: config.hotlist,
    key,
    keyFile: config.storage.keyFile,
    clock,
    log,
    onWanted: (wanted) =>
      uplink.setSubscriptions(wanted.map(({ listId, name }) => listTopicOf(topicPrefix, listId, name))),
    onNews: (listId, news) => recheck.news(listId, news),
    recheckedRevision: (listId) => store.recheckedRevision(listId),
  });
  const store = new RecordStore({
    config: config.store,
    key,
    notary,
    clock,
    log,
    isClockVouched: () => clockWatch.quality.source !== 'unknown',
    onReadsCameIn: () => recheck.readsCameIn(config.hotlist.lists.map(({ id }) => id)),
    onLoss: (losses) => {
      deliveryWarnings.lost(losses);
      uplink.wake();
    },
  });
  const uplink = new Uplink({
    config: config.mqtt,
    unitId: config.unit.id,
    outbox: store.outbox,
    clock,
    log,
  });
  uplink.onMessage((topic, payload) => {
    const wanted = parseListTopic(topicPrefix, topic);
    if (wanted !== undefined) hotlist.take(wanted, payload);
  });
  const recheck = new Recheck({
    reads: store,
    matcher: hotlist,
    reachMs: config.store.retentionDays * DAY_MS,
    clock,
    log,
    onLateHit: (hitId) => {
      counts.hits++;
      uplink.wake();
      crew.hit(hitId);
    },
  });
  let askStop: (reason: 'ignition-off') => void;
  const stopAsked = new Promise<'ignition-off'>((resolve) => {
    askStop = resolve;
  });
  const site: Site = new Site({
    config,
    clock,
    log,
    warnings,
    clockQuality: () => clockWatch.quality,
    commitEvent: (event) => {
      store.commitEvent(event);
      uplink.wake();
    },
    onLimit: (framesPerSecond) => {
      for (const { vision } of cameras) vision.limit(framesPerSecond);
    },
    onIgnitionOff: () => askStop('ignition-off'),
    onMute: (untilMono) => crew.muted(untilMono),
  });
  const crew = new Crew({ config: config.display, clock, log, warnings, site, store });
  const metrics = () => renderMetrics(snapshot());
  const control = new ControlServer({
    socketPath: config.control.socketPath,
    snapshot,
    metrics,
    crew,
    log,
  });
  const { metricsPort } = config.health;
  const metricsServer =
    metricsPort === undefined
      ? undefined
      : new MetricsServer({
          port: metricsPort,
          metrics,
          onProblem: (detail) => warnings.raise('metrics-unserved', '', detail),
        });
  const isFixed = isFixedUnit(config);
  const cameras = config.cameras.map((camera) => ({
    id: camera.id,
    vision: buildVision(camera),
    optics: new OpticsWatch({ isFixed }),
  }));
  let looking: NodeJS.Timeout | undefined;
  let reportAtMono = startedMonoMs + FIRST_REPORT_AFTER_MS;

  function buildVision(camera: CaptureConfig): VisionSupervisor {
    return new VisionSupervisor({
      configuration: { camera, plates: config.plates, passages: config.passages, logLevel: config.log.level },
      vision: config.vision,
      logger: log,
      clock,
      ...(visionEntryPath !== undefined && { entryPath: visionEntryPath }),
      onPassage: async (passage) => take(passage),
      onReady: () => warnings.clear('vision-failed', camera.id),
      onSource: (state, detail) =>
        state === 'lost'
          ? warnings.raise('camera-lost', camera.id, detail)
          : warnings.clear('camera-lost', camera.id),
      onProblem: (error) =>
        warnings.raise(
          error.code === 'vision.exited' ? 'vision-restarted' : 'vision-failed',
          camera.id,
          tell(error),
        ),
    });
  }

  /** Matched, then stored with its hit in one transaction; what throws here is reported again. */
  function take(passage: Passage): void {
    const { outcome } = passage;
    const matchedAtMs = clock.nowMs();
    const match = outcome.kind === 'read' ? hotlist.match(outcome.read, passage.decidedAtMs) : undefined;
    const position = site.sealedAt(passage.decidedAtMs, passage.id);
    let hit: Hit | undefined;
    try {
      ({ hit } = store.commit({
        passage,
        clock: clockWatch.quality,
        ...(position !== undefined && { position }),
        ...(outcome.kind === 'read' && { matchedAtMs }),
        ...(match !== undefined && { match }),
      }));
      warnings.clear('store-failing', '');
      if (passage.phase === 'closed') counts[outcome.kind]++;
      if (hit !== undefined) counts.hits++;
    } catch (error) {
      warnings.raise('store-failing', '', messageOf(error));
      throw error;
    }
    uplink.wake();
    if (hit !== undefined) crew.hit(hit.id);
    if (passage.phase === 'closed') crew.closed(passage.id);
  }

  /** States that nobody calls back about. */
  function look(): void {
    clockWatch.look();
    lookAtCameras();
    const link = uplink.snapshot();
    const isConnected = link.link.state === 'connected';
    hotlist.linkChanged(isConnected);
    hotlistWarnings.look(hotlist.snapshot(), { ...link.inbound, isConnected });
    deliveryWarnings.lookAtLink(link);
    const { store: stored } = readStore();
    feedWatchdog(isConnected, stored);
    if (stored === undefined) return;
    deliveryWarnings.lookAtStore(stored);
    if (clock.monoMs() >= reportAtMono) report(stored);
  }

  function feedWatchdog(isConnected: boolean, stored: StoreSnapshot | undefined): void {
    const seen = cameras.map(({ id, vision }) => ({ id, vision: vision.snapshot() }));
    const withFrames = seen.filter(({ vision }) => vision.source?.state === 'open').length;
    watchdog.look(
      stagesOf(seen, config.vision),
      statusLine({
        cameras: { total: seen.length, withFrames },
        isConnected,
        hitsWaiting: stored?.lanes.hits.items ?? 0,
        warnings: warnings.visible().map(({ code }) => code),
      }),
    );
  }

  /** How plates looked, and from the first camera that has a picture how light it is. */
  function lookAtCameras(): void {
    const conditions = { isIlluminatorOn: site.isIlluminatorOn, nowMono: clock.monoMs() };
    const looks = cameras.map(({ id, vision, optics }) => {
      const look = vision.snapshot().optics;
      for (const [code, detail] of optics.look(look, conditions)) warnings.tell(code, id, detail);
      return look;
    });
    site.look(looks.find(({ picture }) => picture !== undefined)?.picture?.brightness);
  }

  /** Tells the centre how the unit is; a report that cannot be stored is left out, the next one says the same. */
  function report(stored: StoreSnapshot): void {
    reportAtMono = clock.monoMs() + config.health.reportSeconds * 1000;
    const nowMs = clock.nowMs();
    try {
      store.putHealth(uuidv7(), nowMs, healthReport(snapshot(), stored, nowMs));
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      warnings.raise('store-failing', '', error.message);
    }
    uplink.wake();
  }

  async function start(): Promise<void> {
    // Whatever the umask of the shell: records are for the service's own user and group.
    process.umask(0o027);
    await control.start();
    await store.start();
    await hotlist.start(await readConfusions());
    site.start();
    crew.start();
    await metricsServer?.start();
    uplink.start();
    look();
    looking = setInterval(look, LOOK_EVERY_MS);
    for (const { vision } of cameras) vision.start();
    watchdog.ready();
  }

  async function stop(reason: StopReason): Promise<void> {
    // After ignition off the process waits for the ignition: the service goes on (parked.ts).
    if (reason === 'stop') watchdog.stopping();
    crew.announceStop(reason);
    site.announceStop();
    await Promise.all(cameras.map(({ vision }) => vision.stop()));
    clearInterval(looking);
    await recheck.stop();
    await uplink.stop();
    await hotlist.stop();
    crew.stop();
    await site.stop();
    await store.stop();
    await metricsServer?.stop();
    await control.stop();
  }

  function snapshot(): DeviceSnapshot {
    return {
      unit: config.unit.id,
      version: packageVersion(),
      uptimeSeconds: (clock.monoMs() - startedMonoMs) / 1000,
      clock: clockWatch.snapshot(),
      warnings: warnings.visible(),
      watchdog: watchdog.snapshot(),
      cameras: cameras.map(({ id, vision, optics }) => ({
        id,
        vision: vision.snapshot(),
        optics: optics.snapshot(),
      })),
      passages: counts,
      ...site.snapshot(),
      display: crew.snapshot(),
      hotlist: hotlist.snapshot(),
      recheck: recheck.snapshot(),
      ...readStore(),
      uplink: uplink.snapshot(),
    };
  }

  /** Models that cannot be read are the vision process's to tell; exact matches need none. */
  async function readConfusions(): Promise<Confusions> {
    try {
      return await loadConfusions(config.plates.modelsFolder);
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      log.warn({ code: error.code }, error.message);
      return NO_CONFUSIONS;
    }
  }

  function readStore(): { store?: StoreSnapshot } {
    try {
      return { store: store.snapshot() };
    } catch (error) {
      warnings.raise('store-failing', '', messageOf(error));
      return {};
    }
  }

  return { start, stop, snapshot, stopAsked };
}

function tell(error: DeviceError): string {
  return `${error.message}. ${error.hint}`;
}
