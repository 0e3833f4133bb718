import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { captureSchema, passagesSchema, platesSchema, visionSchema } from '../../src/config/schema.js';
import type { Passage } from '../../src/domain/passage.js';
import { createLogger } from '../../src/lib/log.js';
import { VisionSupervisor } from '../../src/vision/supervisor.js';

/**
 * A real recording of a toll lane, through a real vision process: three vehicles, one of which
 * stands at the booth at first, and a line of text burnt into the picture that names a fourth
 * mark. Not part of the repository: ANPRD_DATA names the folder that holds clip-toll.
 */
const CLIP = join(
  process.env.ANPRD_DATA ?? resolve(import.meta.dirname, '../../../shared/data'),
  'clip-toll/clip.mp4',
);
const ENTRY = resolve(import.meta.dirname, '../../dist/src/vision/entry.js');
const VEHICLES = ['34A36837', '34A23126', '89C20339'];
/** A lorry in the next lane is cut off by the picture's border and may be read or not. */
const MOST_OTHERS = 1;

const isThere = existsSync(CLIP);
if (!isThere) console.warn(`skipped: ${CLIP} is not there; set ANPRD_DATA to the folder of clip-toll`);

interface Watched {
  readonly committed: readonly Passage[];
  /** Marks of closed passages, folded; '?' where there was no read. */
  readonly marks: readonly string[];
  readonly restarts: number;
}

/** Plays the recording as fast as it can be read, and kills the process where asked to. */
async function watch(killAfterFrames: readonly number[] = []): Promise<Watched> {
  const committed: Passage[] = [];
  const supervisor = new VisionSupervisor({
    configuration: {
      camera: captureSchema.parse({ source: { kind: 'file', path: CLIP, pace: 'fast' } }),
      plates: platesSchema.parse({}),
      passages: passagesSchema.parse({}),
      logLevel: 'warn',
    },
    vision: visionSchema.parse({}),
    logger: createLogger('silent'),
    entryPath: ENTRY,
    onPassage: async (passage) => {
      committed.push(passage);
    },
  });
  supervisor.start();
  const kills = [...killAfterFrames];
  const killing = setInterval(() => {
    const { framesProcessed, pid } = supervisor.snapshot();
    if (kills[0] === undefined || pid === undefined || framesProcessed < kills[0]) return;
    kills.shift();
    process.kill(pid, 'SIGKILL');
  }, 10);
  try {
    await supervisor.finished();
  } finally {
    clearInterval(killing);
    await supervisor.stop();
  }
  const marks = committed
    .filter(({ phase }) => phase === 'closed')
    .map(({ outcome }) => (outcome.kind === 'read' ? (outcome.read.matchKey as string) : '?'));
  return { committed, marks, restarts: supervisor.snapshot().restarts };
}

const others = (marks: readonly string[]) => marks.filter((mark) => !VEHICLES.includes(mark));

describe.skipIf(!isThere)('the toll lane', { timeout: 300_000 }, () => {
  it('gives its three vehicles once each, read right, and nothing from the overlay', async () => {
    const { committed, marks } = await watch();
    for (const vehicle of VEHICLES) expect(marks.filter((mark) => mark === vehicle)).toEqual([vehicle]);
    expect(others(marks).length, `also reported: ${others(marks)}`).toBeLessThanOrEqual(MOST_OTHERS);
    expect(marks.some((mark) => mark.includes('028'))).toBe(false);
    for (const { platePatch, overviewImage } of committed) {
      expect(platePatch?.jpeg.length).toBeLessThanOrEqual(3_072);
      expect(platePatch?.widthPx).toBeLessThanOrEqual(120);
      expect(platePatch?.heightPx).toBeLessThanOrEqual(60);
      expect(overviewImage?.jpeg.length).toBeLessThanOrEqual(25_600);
    }
  });

  it('gives the same three once each although its process is killed three times', async () => {
    const { committed, marks, restarts } = await watch([35, 115, 330]);
    expect(restarts).toBe(3);
    for (const vehicle of VEHICLES) expect(marks.filter((mark) => mark === vehicle)).toEqual([vehicle]);
    expect(others(marks).length, `also reported: ${others(marks)}`).toBeLessThanOrEqual(MOST_OTHERS);
    const ids = committed.map(({ id, phase }) => `${id} ${phase}`);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
