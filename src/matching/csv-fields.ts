/**
 * A field of a CSV file, safe to be opened by a spreadsheet.
 *
 * Spreadsheets run a field that begins with = + - @ (or a tab or a carriage return) as a formula.
 * Such a field is written with an apostrophe before it, which spreadsheets take for "this is text";
 * so is one that has such apostrophes already. Reading takes exactly one away again: what is written
 * and read is what it was, but for blanks at its ends.
 */
const FORMULA = /^'*[=+\-@\t\r]/;
const MARKED_FORMULA = /^'+[=+\-@\t\r]/;

/** With quotes around it where CSV needs them. */
export function writeField(text: string): string {
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** @param text of the field, without the quotes of CSV. */
export function readField(text: string): string {
  const trimmed = text.trim();
  return trimmed.startsWith("'") && MARKED_FORMULA.test(trimmed) ? trimmed.slice(1) : trimmed;
}
