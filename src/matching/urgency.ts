import { categoryOfAction, HIT_CATEGORIES } from '../domain/hit-category.js';
import { LIST_LEVELS, type MatchedEntry } from '../domain/voi.js';

/**
 * The most urgent entry first: by its action, then by how near its list is to the crew, then by the
 * list's name, so that the order is the same every time.
 *
 * Near before far, because a local or force list is there for what is going on around the camera
 * now, and its owner is the control room that the crew talks to; a national list is a standing record.
 */
export function byUrgency(a: MatchedEntry, b: MatchedEntry): number {
  return (
    urgencyOf(a.action) - urgencyOf(b.action) ||
    LIST_LEVELS.indexOf(a.list.level) - LIST_LEVELS.indexOf(b.list.level) ||
    (a.list.id < b.list.id ? -1 : Number(a.list.id > b.list.id))
  );
}

function urgencyOf(action: string): number {
  return HIT_CATEGORIES.indexOf(categoryOfAction(action));
}
