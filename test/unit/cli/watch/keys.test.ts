import { describe, expect, it } from 'vitest';
import { commandsIn } from '../../../../src/cli/watch/keys.js';

describe('keys', () => {
  it.each([
    ['c', ['confirm']],
    ['R', ['reject']],
    ['n\t', ['next', 'next']],
    ['\u001b[B\u001b[A', ['next', 'previous']],
    ['\u001bOB', ['next']],
    ['\u001b[Z', ['previous']],
    ['t\u001b[H', ['top', 'top']],
    ['q', ['quit']],
    ['\u0003', ['quit']],
  ])('%j ask for %j', (typed, commands) => expect(commandsIn(typed)).toEqual(commands));

  it.each([
    ['F5, which has letters in its sequence', '\u001b[15~'],
    ['a mouse', '\u001b[<0;12;3M'],
    ['Alt-c', '\u001bc'],
    ['escape alone', '\u001b'],
    ['letters that mean nothing', 'xyzé1'],
    ['a terminal that reports itself', '\u001b[?62;c'],
  ])('%s does nothing', (_, typed) => expect(commandsIn(typed)).toEqual([]));
});
