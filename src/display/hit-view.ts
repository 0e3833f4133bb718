import type { PlateHint } from '../domain/hint.js';
import { categoryOfMatch, type HitCategory } from '../domain/hit-category.js';
import type { Direction } from '../domain/passage.js';
import type {
  AlternativeMark,
  ListAge,
  ListLevel,
  MatchedEntry,
  MatchKind,
  VoiEntry,
} from '../domain/voi.js';
import type { BoardHit, HitState } from './board-hit.js';

/** Everything that can be told of a hit on a screen, flat, so that profiles can name what they show. */
export interface HitView extends EntryView {
  readonly id: string;
  /** Orders hits that are alike: the greater came later. */
  readonly arrival: number;
  readonly state: HitState;
  readonly category: HitCategory;
  /** The listed mark. */
  readonly vrm: string;
  /** As it was read, where that is another. */
  readonly readVrm?: string;
  readonly kind: MatchKind;
  /** 0 to 1: that the vehicle bears the listed mark. */
  readonly probability: number;
  readonly alternatives?: readonly AlternativeMark[];
  /** false: the final read says another mark. */
  readonly stands: boolean;
  /** UTC, milliseconds: when the vehicle passed. */
  readonly capturedAtMs: number;
  readonly cameraId: string;
  readonly direction: Direction;
  readonly hints?: readonly PlateHint[];
  readonly listLevel: ListLevel;
  readonly listOwner: string;
  readonly otherEntries?: readonly EntryView[];
  /** UTC, milliseconds. */
  readonly decidedAtMs?: number;
}

/** What an entry says, without the columns that it leaves empty. */
export interface EntryView extends Partial<Pick<VoiEntry, (typeof COLUMNS)[number]>> {
  readonly listId: string;
  /** How old the list was when the match was made. */
  readonly listAgeMs?: number;
  readonly isListOverAge: boolean;
  /** The entry's own, or its list's default; empty: none. */
  readonly action: string;
}

const COLUMNS = [
  'make',
  'model',
  'colour',
  'warningMarkers',
  'reason',
  'intelligenceGrading',
  'informationAction',
  'forceAndArea',
  'weedDate',
  'pncId',
  'protectiveMarking',
  'cadInformation',
  'spare1',
  'spare2',
] as const satisfies readonly (keyof VoiEntry)[];

/** No screen holds more, and a board of such hits can be told at once. */
const MOST_OTHER_ENTRIES = 4;
const MOST_CHARACTERS = 600;

export function viewOf({ hit, passage, state, arrival, stands, decidedAtMs }: BoardHit): HitView {
  const { match } = hit;
  const [first, ...others] = match.entries;
  if (first === undefined) throw new Error('a hit without an entry');
  const { outcome } = passage;
  const { vrm } = first.entry;
  const readVrm = outcome.kind === 'read' && outcome.read.vrm !== vrm ? outcome.read.vrm : undefined;
  const entryView = entryViewIn(match.lists);
  return {
    id: hit.id,
    arrival,
    state,
    category: categoryOfMatch(match),
    vrm,
    ...(readVrm !== undefined && { readVrm }),
    kind: match.kind,
    probability: match.probability,
    ...(match.alternatives.length > 0 && { alternatives: match.alternatives }),
    stands,
    ...entryView(first),
    capturedAtMs: passage.decidedAtMs,
    cameraId: passage.cameraId,
    direction: passage.direction,
    ...(passage.hints !== undefined && { hints: passage.hints }),
    listLevel: first.list.level,
    listOwner: first.list.owner,
    ...(others.length > 0 && { otherEntries: others.slice(0, MOST_OTHER_ENTRIES).map(entryView) }),
    ...(decidedAtMs !== undefined && { decidedAtMs }),
  };
}

function entryViewIn(ages: readonly ListAge[]): (matched: MatchedEntry) => EntryView {
  return ({ list, entry, action }) => {
    const age = ages.find(({ id }) => id === list.id);
    return {
      listId: list.id,
      ...(age !== undefined && { listAgeMs: age.ageMs }),
      // Of a list whose age is not known nobody may think that it is fresh.
      isListOverAge: age?.isOverAge ?? true,
      action,
      ...Object.fromEntries(
        COLUMNS.filter((column) => entry[column] !== '').map((column) => [column, shortened(entry[column])]),
      ),
    };
  };
}

/** What is cut says so: nobody may take half of a sentence for the whole. */
function shortened(text: string): string {
  return text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS)} (cut)`;
}
