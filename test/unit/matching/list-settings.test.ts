import { describe, expect, it } from 'vitest';
import { hotlistSchema } from '../../../src/config/schema.js';
import { settingsOf } from '../../../src/matching/hotlist-snapshot.js';

const HOUR_MS = 3_600_000;
const publicKeys = ['iyxDYnNhYbBfKKLO2Zd5FUpUYbYTiaXfwEGpQRyR3hU='];

describe("a list's settings", () => {
  const config = hotlistSchema.parse({
    publishFrom: 0.1,
    lists: [
      { id: 'stolen', publicKeys, maximumAgeHours: 1, publishFrom: 0.5 },
      { id: 'other', publicKeys },
    ],
  });

  it('are its own where it has some, and those of all lists for the rest', () => {
    const { publishFrom, maximumAgeMs, alertFrom } = settingsOf(config, { id: 'stolen', origin: 'signed' });
    expect({ publishFrom, maximumAgeMs, alertFrom }).toEqual({
      publishFrom: 0.5,
      maximumAgeMs: HOUR_MS,
      alertFrom: config.alertFrom,
    });
    expect(settingsOf(config, { id: 'other', origin: 'signed' })).toMatchObject({
      publishFrom: 0.1,
      maximumAgeMs: config.maximumAgeHours * HOUR_MS,
    });
  });

  it('let a list that nobody confirms by itself grow older than one that is synced', () => {
    expect(settingsOf(config, { id: 'watch', origin: 'local' }).maximumAgeMs).toBe(168 * HOUR_MS);
  });
});
