/** What is kept of each statement of a chain while a stream is verified. */
export interface Link {
  readonly digest: string;
  readonly previous: string;
  readonly id: string;
}

const DIGEST_BYTES = 32;
const ID_BYTES = 16;
const SLOT_BYTES = 1 + 2 * DIGEST_BYTES + ID_BYTES;
const SLOTS_PER_PAGE = 512;
const USED = 1;
const USED_AND_FIRST = 2;

/**
 * Links by number, 81 bytes each in pages, so that a week of a busy camera (140,000 statements) takes
 * some 11 MB and comes in any order.
 */
export class LinkIndex {
  readonly #pages = new Map<number, Buffer>();

  get(sequence: number): Link | undefined {
    const page = this.#pages.get(Math.floor(sequence / SLOTS_PER_PAGE));
    const at = slotOf(sequence);
    const state = page?.[at];
    if (page === undefined || state === undefined || state === 0) return undefined;
    const text = (from: number) => page.toString('base64url', from, from + DIGEST_BYTES);
    const idAt = at + 1 + 2 * DIGEST_BYTES;
    return {
      digest: text(at + 1),
      previous: state === USED_AND_FIRST ? '' : text(at + 1 + DIGEST_BYTES),
      id: page
        .toString('hex', idAt, idAt + ID_BYTES)
        .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
    };
  }

  /** @param sequence one that is not there yet. */
  add(sequence: number, { digest, previous, id }: Link): void {
    const number = Math.floor(sequence / SLOTS_PER_PAGE);
    let page = this.#pages.get(number);
    if (page === undefined) {
      page = Buffer.alloc(SLOTS_PER_PAGE * SLOT_BYTES);
      this.#pages.set(number, page);
    }
    const at = slotOf(sequence);
    page[at] = previous === '' ? USED_AND_FIRST : USED;
    page.write(digest, at + 1, DIGEST_BYTES, 'base64url');
    page.write(previous, at + 1 + DIGEST_BYTES, DIGEST_BYTES, 'base64url');
    page.write(id.replaceAll('-', ''), at + 1 + 2 * DIGEST_BYTES, ID_BYTES, 'hex');
  }

  /** In the order of their numbers. */
  *entries(): Generator<readonly [number, Link]> {
    for (const number of [...this.#pages.keys()].sort((a, b) => a - b)) {
      for (let slot = 0; slot < SLOTS_PER_PAGE; slot++) {
        const sequence = number * SLOTS_PER_PAGE + slot;
        const link = this.get(sequence);
        if (link !== undefined) yield [sequence, link];
      }
    }
  }
}

function slotOf(sequence: number): number {
  return (sequence % SLOTS_PER_PAGE) * SLOT_BYTES;
}
