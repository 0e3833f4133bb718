import { type Calibration, calibrateOthers } from '../domain/calibration.js';
import type { PlateRead } from '../domain/read.js';
import { foldVrm, MAX_VRM_LENGTH, parseVrm } from '../domain/vrm.js';
import type { ElectedMark } from './election.js';

type OtherText = NonNullable<PlateRead['otherTexts']>[number];

/** As improbable as alternatives of single characters are told, and as many of them. */
const TEXT_FLOOR = 1e-4;
const MOST_TEXTS = 8;
const SHORTEST_TEXT_LENGTH = 2;

/**
 * What the vehicle may bear if it does not bear the text that was elected: characters' alternatives
 * say it of one place at a time, and nothing of characters that were lost or never there.
 * @param others most probable first.
 */
export function otherTextsOf(
  best: ElectedMark,
  others: readonly ElectedMark[],
  calibration: Calibration,
): OtherText[] {
  return others
    .flatMap(({ rows, probability }): OtherText[] => {
      const text = rows.join('');
      const vrm = parseVrm(text);
      if (vrm === undefined || text.length < SHORTEST_TEXT_LENGTH || text.length > MAX_VRM_LENGTH) return [];
      return [
        { matchKey: foldVrm(vrm), probability: calibrateOthers(probability, best.probability, calibration) },
      ];
    })
    .filter(({ probability }) => probability >= TEXT_FLOOR)
    .slice(0, MOST_TEXTS);
}
