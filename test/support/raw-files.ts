import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What lies on a disk for whoever takes it out: bytes of files, whatever their names or formats. */
export interface RawFile {
  readonly name: string;
  readonly bytes: Buffer;
}

/** Every file below a folder. */
export function rawFiles(folder: string): RawFile[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => ({ name, path: join(folder, name) }))
    .filter(({ path }) => statSync(path).isFile())
    .map(({ name, path }) => ({ name, bytes: readFileSync(path) }));
}

/** Files that a process has open and has deleted: SQLite's temporary files are such. */
export function deletedFiles(pid: number): RawFile[] {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder)
    .map((name) => ({ name: readlinkSync(join(folder, name)), path: join(folder, name) }))
    .filter(({ name, path }) => name.endsWith(' (deleted)') && statSync(path).isFile())
    .map(({ name, path }) => ({ name, bytes: readFileSync(path) }));
}

/** A text as a file may hold it: UTF-8 (JSON too) and UTF-16 of both byte orders. */
export function spellings(text: string): Buffer[] {
  const littleEndian = Buffer.from(text, 'utf16le');
  return [Buffer.from(text), littleEndian, Buffer.from(littleEndian).swap16()];
}

/** @returns 'file: text' for each text, or run of bytes, that stands in a file. */
export function finds(
  files: readonly RawFile[],
  needles: Readonly<Record<string, readonly Buffer[]>>,
): string[] {
  return files.flatMap(({ name, bytes }) =>
    Object.entries(needles)
      .filter(([, forms]) => forms.some((form) => bytes.includes(form)))
      .map(([text]) => `${name}: ${text}`),
  );
}
