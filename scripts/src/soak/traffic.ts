import { randomBytes } from 'node:crypto';
import { existsSync, openSync, writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { uuidv7 } from 'uuidv7';
import { NO_OPTICS } from '../../../src/domain/optics.js';
import type { Passage } from '../../../src/domain/passage.js';
import { MainLink } from '../../../src/vision/main-link.js';
import type { VisionProgress } from '../../../src/vision/protocol.js';
import { passageOf } from './passages.js';
import {
  type JournalEntry,
  journalLine,
  listedMarks,
  ORDER_VARIABLE,
  type TrafficOrder,
  vehicleOf,
} from './traffic-orders.js';

/**
 * Stands in the vision process's place: speaks its protocol through its own end of the channel, and
 * reports vehicles without cameras and models. A report that was acknowledged is written down at once,
 * in a file of its own: what the journal names is committed, whatever died meanwhile.
 */
const FAILED = 1;
const FRAME_MS = 40;
const POOL_BYTES = 1 << 20;
/** A vehicle has the number of its moment, so that no two processes report the same one. */
const EPOCH_MS = Date.UTC(2026, 0, 1);

process.on('SIGTERM', () => undefined);
process.on('SIGINT', () => undefined);
process.on('disconnect', () => process.exit(FAILED));
if (!process.connected) process.exit(FAILED);

const order = JSON.parse(process.env[ORDER_VARIABLE] ?? '') as TrafficOrder;
const link = new MainLink({ process });
const { camera } = await link.configured();
const listed = listedMarks(order.seed);
const journal = openSync(order.journalPath, 'a');
const pool = randomBytes(POOL_BYTES);
const startedMs = Date.now();
const inView = new Map<string, { readonly passage: Passage; readonly isListed: boolean }>();
let frames = 0;
let isStopping = false;

link.onStop(() => {
  isStopping = true;
});
link.send({ kind: 'source', state: 'open', detail: 'traffic' });
link.send({ kind: 'ready' });
await pass();
for (const id of [...inView.keys()]) close(id);
await link.acknowledged();
process.exit(0);

async function pass(): Promise<void> {
  const everyMs = 1_000 / order.perSecond;
  let dueMs = Date.now();
  while (!isStopping) {
    // As a live camera: what the store has no time for is not made up for.
    dueMs = Math.max(dueMs + everyMs, Date.now());
    await workUntil(dueMs);
    await link.room(beat);
    if (!isStopping && !existsSync(order.quietPath)) arrive(Math.floor((dueMs - EPOCH_MS) / everyMs));
  }
}

/** Frames go by, with a beat each, while no vehicle is due. */
async function workUntil(dueMs: number): Promise<void> {
  while (!isStopping && Date.now() < dueMs) {
    await delay(Math.min(FRAME_MS, dueMs - Date.now()));
    leave();
    beat();
  }
}

function arrive(count: number): void {
  const { mark, isListed } = vehicleOf(count, order, listed);
  const passage = passageOf({
    id: uuidv7(),
    cameraId: camera.id,
    mark,
    nowMs: Date.now(),
    frame: frames,
    pictures: { pool, overviewBytes: order.overviewBytes, patchBytes: order.patchBytes },
  });
  inView.set(passage.id, { passage, isListed });
  report(passage, isListed);
  beat();
}

function leave(): void {
  for (const [id, { passage }] of inView) {
    if (Date.now() - passage.decidedAtMs >= order.inViewMs) close(id);
  }
}

function close(id: string): void {
  const { passage, isListed } = inView.get(id) as { passage: Passage; isListed: boolean };
  inView.delete(id);
  report({ ...passage, phase: 'closed', lastSeenAtMs: Date.now() }, isListed);
}

function report(passage: Passage, isListed: boolean): void {
  const entry: JournalEntry = { recordId: passage.id, phase: passage.phase, isListed };
  link.report(passage, () => writeSync(journal, journalLine(entry)));
}

function beat(): void {
  frames = Math.floor((Date.now() - startedMs) / FRAME_MS);
  const progress: VisionProgress = {
    framesProcessed: frames,
    framesDropped: 0,
    framesLimited: 0,
    framesWithoutMotion: 0,
    resumeFromFrame: 0,
    openPassages: inView.size,
    standingIds: [],
    noise: 0,
    detectMs: 0,
    readMs: 0,
    optics: NO_OPTICS,
  };
  link.send({ kind: 'beat', progress });
}
