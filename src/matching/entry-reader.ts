import { restorePrintedForm } from '../domain/grammar/forms.js';
import type { VoiEntry } from '../domain/voi.js';
import type { MatchKey, Vrm } from '../domain/vrm.js';
import { DeviceError } from '../lib/errors.js';
import type { StorageKey } from '../lib/storage-key.js';
import { ListStore } from './list-store/list-store.js';
import type { EntrySource, ListInForce } from './matcher.js';
import { entryFromValues } from './voi-entry.js';

export interface EntryReaderOptions {
  readonly path: string;
  readonly key: StorageKey;
  /** Rows could not be read, though the index says that they are there. */
  readonly onFailure: (error: DeviceError) => void;
}

/**
 * Reads the rows of what matched, of exactly the revision whose index matched.
 *
 * A revision is kept for a minute after another has come into force. Should the index be further
 * behind than that, because whoever builds it is held up, the revision in force is read instead: what
 * a crew is told is then newer than what matched, which is better than nothing. The same holds where
 * another file has taken the place, until its lists have been loaded.
 *
 * Invariant: no hit is lost to a disk. Where rows cannot be read, an entry says just that, of the mark
 * that the index knows: the vehicle is listed, and its list's owner can say why.
 */
export class EntryReader implements EntrySource {
  readonly #options: EntryReaderOptions;
  #store: ListStore | undefined;

  constructor(options: EntryReaderOptions) {
    this.#options = options;
  }

  /** Opens the file again, which may be another one by now. */
  reopen(): void {
    this.close();
    try {
      const { path, key } = this.#options;
      const store = new ListStore({ path, key, readonly: true });
      store.open();
      this.#store = store;
    } catch (error) {
      this.#failed(error);
    }
  }

  close(): void {
    this.#store?.close();
    this.#store = undefined;
  }

  /** Never throws for what a disk or a file does; what cannot be read is told. */
  entriesOf(held: ListInForce, matchKey: MatchKey): readonly VoiEntry[] {
    const store = this.#store;
    if (store === undefined) return [unreadableEntry(matchKey)];
    const { generation, list } = held;
    const { id, revision } = list;
    try {
      return store.rows({ id, generation, revision }, matchKey);
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
    }
    try {
      const now = store.lists().find((one) => one.id === id);
      return now === undefined ? [] : store.rows(now, matchKey);
    } catch (error) {
      this.#failed(error);
      return [unreadableEntry(matchKey)];
    }
  }

  #failed(error: unknown): void {
    if (!(error instanceof DeviceError)) throw error;
    this.#options.onFailure(error);
  }
}

/** Its dates are not known either, so none of them keeps the hit from being told. */
function unreadableEntry(matchKey: MatchKey): VoiEntry {
  const { vrm } = restorePrintedForm(matchKey as string as Vrm);
  return {
    ...entryFromValues([]),
    vrm,
    informationAction: "The device cannot read this entry: ask the list's owner.",
  };
}
