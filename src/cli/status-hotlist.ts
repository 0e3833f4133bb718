import type { DeviceSnapshot } from '../device-snapshot.js';
import type { ListSnapshot } from '../matching/hotlist-snapshot.js';
import type { SyncStatus } from '../matching/sync/status.js';
import { duration } from './duration.js';

/** The lists as a person reads them: what is in force, how old it is, and what is on its way. */
export function renderHotlist({ hotlist, recheck }: DeviceSnapshot, nowMs: number): string[] {
  const lines = [`hotlist ${hotlist.state}: ${hotlist.markCount} marks`];
  for (const list of hotlist.lists) {
    lines.push(
      `  ${list.id}: ${[inForceText(list), list.sync && syncText(list.sync, nowMs)].filter(Boolean).join('; ')}`,
    );
  }
  if (recheck.pending.length > 0) {
    lines.push(`  held reads are being checked for what came onto: ${recheck.pending.join(', ')}`);
  }
  if (recheck.lateHits > 0) lines.push(`  ${recheck.lateHits} late hits on held reads since the start`);
  return lines;
}

function inForceText({ inForce }: ListSnapshot): string {
  if (inForce === undefined) return 'none in force';
  const { revision, entryCount, ageMs, level, origin, isMatched, isExpired, isOverAge } = inForce;
  return [
    `revision ${revision}, ${entryCount} entries, ${level}`,
    origin === 'local' ? 'imported here' : undefined,
    `${duration(ageMs / 1000)} old${isOverAge ? ' (over age)' : ''}`,
    isExpired ? 'EXPIRED: not matched' : undefined,
    isMatched ? undefined : 'NOT MATCHED: it is not in the configuration any more',
  ]
    .filter(Boolean)
    .join(', ');
}

function syncText(
  { state, sinceMs, revision, haveBlobs, ofBlobs, refused, failing }: SyncStatus,
  nowMs: number,
): string {
  const since = duration(Math.max(0, nowMs - sinceMs) / 1000);
  const of = `${haveBlobs ?? 0} of ${ofBlobs ?? 0} blobs`;
  const states = {
    silent: 'no manifest has come since the start',
    current: `current for ${since}`,
    fetching: `fetching revision ${revision}: ${of}`,
    applying: `taking revision ${revision} over`,
    'held-up': `revision ${revision} is held up at ${of}`,
  } as const satisfies Record<SyncStatus['state'], string>;
  const faults = [refused, failing].filter((fault) => fault !== undefined);
  return [states[state], ...faults.map(({ kind, message }) => `${kind}: ${message}`)].join('; ');
}
