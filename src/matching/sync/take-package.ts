import type { Clock } from '../../lib/clock.js';
import { DeviceError } from '../../lib/errors.js';
import type { StoredList } from '../list-store/list-rows.js';
import type { ListStore } from '../list-store/list-store.js';
import type { BlobReader } from '../package/read-part.js';
import { ListSync } from './list-sync.js';
import { RETRY_TIMING } from './retries.js';

export interface TakePackageOptions {
  /** Open for writing. */
  readonly store: ListStore;
  readonly listId: string;
  /** Of the list's owner, as the configuration pins them. */
  readonly publicKeys: readonly string[];
  readonly envelope: Uint8Array;
  readonly readBlob: BlobReader;
  readonly clock: Clock;
  /** Blobs that were taken of those that are needed. */
  readonly onProgress?: (haveBlobs: number, ofBlobs: number) => void;
  /** Then, of a whole list: marks written of how many. */
  readonly onApplying?: (marks: number, ofMarks: number) => void;
}

/**
 * Takes over a package that is here whole, from a stick or over SSH, by the same rules as one from a
 * broker. It may lack parts that this device does not need.
 * @returns the list as it is in force then; also where it was in force before.
 * @throws DeviceError for whatever is refused, or cannot be done; the list in force stays then.
 */
export async function takePackage(options: TakePackageOptions): Promise<StoredList> {
  const { store, listId, publicKeys, envelope, readBlob, clock, onProgress, onApplying } = options;
  let fault: DeviceError | undefined;
  const sync = new ListSync({
    id: listId,
    publicKeys,
    store,
    clock,
    timing: RETRY_TIMING,
    window: 1,
    onFault: ({ code, message, hint }) => {
      fault ??= new DeviceError(code, { message, hint });
    },
    onTakenOver: () => undefined,
    ...(onApplying && { onApplying }),
  });
  // Whatever else was announced to this device: what is newer than the list in force is taken.
  await sync.takeManifest(envelope);
  for (;;) {
    const { refused } = sync.status;
    if (refused !== undefined) throw new DeviceError(refused.code, refused);
    if (fault !== undefined) throw fault;
    const [name] = sync.wanted;
    if (name === undefined) break;
    const blob = readBlob(name);
    if (blob === undefined) throw incomplete(name);
    await sync.takeBlob(name, blob);
    const { haveBlobs, ofBlobs } = sync.status;
    if (haveBlobs !== undefined && ofBlobs !== undefined) onProgress?.(haveBlobs, ofBlobs);
  }
  const list = store.lists().find(({ id }) => id === listId);
  if (list === undefined) throw new Error('a package was taken over, and the list is not in force');
  return list;
}

function incomplete(name: string): DeviceError {
  return new DeviceError('hotlist.package-invalid', {
    message: `${name} is not in the package, and this device needs it to reach the package's revision`,
    hint: 'Bring a whole package: anprctl hotlist publish --out FILE.voi writes one with its snapshot.',
  });
}
