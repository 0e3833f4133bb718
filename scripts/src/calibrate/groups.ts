import { sep } from 'node:path';
import type { JudgedRead } from '../../../src/cli/rating.js';
import { UNCALIBRATED } from '../../../src/domain/calibration.js';
import { judgeDrawn } from './drawn.js';
import { judgeFolder, originOf } from './photographs.js';
import { type SampleGroup, sampleOf } from './sample.js';

/** Scores as the models give them. */
const RAW = { calibration: UNCALIBRATED };
/**
 * What drawn reads count, all together, against 1 for those of the photographs. Drawn plates are
 * easy to have and less like the road. A camera that has found something has found a plate, nearly
 * always: one read in fifteen is taken to be of a sign. Photographs have their own share of what is no plate.
 */
const SHARES = { plates: 0.5, signs: 0.12 };

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
  return [
    ...[...judged].map(([name, reads]) => groupOf(name, 1, reads)),
    groupOf('drawn plates', (SHARES.plates * photographs) / drawn.plates.length, drawn.plates),
    groupOf('drawn signs', (SHARES.signs * photographs) / drawn.signs.length, drawn.signs),
  ];
}

function groupOf(name: string, weight: number, reads: readonly JudgedRead[]): SampleGroup {
  return { name, weight, samples: reads.flatMap((read) => sampleOf(read) ?? []) };
}
