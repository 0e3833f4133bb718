import { describe, expect, it } from 'vitest';
import { parseFleetArguments } from '../../scripts/src/fleet/arguments.js';
import { isFlawless, renderFleet, renderFleetJson } from '../../scripts/src/fleet/report.js';
import { runFleet } from '../../scripts/src/fleet/run.js';
import { startMosquitto } from '../support/mosquitto.js';

/** A small fleet on a real Mosquitto, with consumers as processes of their own (as built in dist). */

async function run(text: string) {
  const parsed = parseFleetArguments(text.split(' '));
  if (parsed.kind === 'wrong') throw new Error(parsed.problem);
  return runFleet(parsed, () => undefined);
}

describe('scripts/fleet', () => {
  it('loses nothing of a fleet whose links fail, and says so', async () => {
    const result = await run('--devices 6 --minutes 0.25 --vehicles 1500 --fail-every 8 --seed test');

    expect(result).toMatchObject({ lost: 0, takenTwice: 0, chains: 6, brokenChains: 0, refused: 0 });
    expect(result.reads).toBeGreaterThan(0);
    expect(result.committed).toBeGreaterThanOrEqual(3 * result.reads);
    // A plate patch and an overview of the usual sizes are in it.
    expect(result.bytesPerRead).toBeGreaterThan(16_000);
    expect(isFlawless(result)).toBe(true);
    expect(renderFleet(result)).toMatch(/^lost +0$/m);
    expect(JSON.parse(renderFleetJson(result))).toMatchObject({ lost: 0, flawless: true });
  });

  it('takes a broker that runs already, and other topics', async () => {
    const broker = await startMosquitto();
    try {
      const result = await run(
        `--broker ${broker.url} --prefix north/anpr --devices 3 --minutes 0.1 --vehicles 1500 --consumers 1`,
      );
      expect(result).toMatchObject({ lost: 0, chains: 3, brokenChains: 0, refused: 0 });
    } finally {
      await broker.remove();
    }
  });
});
