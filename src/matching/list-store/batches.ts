import type { MarkGroup } from '../mark-group.js';

/** Groups of one batch, for whose transaction (some ten milliseconds) others cannot write. */
const BATCH_GROUPS = 5_000;
/** Or so many characters: rows may be long, and a batch is held in memory. */
const BATCH_CHARACTERS = 4_000_000;

/** Gathers groups for one transaction each, so that a source which is slow locks nothing. */
export async function* batchesOf(
  groups: AsyncIterable<MarkGroup> | Iterable<MarkGroup>,
): AsyncGenerator<MarkGroup[]> {
  let batch: MarkGroup[] = [];
  let characters = 0;
  for await (const group of groups) {
    batch.push(group);
    characters += group.rowsText.length;
    if (batch.length < BATCH_GROUPS && characters < BATCH_CHARACTERS) continue;
    yield batch;
    batch = [];
    characters = 0;
  }
  if (batch.length > 0) yield batch;
}
