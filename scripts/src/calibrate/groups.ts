import { sep } from 'node:path';
import type { JudgedRead } from '../../../src/cli/rating.js';
import { UNCALIBRATED } from '../../../src/domain/calibration.js';
import { judgeDrawn } from './drawn.js';
import { judgeFolder, originOf } from './photographs.js';
import { type SampleGroup, sampleOf } from './sample.js';

/** Scores as the models give them. */
const RAW = { calibration: UNCALIBRATED };
/**
 * What drawn reads count, against 1 for a photograph's: they are easy to have and less like the
 * road. Signs count for their share of what a camera finds, which is plates by far.
 */
const WEIGHTS = { plates: 0.5, signs: 0.25 };

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
  return [
    ...[...judged].map(([name, reads]) => groupOf(name, 1, reads)),
    groupOf('drawn plates', WEIGHTS.plates, drawn.plates),
    groupOf('drawn signs', WEIGHTS.signs, drawn.signs),
  ];
}

function groupOf(name: string, weight: number, reads: readonly JudgedRead[]): SampleGroup {
  return { name, weight, samples: reads.flatMap((read) => sampleOf(read) ?? []) };
}
