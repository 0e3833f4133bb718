import { type ChildProcess, fork } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PlateRead } from '../../../src/domain/read.js';
import { publicKeyText } from '../../../src/lib/ed25519.js';
import { packageRoot } from '../../../src/lib/package-root.js';
import { createStorageKey, loadStorageKey } from '../../../src/lib/storage-key.js';
import { PackageFolder } from '../../../src/matching/publisher/package-folder.js';
import { publish } from '../../../src/matching/publisher/publish.js';
import { loadConfusions } from '../../../src/plates/manifest.js';
import { drawnReads } from '../doubt/drawn-reads.js';
import { type CheckCost, measureChecks } from '../hotlist/checks.js';
import { groupsOfNumbers, markOfNumber, numbersOfList, spread } from '../hotlist/list-content.js';
import type { DeviceOrder, DeviceReport, TakenOver } from '../hotlist/orders.js';
import { type AreaReport, describeMachine, type Figure } from './report.js';

/**
 * Lists of three sizes on a device's process: how long a snapshot and a delta take until they are
 * matched against, what a read waits meanwhile, what a check costs afterwards, and the memory.
 */
const SEED = 'bench hotlist';
const SIZES = { small: 10_000, usual: 2_000_000, large: 5_000_000 } as const;
const DELTA_ROWS = 10_000;
const READS = 600;

interface SizeReport {
  readonly marks: number;
  readonly publishMs: number;
  readonly packageBytes: number;
  readonly startedBytes: number;
  readonly snapshot: TakenOver;
  readonly delta: TakenOver;
  readonly deltaBytes: number;
  readonly checks: CheckCost;
}

export async function benchHotlist(say: (line: string) => void): Promise<AreaReport> {
  say(`drawing and reading ${READS} plates`);
  const reads: PlateRead[] = [];
  for await (const { read, isReported } of drawnReads(SEED, READS)) if (isReported) reads.push(read);
  const reports: Record<keyof typeof SIZES, SizeReport> = {
    small: await benchSize(SIZES.small, reads, say),
    usual: await benchSize(SIZES.usual, reads, say),
    large: await benchSize(SIZES.large, reads, say),
  };
  return { area: 'hotlist', machine: describeMachine(), figures: figuresOf(reports) };
}

