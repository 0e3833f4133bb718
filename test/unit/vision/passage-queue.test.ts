import { describe, expect, it } from 'vitest';
import type { Passage } from '../../../src/domain/passage.js';
import { systemClock } from '../../../src/lib/clock.js';
import { createLogger } from '../../../src/lib/log.js';
import { PassageQueue } from '../../../src/vision/passage-queue.js';

const passage = (id: string) => ({ id }) as Passage;

function queueWith(commit: (passage: Passage) => Promise<void>): PassageQueue {
  return new PassageQueue({ commit, clock: systemClock, logger: createLogger('silent') });
}

describe('the passage queue', () => {
  it('commits one after another, in order', async () => {
    const log: string[] = [];
    const queue = queueWith(async ({ id }) => {
      log.push(`begin ${id}`);
      await new Promise((resolve) => setTimeout(resolve, id === 'a' ? 20 : 0));
      log.push(`end ${id}`);
    });
    queue.add(passage('a'), () => log.push('acknowledge a'));
    queue.add(passage('b'), () => log.push('acknowledge b'));
    expect(queue.snapshot().waiting).toBe(2);
    await queue.idle();
    expect(log).toEqual(['begin a', 'end a', 'acknowledge a', 'begin b', 'end b', 'acknowledge b']);
    expect(queue.snapshot()).toEqual({ waiting: 0, committed: 2, lost: 0 });
  });

  it('tries again what was refused, and what comes after waits', async () => {
    let refusals = 2;
    const taken: string[] = [];
    const queue = queueWith(async ({ id }) => {
      if (refusals-- > 0) throw new Error('the disk is full');
      taken.push(id);
    });
    queue.add(passage('a'));
    queue.add(passage('b'));
    await queue.idle();
    expect(taken).toEqual(['a', 'b']);
  });

  it('gives up at the end only, and counts it', async () => {
    const acknowledged: string[] = [];
    const queue = queueWith(async () => {
      throw new Error('the disk is full');
    });
    queue.add(passage('a'), () => acknowledged.push('a'));
    await queue.close(50);
    expect(queue.snapshot()).toEqual({ waiting: 0, committed: 0, lost: 1 });
    expect(acknowledged).toEqual([]);
  });
});
