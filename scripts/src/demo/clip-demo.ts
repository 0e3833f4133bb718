import { rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ClipTruth } from '../clip/render-clip.js';
import type { DemoDevice, DeviceStatus } from './device.js';
import { type DemoHotlist, demoHotlist } from './hotlist.js';
import { keptClip } from './kept-clip.js';
import { drawSheet } from './picture.js';
import type { ReceivedHit, ReceivedImage, ReceivedRead } from './receiver.js';
import { cellLabel, faults, hitLine, readLine, summaryLines, TABLE_HEAD } from './report.js';
import { Session } from './session.js';
import { tally } from './tally.js';

/** How long after the clip's end the last record may take to be delivered. */
const PATIENCE_S = 30;

export interface ClipDemoOptions {
  readonly root: string;
  readonly seed: string;
  readonly vehicles: number;
}

/** Runs the daemon on a rendered clip and holds what it delivers against what was in it. */
export async function runClipDemo(
  { root, seed, vehicles }: ClipDemoOptions,
  stop: AbortSignal,
): Promise<number> {
  const resultsFolder = join(root, '.run/demo');
  rmSync(resultsFolder, { recursive: true, force: true });
  const clip = await keptClip(join(root, '.run/clips'), seed, vehicles, (text) => console.log(text));
  const { truth } = clip;
  const hotlist = demoHotlist(
    truth.vehicles.map((vehicle) => vehicle.vrm),
    { seed, wanted: Math.min(5, truth.vehicles.length), lookalikes: 2, others: 400 },
  );
  const reads: ReceivedRead[] = [];
  const hits: ReceivedHit[] = [];
  const images: ReceivedImage[] = [];
  let began = Date.now();
  const seconds = () => (Date.now() - began) / 1000;
  const session = new Session();
  try {
    const device = await session.open({
      root,
      resultsFolder,
      source: { kind: 'file', path: clip.path, pace: 'realtime' },
      listener: {
        onRead: (read) => {
          reads.push(read);
          console.log(readLine(seconds(), read));
        },
        onHit: (hit) => {
          hits.push(hit);
          console.log(hitLine(seconds(), hit));
        },
        onImage: (image) => images.push(image),
        onStatus: () => undefined,
      },
    });
    await importHotlist(device, hotlist, join(resultsFolder, 'hotlist.csv'));
    console.log(announcement(truth, hotlist));
    began = Date.now();
    device.start();
    console.log(TABLE_HEAD);
    const status = await played(device, truth, stop);
    if (stop.aborted) return 130;
    await session.close();

    const result = tally(truth, hotlist.wanted, reads, hits);
    const sheetPath = await drawSheet(
      resultsFolder,
      result.vehicles.map(({ truth: vehicle, read, right }) => ({
        label: cellLabel(
          vehicle,
          read,
          hits.some((hit) => hit.read.recordId === read?.recordId),
        ),
        isPlateLeft: (read?.plateCorners[0]?.[0] ?? 0) < truth.widthPx / 2,
        tone: right ? 'good' : 'doubtful',
        images: images.filter((image) => image.recordId === read?.recordId),
      })),
    );
    console.log(
      ['', ...summaryLines({ tally: result, status, sheetPath: relative(root, sheetPath) })].join('\n'),
    );
    const wrong = faults(result);
    console.log(
      wrong.length === 0
        ? '\nEvery expected hit came, once each.'
        : `\nNOT AS IT SHOULD BE:\n  ${wrong.join('\n  ')}`,
    );
    return wrong.length === 0 ? 0 : 1;
  } finally {
    await session.close();
  }
}

async function importHotlist(device: DemoDevice, hotlist: DemoHotlist, path: string): Promise<void> {
  writeFileSync(path, hotlist.csv);
  console.log(await device.importHotlist(path));
}

function announcement(truth: ClipTruth, hotlist: DemoHotlist): string {
  const clipSeconds = Math.round(truth.frameCount / truth.framesPerSecond);
  return [
    '',
    `A clip of ${truth.vehicles.length} vehicles, ${clipSeconds} s, is now played to the daemon as a camera would.`,
    `On the hotlist of ${hotlist.rowCount} marks: ${hotlist.wanted.join(', ')}, which should hit,`,
    `and ${hotlist.lookalikes.join(', ')}, which only look like one of the clip and should not.`,
    '',
  ].join('\n');
}

/**
 * Waits until the clip is over and everything of it is delivered.
 * @returns the daemon's last status
 */
async function played(
  device: DemoDevice,
  truth: ClipTruth,
  stop: AbortSignal,
): Promise<DeviceStatus | undefined> {
  const untilMs = Date.now() + 1000 * (truth.frameCount / truth.framesPerSecond + PATIENCE_S);
  let last: DeviceStatus | undefined;
  while (!stop.aborted && Date.now() < untilMs) {
    await delay(500, undefined, { signal: stop }).catch(() => undefined);
    if (stop.aborted) break;
    last = (await device.status()) ?? last;
    if (last !== undefined && isOver(last)) break;
  }
  return last;
}

function isOver({ cameras, store }: DeviceStatus): boolean {
  return (
    cameras.every(({ vision }) => vision.state === 'ended' && vision.openPassages === 0) &&
    Object.values(store?.lanes ?? {}).every(({ items }) => items === 0)
  );
}