async function benchSize(
  count: number,
  reads: readonly PlateRead[],
  say: (line: string) => void,
): Promise<SizeReport> {
  const folder = mkdtempSync(join(tmpdir(), 'anprd-bench-hotlist-'));
  const [keyFile, path, packageFolder] = ['storage.key', 'hotlist.db', 'package'].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  const readsFile = join(folder, 'reads.json');
  const { privateKey } = generateKeyPairSync('ed25519');
  const numbers = [...numbersOfList(`${SEED} ${count}`, count)];
  const signed = async (changed: ReadonlySet<number>) => {
    const beganMs = performance.now();
    const { manifest } = await publish({
      folder: new PackageFolder(packageFolder),
      terms: { list: 'bench', level: 'national', owner: 'bench', defaultAction: 'STOP' },
      content: {
        markCount: numbers.length,
        entryCount: numbers.length,
        groups: () => groupsOfNumbers(numbers, changed),
      },
      privateKey,
      nowMs: Date.now(),
    });
    return { manifest, tookMs: performance.now() - beganMs };
  };
  let device: Device | undefined;
  try {
    createStorageKey(keyFile);
    writeFileSync(readsFile, JSON.stringify(reads));
    say(`${numbers.length} marks: signing the list`);
    const first = await signed(new Set());
    device = new Device();
    const publicKey = publicKeyText(privateKey);
    const started = await device.tell({
      kind: 'start',
      path,
      keyFile,
      publicKey,
      folder: packageFolder,
      readsFile,
    });
    say(`${numbers.length} marks: taking the snapshot over`);
    const snapshot = await device.takeOver(1);
    const second = await signed(spread(numbers, DELTA_ROWS));
    say(`${numbers.length} marks: taking a delta over`);
    const delta = await device.takeOver(2);
    await device.stop();
    say(`${numbers.length} marks: checking reads`);
    const confusions = await loadConfusions(join(packageRoot(import.meta.dirname), 'models'));
    const key = loadStorageKey({ keyFile });
    const listed = [...spread(numbers, 2_000)].map(markOfNumber);
    return {
      marks: numbers.length,
      publishMs: first.tookMs,
      packageBytes: first.manifest.snapshot.bytes,
      startedBytes: started.kind === 'started' ? started.residentBytes : Number.NaN,
      snapshot,
      delta,
      deltaBytes: second.manifest.deltas[0]?.bytes ?? Number.NaN,
      checks: measureChecks({ path, key, reads, confusions, listed }),
    };
  } finally {
    device?.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The process that is measured: nothing of the bench's own memory and work is in it. */
class Device {
  readonly #child: ChildProcess = fork(fileURLToPath(new URL('../hotlist/device.js', import.meta.url)));

  async tell(order: DeviceOrder): Promise<DeviceReport> {
    this.#child.send(order);
    const ended = new AbortController();
    const gone = once(this.#child, 'exit', { signal: ended.signal }).then(() => {
      throw new Error('the measured process died');
    });
    try {
      const [report] = await Promise.race([once(this.#child, 'message', { signal: ended.signal }), gone]);
      return report as DeviceReport;
    } finally {
      gone.catch(() => undefined);
      ended.abort();
    }
  }

  async takeOver(revision: number): Promise<TakenOver> {
    const report = await this.tell({ kind: 'take-over', revision });
    if (report.kind !== 'taken-over') throw new Error(`expected a list taken over, got ${report.kind}`);
    return report;
  }

  async stop(): Promise<void> {
    const gone = once(this.#child, 'exit');
    this.#child.send({ kind: 'stop' } satisfies DeviceOrder);
    await gone;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

function figuresOf({ small, usual, large }: Record<keyof typeof SIZES, SizeReport>): AreaReport['figures'] {
  const seconds = (ms: number, most?: number): Figure => ({
    value: ms / 1_000,
    unit: 's',
    ...(most !== undefined && { bar: { is: 'at most', value: most } }),
  });
  const megabytes = (bytes: number, most?: number): Figure => ({
    value: bytes / 1e6,
    unit: 'MB',
    ...(most !== undefined && { bar: { is: 'at most', value: most } }),
  });
  const of = (value: number, unit: string, most?: number): Figure => ({
    value,
    unit,
    ...(most !== undefined && { bar: { is: 'at most', value: most } }),
  });
  return {
    '2 M marks: signed by the owner in': seconds(usual.publishMs),
    '2 M marks: snapshot as it travels': megabytes(usual.packageBytes),
    '2 M marks: snapshot in force after': seconds(usual.snapshot.tookMs, 20),
    '2 M marks: CPU time of that': seconds(usual.snapshot.cpuMs),
    '2 M marks: a read waits meanwhile, p99': of(usual.snapshot.pauseP99Ms, 'ms', 20),
    '2 M marks: a read waits meanwhile, most': of(usual.snapshot.pauseMostMs, 'ms'),
    '2 M marks: delta of 10,000 rows as it travels': megabytes(usual.deltaBytes),
    '2 M marks: delta of 10,000 rows in force after': seconds(usual.delta.tookMs, 1),
    '2 M marks: CPU time of that delta': seconds(usual.delta.cpuMs),
    '2 M marks: a read waits meanwhile, most (delta)': of(usual.delta.pauseMostMs, 'ms'),
    'process before any list, resident': megabytes(usual.startedBytes),
    '2 M marks: resident after the snapshot': megabytes(usual.snapshot.residentBytes, 250),
    '2 M marks: resident after the delta': megabytes(usual.delta.residentBytes, 250),
    '2 M marks: resident at most meanwhile': megabytes(usual.snapshot.peakBytes),
    '2 M marks: exact check, p99': of(usual.checks.exactP99Us, 'us', 50),
    '10,000 marks: exact check, CPU': of(small.checks.exactCpuUs, 'us'),
    '10,000 marks: check with doubt, CPU': of(small.checks.doubtCpuUs, 'us'),
    '5 M marks: exact check, CPU': of(large.checks.exactCpuUs, 'us'),
    '5 M marks: check with doubt, CPU': of(large.checks.doubtCpuUs, 'us'),
    '2 M marks: check with doubt, median': of(usual.checks.doubtP50Us, 'us'),
    '2 M marks: check with doubt, p99': of(usual.checks.doubtP99Us, 'us', 500),
    '2 M marks: check that hits, its entry fetched, median': of(usual.checks.hitP50Us, 'us'),
    'index in memory': of(usual.checks.indexBytesPerMark, 'bytes a mark'),
    '5 M marks: snapshot in force after': seconds(large.snapshot.tookMs),
    '5 M marks: delta of 10,000 rows in force after': seconds(large.delta.tookMs),
    '5 M marks: resident after the snapshot': megabytes(large.snapshot.residentBytes),
    '5 M marks: check with doubt, p99': of(large.checks.doubtP99Us, 'us'),
    'exact check, 5 M marks against 10,000': of(
      large.checks.exactCpuUs / small.checks.exactCpuUs,
      'times',
      2,
    ),
    'check with doubt, 5 M marks against 10,000': of(
      large.checks.doubtCpuUs / small.checks.doubtCpuUs,
      'times',
      2,
    ),
    'snapshot, 2 M against 10,000, by the mark': of(
      usual.snapshot.tookMs / usual.marks / (small.snapshot.tookMs / small.marks),
      'times',
    ),
  };
}
