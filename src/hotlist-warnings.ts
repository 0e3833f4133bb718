import type { WarningCode, Warnings } from './health/warnings.js';
import type { HotlistSnapshot, ListSnapshot } from './matching/hotlist-snapshot.js';

const LIST_CODES = [
  'hotlist-over-age',
  'hotlist-expired',
  'hotlist-refused',
  'hotlist-failing',
] as const satisfies readonly WarningCode[];

/** Turns the state of the lists into warnings; keeps which lists it has warned of. */
export class HotlistWarnings {
  readonly #warnings: Warnings;
  #ids: readonly string[] = [];

  constructor(warnings: Warnings) {
    this.#warnings = warnings;
  }

  /**
   * @param link to the broker. While it is away nothing can come, which has a warning of its own;
   *   `problem`: what the broker refuses to send.
   */
  look(hotlist: HotlistSnapshot, link: { readonly isConnected: boolean; readonly problem?: string }): void {
    const { state, detail, clock, markCount, lists } = hotlist;
    const isHeld = lists.some(({ inForce }) => inForce?.isMatched);
    this.#warnings.tell('hotlist-missing', '', isHeld || state === 'starting' ? undefined : detail);
    this.#warnings.tell('hotlist-failing', '', isHeld && state === 'unreadable' ? detail : link.problem);
    const doubt = clock === 'behind' ? earlierThan(lists) : 'it is over a year after every list was issued';
    this.#warnings.tell('clock-doubtful', '', clock === 'credible' || markCount === 0 ? undefined : doubt);
    for (const list of lists) {
      for (const code of LIST_CODES)
        this.#warnings.tell(code, list.id, faultOf(code, list, link.isConnected));
    }
    const ids = lists.map(({ id }) => id);
    for (const gone of this.#ids.filter((id) => !ids.includes(id))) {
      for (const code of LIST_CODES) this.#warnings.clear(code, gone);
    }
    this.#ids = ids;
  }
}

/** Named: where it is one list alone, its owner's clock may be the wrong one. */
function earlierThan(lists: readonly ListSnapshot[]): string {
  const issued = lists.flatMap(({ id, inForce }) =>
    inForce?.isMatched ? [{ id, atMs: inForce.issuedAtMs }] : [],
  );
  const newest = issued.reduce((late, one) => (one.atMs > late.atMs ? one : late), { id: '', atMs: 0 });
  return `it is earlier than the list ${newest.id} was issued (${new Date(newest.atMs).toISOString()}), unless its owner's clock is wrong`;
}

function faultOf(
  code: (typeof LIST_CODES)[number],
  { inForce, sync }: ListSnapshot,
  isConnected: boolean,
): string | undefined {
  switch (code) {
    case 'hotlist-over-age':
      if (!inForce?.isMatched || !inForce.isOverAge) return undefined;
      return `revision ${inForce.revision} was confirmed last at ${new Date(inForce.issuedAtMs).toISOString()}`;
    case 'hotlist-expired':
      if (!inForce?.isMatched || !inForce.isExpired) return undefined;
      return `revision ${inForce.revision} was valid until ${new Date(inForce.expiresAtMs ?? 0).toISOString()}`;
    case 'hotlist-refused':
      return sync?.refused && `${sync.refused.message}. ${sync.refused.hint}`;
    case 'hotlist-failing':
      if (sync?.failing !== undefined) return `${sync.failing.message}. ${sync.failing.hint}`;
      if (sync?.state !== 'silent' || inForce !== undefined || !isConnected) return undefined;
      return 'no manifest of it has come; expected the broker to keep one, and to let this device read it';
  }
}
