import { platesSchema } from '../../../src/config/schema.js';
import type { Calibration } from '../../../src/domain/calibration.js';
import type { MatchKey } from '../../../src/domain/vrm.js';
import { calibrationError, reliabilityBins } from '../../../src/lib/reliability.js';
import { Reading } from '../../../src/passages/reading.js';
import { Recogniser } from '../../../src/plates/recogniser.js';
import { seededRandom } from '../clip/random.js';
import { readPassage, type SeenPassage } from './read-passage.js';
import { PassageRenderer } from './rendered-passage.js';

/** What reading a passage from a number of its frames gives, over all passages. */
export interface CurvePoint {
  readonly frames: number;
  readonly passages: number;
  /** The most probable text is the plate's, however sure (O = 0 and I = 1). */
  readonly right: number;
  /** Probable enough to leave the device, and right or wrong. */
  readonly reportedRight: number;
  readonly reportedWrong: number;
  /** Between the probability of a read and how often such reads are right, 0 to 1. */
  readonly calibrationError: number;
}

export interface FusionCurve {
  /** Frames by themselves: all of all passages. */
  readonly single: { readonly frames: number; readonly found: number; readonly right: number };
  readonly points: readonly CurvePoint[];
  /** Through tracker, read budget and all: passages by how they were recorded. */
  readonly wholeWay: {
    readonly passages: number;
    /** One record, and it says what the plate says. */
    readonly right: number;
    readonly wrong: number;
    readonly unread: number;
    /** More or fewer than one record. */
    readonly notOne: number;
  };
}

export const FRAME_COUNTS = [1, 2, 3, 5, 8, 12] as const;

/** Renders passages, reads them, and counts. Deterministic for a seed and the models. */
export async function measureFusion(options: {
  readonly seed: string;
  readonly passages: number;
  /** Told after each. */
  readonly onPassage?: (done: number) => void;
}): Promise<FusionCurve> {
  const { seed, passages, onPassage } = options;
  const config = platesSchema.parse({});
  const recogniser = new Recogniser({ config });
  await recogniser.start();
  try {
    const renderer = new PassageRenderer({ seed, count: passages });
    const seen: SeenPassage[] = [];
    for (let index = 0; index < passages; index++) {
      seen.push(await readPassage(recogniser, renderer.passage(index)));
      onPassage?.(index + 1);
    }
    return fusionCurve(seen, {
      seed,
      reportedFrom: config.readThreshold,
      calibration: recogniser.calibration,
    });
  } finally {
    await recogniser.stop();
  }
}

export interface FusionCurveOptions {
  /**
   * Of the order in which a passage's frames are taken: any of them may be the first, so that the
   * curve shows what more frames give and not what coming nearer does.
   */
  readonly seed: string;
  /** Least probability of a read that leaves the device. */
  readonly reportedFrom: number;
  /** Of the models that read. */
  readonly calibration?: Calibration;
}

export function fusionCurve(
  seen: readonly SeenPassage[],
  { seed, reportedFrom, calibration }: FusionCurveOptions,
): FusionCurve {
  const frames = seen.flatMap((passage) => passage.frames.map((frame) => ({ frame, truth: passage.truth })));
  const alone = frames.filter(({ frame, truth }) => frame && isRight(readingOf([frame], calibration), truth));
  const shuffled = seen.map((passage, index) => ({
    truth: passage.truth,
    frames: inAnyOrder(passage.frames, `${seed}/order ${index}`),
  }));
  return {
    single: {
      frames: frames.length,
      found: frames.filter(({ frame }) => frame !== undefined).length,
      right: alone.length,
    },
    points: FRAME_COUNTS.map((count) => {
      const answers = shuffled.map((passage) => {
        const reading = readingOf(passage.frames.slice(0, count), calibration);
        return {
          probability: reading.read?.probability ?? 0,
          right: isRight(reading, passage.truth),
        };
      });
      const reported = answers.filter(({ probability }) => probability >= reportedFrom);
      return {
        frames: count,
        passages: answers.length,
        right: answers.filter((answer) => answer.right).length,
        reportedRight: reported.filter((answer) => answer.right).length,
        reportedWrong: reported.filter((answer) => !answer.right).length,
        calibrationError: calibrationError(reliabilityBins(answers)),
      };
    }),
    wholeWay: wholeWay(seen),
  };
}

function readingOf(frames: SeenPassage['frames'], calibration: Calibration | undefined): Reading {
  const reading = new Reading(calibration);
  for (const frame of frames) if (frame !== undefined) reading.add(frame);
  return reading;
}

function isRight(reading: Reading, truth: MatchKey): boolean {
  return reading.read?.matchKey === truth;
}

function inAnyOrder<T>(items: readonly T[], seed: string): T[] {
  const random = seededRandom(seed);
  return items
    .map((item) => ({ item, place: random.next() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);
}

function wholeWay(seen: readonly SeenPassage[]): FusionCurve['wholeWay'] {
  const counts = { right: 0, wrong: 0, unread: 0, notOne: 0 };
  for (const { truth, closed } of seen) {
    const [record] = closed;
    if (closed.length !== 1 || record === undefined) counts.notOne++;
    else if (record.outcome.kind !== 'read') counts.unread++;
    else if (record.outcome.read.matchKey === truth) counts.right++;
    else counts.wrong++;
  }
  return { passages: seen.length, ...counts };
}
