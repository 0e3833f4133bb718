/**
 * Whether an object of this JSON gives one of its names twice, which JSON.parse does not tell.
 * @param json JSON that JSON.parse has taken.
 */
export function hasRepeatedName(json: string): boolean {
  /** Of every object or list that is open; undefined for a list. */
  const open: (Set<string> | undefined)[] = [];
  for (const { 0: token, index } of json.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]]/g)) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(undefined);
    else if (token === '}' || token === ']') open.pop();
    else if (isName(json, index + token.length)) {
      const names = open.at(-1);
      const name = JSON.parse(token) as string;
      if (names?.has(name)) return true;
      names?.add(name);
    }
  }
  return false;
}

/** A text is a name where a colon follows it. */
function isName(json: string, end: number): boolean {
  let at = end;
  while (at < json.length && ' \t\n\r'.includes(json.charAt(at))) at++;
  return json.charAt(at) === ':';
}
