import { describe, expect, it } from 'vitest';
import { HitBoard } from '../../../src/display/hit-board.js';
import type { HeldHit } from '../../../src/domain/held-hit.js';
import { heldHitOf, possibleHitOf } from '../../support/held-hits.js';

function boardOf(...hits: readonly HeldHit[]): HitBoard {
  const board = new HitBoard({ keepHits: 200 });
  for (const hit of hits) board.add(hit);
  return board;
}

const marksOn = (board: HitBoard) => board.ordered().map(({ hit }) => hit.match.matchKey);

describe('the order of hits', () => {
  it('has the most urgent first, of these the newest', () => {
    const board = boardOf(
      heldHitOf('AA11AAA', 'STOP'),
      heldHitOf('BB22BBB', 'SILENT'),
      heldHitOf('CC33CCC', ''),
      heldHitOf('DD44DDD', 'CALL THE CENTRE'),
      heldHitOf('EE55EEE', 'stop and search'),
    );
    expect(marksOn(board)).toEqual(['EE55EEE', 'AA11AAA', 'DD44DDD', 'BB22BBB', 'CC33CCC']);
  });

  it('has what waits before what is late, and what is decided last, the newest first', () => {
    const late = heldHitOf('AA11AAA', 'STOP', { late: true });
    const [rejected, confirmed] = [heldHitOf('BB22BBB', 'STOP'), heldHitOf('CC33CCC', 'SILENT')];
    const board = boardOf(late, rejected, confirmed, heldHitOf('DD44DDD', ''));
    board.decide(confirmed.hit.id, 'hit-confirmed', 1);
    board.decide(rejected.hit.id, 'hit-rejected', 2);
    expect(marksOn(board)).toEqual(['DD44DDD', 'AA11AAA', 'CC33CCC', 'BB22BBB']);
  });

  it('does not hang on the clock, which may be set back between two hits', () => {
    const first = heldHitOf('AA11AAA', 'STOP', { matchedAtMs: 2_000_000_000_000 });
    const board = boardOf(first, heldHitOf('BB22BBB', 'STOP', { matchedAtMs: 1_000_000_000_000 }));
    expect(marksOn(board)).toEqual(['BB22BBB', 'AA11AAA']);
  });
});

describe('a hit on the board', () => {
  it('is there once, however often it is told', () => {
    const hit = heldHitOf('AA11AAA', 'STOP');
    const board = boardOf(hit);
    expect(board.add(hit)).toBeUndefined();
    expect(board.snapshot()).toMatchObject({ hits: 1, unacknowledged: 1 });
  });

  it('is one that calls a crew: what is improbable is for the centre alone', () => {
    expect(boardOf(possibleHitOf('AA11AAA')).snapshot().hits).toBe(0);
  });

  it('comes from the store with what was decided before a restart', () => {
    const held = heldHitOf('AA11AAA', 'STOP');
    const board = boardOf({ ...held, decision: 'hit-rejected', decidedAtMs: 7 });
    expect(board.ordered()[0]).toMatchObject({ state: 'rejected', decidedAtMs: 7 });
  });

  it('can be decided anew: the last decision counts', () => {
    const hit = heldHitOf('AA11AAA', 'STOP', { late: true });
    const board = boardOf(hit);
    expect(board.decide(hit.hit.id, 'hit-confirmed', 1)).toMatchObject({ state: 'confirmed' });
    expect(board.decide(hit.hit.id, 'hit-rejected', 2)).toMatchObject({ state: 'rejected', decidedAtMs: 2 });
  });

  it('does not stand when the record ends with another mark', () => {
    const [stays, falls] = [heldHitOf('AA11AAA', 'STOP'), heldHitOf('BB22BBB', 'STOP')];
    const board = boardOf(stays, falls);
    const changed = board.settle([
      { id: stays.hit.id, stands: true },
      { id: falls.hit.id, stands: false },
      { id: 'of another board', stands: false },
    ]);
    expect(changed.map(({ hit, stands }) => [hit.id, stands])).toEqual([[falls.hit.id, false]]);
    expect(board.hasRecord(falls.hit.recordId)).toBe(true);
    expect(board.hasRecord(falls.hit.id)).toBe(false);
  });

  it('is named in no error, not even by whoever asked for one that is not there', () => {
    expect(() => boardOf().decide('AA11AAA', 'hit-confirmed', 1)).toThrow(
      expect.objectContaining({
        code: 'display.no-such-hit',
        message: expect.not.stringContaining('AA11AAA'),
      }),
    );
  });
});

describe('a full board', () => {
  it('gives up what is decided before what waits, and the least urgent of that', () => {
    const board = new HitBoard({ keepHits: 3 });
    const decided = heldHitOf('AA11AAA', 'STOP');
    for (const hit of [decided, heldHitOf('BB22BBB', 'STOP'), heldHitOf('CC33CCC', '')]) board.add(hit);
    board.decide(decided.hit.id, 'hit-confirmed', 1);
    expect(board.add(heldHitOf('DD44DDD', 'STOP'))?.gone?.hit.id).toBe(decided.hit.id);
    expect(board.add(heldHitOf('EE55EEE', 'STOP'))?.gone?.hit.match.matchKey).toBe('CC33CCC');
    expect(marksOn(board)).toEqual(['EE55EEE', 'DD44DDD', 'BB22BBB']);
    expect(board.snapshot()).toMatchObject({ hits: 3, forgotten: 2 });
  });

  it('says nothing of a hit that would be the first to go', () => {
    const board = new HitBoard({ keepHits: 1 });
    board.add(heldHitOf('AA11AAA', 'STOP'));
    expect(board.add(heldHitOf('BB22BBB', 'SILENT'))).toBeUndefined();
    expect(marksOn(board)).toEqual(['AA11AAA']);
  });
});
