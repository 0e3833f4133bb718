import { DeviceError, messageOf } from '../../lib/errors.js';
import { isStorageFault } from '../../lib/sqlite.js';

const STAYS = 'the list in force stays in force.';

export function packageInvalid(message: string): DeviceError {
  return new DeviceError('hotlist.package-invalid', {
    message,
    hint: `Fetch the package again, or ask its owner to publish it anew; ${STAYS}`,
  });
}

export function replayed(listId: string, offered: number, held: number): DeviceError {
  return new DeviceError('hotlist.replayed', {
    message: `list ${listId}: revision ${offered} was offered, ${held} has been in force; expected a later one`,
    hint: `If the owner had to start anew, let it publish under a higher revision; ${STAYS}`,
  });
}

/** A delta that does not follow on what is held: only a snapshot, or the deltas before it, help. */
export function gap(listId: string, message: string): DeviceError {
  return new DeviceError('hotlist.gap', {
    message: `list ${listId}: ${message}`,
    hint: `A snapshot closes the gap, and is fetched by itself; ${STAYS}`,
  });
}

export function storeFailed(path: string, found: string, cause?: unknown): DeviceError {
  return new DeviceError('hotlist.store-failed', {
    message: `the hotlist ${path} cannot be read or written: ${found}`,
    hint: 'Check the disk (full, read-only, failing); the lists are as they were, and it is tried again.',
    ...(cause !== undefined && { cause }),
  });
}

/** A reader stood on a revision for longer than these are kept; asking for `lists()` again helps. */
export function noLongerHeld(path: string, generation: number): DeviceError {
  return storeFailed(path, `generation ${generation} is no longer held, a later one is in force`);
}

export function unreadable(path: string, found: string, cause?: unknown): DeviceError {
  return new DeviceError('hotlist.unreadable', {
    message: `cannot read the hotlist ${path}: ${found}; expected a database of anprd`,
    hint: 'Import a list: anprctl hotlist import FILE --list ID. If the file is damaged, move it away first.',
    ...(cause !== undefined && { cause }),
  });
}

/** A fault of the disk as the catalogue has it; anything else as it is. */
export function translated(path: string, thrown: unknown): unknown {
  return isStorageFault(thrown) ? storeFailed(path, messageOf(thrown), thrown) : thrown;
}
