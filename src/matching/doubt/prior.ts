import { isIssuedBy } from '../../domain/grammar/age-identifier.js';
import type { UkClass } from '../../domain/grammar/forms.js';
import type { PlateRead } from '../../domain/read.js';

/**
 * How likely a passing vehicle is to bear one given text, before its plate was read.
 *
 * A text at large: the share of vehicles with a mark of its form, divided by the number of texts of
 * the form; which is 1 in 40 million vehicles, times the part of the form's texts that are issued.
 * The numbers of texts follow from the forms of domain/grammar: with 23 letters for memory tags,
 * 24 for the last three, 21 for years, and 51 age identifiers issued by the end of 2026,
 *
 *     current           23^2 * 51 * 24^3          373 million
 *     prefix, suffix    21 * 999 * 23^3           255 million
 *     q                 999 * 23^3                 12 million
 *     northern-ireland  23 * 96 * 9,999            22 million
 *     dateless          2 * (9,999 * 702 + 999 * 26^3)   49 million
 *
 * The shares are recalled, not looked up: 40 million vehicles, six in seven with a current mark,
 * older forms kept alive by cherished marks, a thirtieth from Northern Ireland, one in a hundred
 * with a mark of another kind. An error by half moves a possible match's probability by about as much.
 */
const SHARE_AND_TEXTS: Readonly<Partial<Record<UkClass, readonly [number, number]>>> = {
  current: [0.86, 373e6],
  prefix: [0.07, 255e6],
  suffix: [0.01, 255e6],
  q: [0.0005, 12e6],
  'northern-ireland': [0.03, 22e6],
  dateless: [0.02, 49e6],
};
/** Diplomatic, trade and military marks, the islands and Ireland (most of the texts): recalled. */
const OF_ANOTHER_FORM: readonly [number, number] = [0.01, 100e6];

/**
 * A mark of no UK form, or with an age identifier to come, in relation to what its probability as a
 * read takes for granted. One vehicle in a hundred is foreign (recalled), and foreign texts are some
 * billions, a thousandth of what a current text has; fuse takes a tenth of that into account.
 */
const IMPLAUSIBLE = 0.01;

/**
 * No vehicle of a list passes a camera more often than that: once in 50 days where 20,000 vehicles
 * pass a day, forty times as often as the average vehicle of the country. The share of vehicles
 * that are listed says nothing of a list of ten marks.
 */
const MOST_OFTEN = 1e-6;

export interface Prior {
  /** Probability that a passing vehicle bears one given text like the read's, 0 to 1. */
  readonly perText: number;
  /** How likely the read's own text is to be a mark at all, in relation to what its probability says. */
  readonly plausibility: number;
}

/**
 * What is competing with listed marks. Candidates differ from the read in a character or two and are
 * nearly always of its form; where it has none, most are current.
 * @param seenAtMs UTC, milliseconds; undefined where no clock can tell.
 */
export function priorOf(read: PlateRead, seenAtMs: number | undefined): Prior {
  const { ukClass } = read;
  const isIssued = seenAtMs === undefined || isIssuedBy(read.vrm, seenAtMs);
  if (ukClass === undefined || !isIssued) return { perText: perTextOf('current'), plausibility: IMPLAUSIBLE };
  return { perText: perTextOf(ukClass), plausibility: 1 };
}

/**
 * How many times likelier a passing vehicle is to bear one given mark of a list than one given mark at large.
 * @param listedShare of the vehicles passing that are on the list, 0 to 1.
 */
export function weightOfListed(
  { listedShare, markCount }: { readonly listedShare: number; readonly markCount: number },
  { perText }: Prior,
): number {
  return Math.min(listedShare / Math.max(markCount, 1), MOST_OFTEN) / perText;
}

function perTextOf(ukClass: UkClass): number {
  const [share, texts] = SHARE_AND_TEXTS[ukClass] ?? OF_ANOTHER_FORM;
  return share / texts;
}
