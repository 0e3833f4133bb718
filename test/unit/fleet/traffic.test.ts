import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../scripts/src/clip/random.js';
import { definitionsFor } from '../../../scripts/src/fleet/rabbitmq-definitions.js';
import { Traffic } from '../../../scripts/src/fleet/traffic.js';

const trafficOf = (vehiclesPerHour: number) =>
  new Traffic({ vehiclesPerHour, random: seededRandom('traffic') });

describe('traffic', () => {
  it('has about as many vehicles an hour as asked for, in bunches', () => {
    const traffic = trafficOf(300);
    const gapsMs = Array.from({ length: 20_000 }, () => traffic.nextMs());
    const hours = gapsMs.reduce((sum, gapMs) => sum + gapMs, 0) / 3_600_000;
    expect(gapsMs.length / hours).toBeGreaterThan(270);
    expect(gapsMs.length / hours).toBeLessThan(330);
    // Evenly spread at random, a quarter would come within 3.5 s of the one before.
    expect(gapsMs.filter((gapMs) => gapMs <= 3_500).length / gapsMs.length).toBeGreaterThan(0.6);
  });

  it('has hits as a road has them, some plates that cannot be read, and pictures within their caps', () => {
    const traffic = trafficOf(300);
    const vehicles = Array.from({ length: 8_000 }, () => traffic.vehicle(1_790_000_000_000));
    const hits = vehicles.filter(({ match }) => match !== undefined).length / vehicles.length;
    expect(hits).toBeGreaterThan(0.004);
    expect(hits).toBeLessThan(0.011);
    expect(vehicles.some(({ passage }) => passage.outcome.kind === 'unreadable')).toBe(true);
    const largest = (of: 'platePatch' | 'overviewImage') =>
      Math.max(...vehicles.map(({ passage }) => passage[of]?.jpeg.length ?? 0));
    expect(largest('platePatch')).toBeLessThanOrEqual(3_072);
    expect(largest('overviewImage')).toBeLessThanOrEqual(25_600);
  });
});

describe('the definitions of a RabbitMQ cluster', () => {
  const shipped = JSON.stringify({
    users: [{ name: 'unit-1' }, { name: 'consumer' }],
    permissions: [
      { user: 'unit-1', write: '^(amq\\.topic|anprd-unit-1)$' },
      { user: 'consumer', write: '^$' },
    ],
    topic_permissions: [{ user: 'unit-1', write: '^anpr\\.{username}\\.' }],
    queues: ['as they are'],
  });

  it('give each unit what they give the example, and leave the rest', () => {
    expect(definitionsFor(shipped, ['unit-7', 'unit-8'])).toEqual({
      users: [{ name: 'unit-7' }, { name: 'unit-8' }, { name: 'consumer' }],
      permissions: [
        { user: 'unit-7', write: '^(amq\\.topic|anprd-unit-7)$' },
        { user: 'unit-8', write: '^(amq\\.topic|anprd-unit-8)$' },
        { user: 'consumer', write: '^$' },
      ],
      topic_permissions: [
        { user: 'unit-7', write: '^anpr\\.{username}\\.' },
        { user: 'unit-8', write: '^anpr\\.{username}\\.' },
      ],
      queues: ['as they are'],
    });
  });
});
