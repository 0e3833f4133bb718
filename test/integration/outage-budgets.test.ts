import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { exportMessages, fillStore } from '../../scripts/src/soak/backlog.js';
import { readMessages } from '../../scripts/src/soak/message-file.js';
import { createDeviceKey } from '../../src/evidence/device-key.js';
import { keyFileIn } from '../support/storage-key.js';

/** A day without a broker in a small store: what the budgets leave of it, and what they say they took. */

const folder = mkdtempSync(join(tmpdir(), 'anprd-outage-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('an outage that is longer than the budget of pictures', () => {
  const READS = 600;
  const unit = {
    recordsPath: join(folder, 'records.db'),
    storageKeyFile: keyFileIn(folder),
    deviceKeyFile: join(folder, 'device.key'),
  };

  it('keeps every read and the newest pictures, and counts the others', async () => {
    createDeviceKey(unit.deviceKeyFile);
    const { snapshot } = await fillStore(
      unit,
      {
        reads: READS,
        perDay: READS,
        seed: 'outage',
        overviewBytes: 4_000,
        patchBytes: 1_000,
        store: { lanes: { readImages: { mostMegabytes: 1 } } },
      },
      () => undefined,
    );
    const held = snapshot.lanes['read-images'];
    expect(snapshot.lanes.reads.items).toBe(READS);
    expect(held.bytes).toBeLessThanOrEqual(1_000_000);
    expect(held.bytes).toBeGreaterThan(800_000);
    const dropped = snapshot.losses.filter(
      ({ lane, reason }) => lane === 'read-images' && reason === 'budget',
    );
    expect(dropped.map(({ count }) => count)).toEqual([2 * READS - held.items]);
    expect(snapshot.lanes.health.items).toBeGreaterThan(0);
  });

  it('has them in order for the broker after a start', async () => {
    const path = join(folder, 'reads');
    const { messages } = await exportMessages(unit, { lane: 'reads', path, most: READS });
    expect(messages).toBe(READS);
    const sequences = [...readMessages(path)].map(
      ({ payload }) => JSON.parse(payload.toString()).evidence.sequence as number,
    );
    expect(sequences.length).toBe(READS);
    expect(sequences).toEqual([...sequences].sort((a, b) => a - b));
  });
});
