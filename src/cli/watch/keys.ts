/** What keys ask for. Several for each: left hand, right hand, arrows. */
export type WatchCommand = 'confirm' | 'reject' | 'next' | 'previous' | 'top' | 'mute' | 'quit';

const KEYS: Readonly<Record<string, WatchCommand>> = {
  c: 'confirm',
  r: 'reject',
  n: 'next',
  j: 'next',
  '\t': 'next',
  '\u001b[B': 'next',
  '\u001bOB': 'next',
  p: 'previous',
  k: 'previous',
  '\u001b[Z': 'previous',
  '\u001b[A': 'previous',
  '\u001bOA': 'previous',
  t: 'top',
  '\u001b[H': 'top',
  '\u001bOH': 'top',
  '\u001b[1~': 'top',
  m: 'mute',
  q: 'quit',
  // Ctrl-C and Ctrl-D: in raw mode they come as characters.
  '\u0003': 'quit',
  '\u0004': 'quit',
};

/** A whole escape sequence is one key, so that the letters in one that means nothing here do nothing. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what keys send.
const KEY = /\u001b\[[0-?]*[ -/]*[@-~]|\u001bO.|\u001b.?|[^\u001b]/gsu;

/** @param typed as the terminal sent it, several keys at once perhaps. */
export function commandsIn(typed: string): readonly WatchCommand[] {
  return (typed.match(KEY) ?? []).flatMap((key) => KEYS[key.length === 1 ? key.toLowerCase() : key] ?? []);
}
