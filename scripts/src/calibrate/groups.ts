import { sep } from 'node:path';
import type { JudgedRead } from '../../../src/cli/rating.js';
import { formOf, UNCALIBRATED } from '../../../src/domain/calibration.js';
import { judgeDrawn } from './drawn.js';
import { judgeFolder, originOf } from './photographs.js';
import { type SampleGroup, sampleOf } from './sample.js';

/** Scores as the models give them. */
const RAW = { calibration: UNCALIBRATED };
/**
 * What drawn reads count, all together, against 1 for those of the photographs. Drawn plates are
 * easy to have and less like the road. What a camera finds is a plate, nearly always: one read in
 * fifty is taken to be of a sign that reads like a mark. What reads like a word or a number is
 * nearly always a sign. Photographs bring their own share of what is no plate.
 */
const SHARES = { plates: 0.5, signsLikeMarks: 0.02, otherSigns: 0.2 };

/** Reads to fit on: photographs by the folder that they come from, drawn plates, and drawn signs. */
export async function gatherGroups(folders: readonly string[], models: string): Promise<SampleGroup[]> {
  const judged = new Map<string, JudgedRead[]>();
  for (const folder of folders) {
    for (const { picture, judged: reads } of await judgeFolder(folder, models, RAW)) {
      const origin = originOf(folder, picture).replaceAll(sep, '/');
      judged.set(origin, [...(judged.get(origin) ?? []), ...reads]);
    }
  }
  const drawn = await judgeDrawn(models, RAW);
  const photographs = [...judged.values()].flat().length;
  const shared = (name: string, share: number, reads: readonly JudgedRead[]) =>
    groupOf(name, (share * photographs) / Math.max(1, reads.length), reads);
  return [
    ...[...judged].map(([name, reads]) => groupOf(name, 1, reads)),
    shared('drawn plates', SHARES.plates, drawn.plates),
    shared('signs like marks', SHARES.signsLikeMarks, drawn.signs.filter(readsLikeMark)),
    shared(
      'other signs',
      SHARES.otherSigns,
      drawn.signs.filter((sign) => !readsLikeMark(sign)),
    ),
  ];
}

function readsLikeMark({ read }: JudgedRead): boolean {
  const { noDigit, noLetter, short } = formOf(read.matchKey);
  return noDigit === 0 && noLetter === 0 && short === 0;
}

function groupOf(name: string, weight: number, reads: readonly JudgedRead[]): SampleGroup {
  return { name, weight, samples: reads.flatMap((read) => sampleOf(read) ?? []) };
}
