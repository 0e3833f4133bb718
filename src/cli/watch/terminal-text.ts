/**
 * Text that others wrote, made fit for a terminal. Rows of lists come from outside: an escape sequence in one would write
 * elsewhere on the screen, and a turned text direction would show another mark than the listed one.
 */

/** Controls, and what changes direction, joins, or shows nothing; a line break becomes a space like the rest. */
const UNFIT = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]+/gu;

export function printable(text: string): string {
  return text.replace(UNFIT, ' ');
}

/** To at most so many columns; what is left out is marked where there is room to. */
export function cut(text: string, columns: number): string {
  const characters = [...text];
  if (characters.length <= columns) return text;
  return columns < 8
    ? characters.slice(0, columns).join('')
    : `${characters.slice(0, columns - 2).join('')}..`;
}

/** Between words, inside them where they are longer than a line. @param indent of every line but the first, where there is room. */
export function wrap(text: string, columns: number, indent = ''): readonly string[] {
  const lead = columns > 4 * indent.length ? indent : '';
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').filter((part) => part !== '')) {
    const isFresh = line === '' || line === lead;
    if (!isFresh && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = lead + word;
    } else line += isFresh ? word : ` ${word}`;
    while (line.length > columns) {
      lines.push(line.slice(0, columns));
      line = lead + line.slice(columns);
    }
  }
  return line === '' ? lines : [...lines, line];
}
