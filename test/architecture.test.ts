import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

/**
 * The dependency table of the house. A stage may import `domain`, `lib` and configuration *types*,
 * never a sibling stage: data flows one way, and only device.ts and vision/entry.ts connect.
 */
const MAY_IMPORT: Record<string, { rooms: string[]; why: string }> = {
  domain: { rooms: [], why: 'values and types: they stand on nothing' },
  lib: { rooms: [], why: 'helpers know nothing of plates or cameras' },
  config: { rooms: ['lib'], why: 'options are declared apart from who uses them' },
  native: { rooms: ['lib'], why: 'the addon moves bytes; stages decide' },
  capture: { rooms: ['domain', 'lib', 'native'], why: 'a stage' },
  optics: { rooms: ['domain', 'lib', 'native'], why: 'a stage' },
  plates: { rooms: ['domain', 'lib', 'native'], why: 'a stage' },
  passages: { rooms: ['domain', 'lib', 'native'], why: 'a stage' },
  matching: { rooms: ['domain', 'lib'], why: 'a stage' },
  evidence: { rooms: ['domain', 'lib'], why: 'a stage' },
  store: { rooms: ['domain', 'lib'], why: 'a stage' },
  uplink: { rooms: ['domain', 'lib'], why: 'a stage' },
  governance: { rooms: ['domain', 'lib'], why: 'a stage' },
  gpio: { rooms: ['domain', 'lib'], why: 'a stage' },
  position: { rooms: ['domain', 'lib'], why: 'a stage: hands places to whoever asks, in memory' },
  health: { rooms: ['domain', 'lib'], why: 'says what it is told' },
  contract: { rooms: ['domain'], why: 'what is promised is declared apart from who keeps it' },
  display: { rooms: ['domain', 'lib'], why: 'shows what it is handed, and no more than a profile allows' },
  control: { rooms: ['domain', 'lib'], why: 'shows snapshots it is handed' },
};

/** Rooms that connect others. */
const CONNECTORS = new Set(['vision', 'cli']);
const SRC = resolve(import.meta.dirname, '../src');

function filesBelow(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesBelow(path) : path.endsWith('.ts') ? [path] : [];
  });
}

interface Import {
  file: string;
  room: string;
  target: string;
  typeOnly: boolean;
}

function importsOf(path: string): Import[] {
  const file = relative(SRC, path);
  const statements = readFileSync(path, 'utf8').matchAll(
    /^(?:import|export)\s+(type\s+)?[^;]*?from\s+'(\.[^']+)';/gms,
  );
  return [...statements].map((match) => ({
    file,
    room: roomOf(file),
    target: relative(SRC, resolve(dirname(path), match[2] as string)),
    typeOnly: match[1] !== undefined,
  }));
}

/** The first folder below src; '' for the files of src itself, which connect everything. */
function roomOf(file: string): string {
  return file.includes('/') ? (file.split('/')[0] as string) : '';
}

const imports = filesBelow(SRC).flatMap(importsOf);

describe('the dependency table', () => {
  it('knows every room', () => {
    const rooms = new Set(filesBelow(SRC).map((path) => roomOf(relative(SRC, path))));
    for (const room of rooms) {
      expect(
        room === '' || CONNECTORS.has(room) || room in MAY_IMPORT,
        `src/${room} is not in the table`,
      ).toBe(true);
    }
  });

  it.each(Object.entries(MAY_IMPORT))('%s imports only what it may', (room, { rooms, why }) => {
    const banned = imports.filter((entry) => {
      if (entry.room !== room) return false;
      const target = roomOf(entry.target);
      if (target === room || rooms.includes(target)) return false;
      return !(target === 'config' && entry.typeOnly);
    });
    expect(banned, `${room}: ${why}`).toEqual([]);
  });

  it('lets nobody but daemon.ts import device.ts', () => {
    const importers = imports.filter((entry) => entry.target === 'device.js').map((entry) => entry.file);
    expect(importers.filter((file) => file !== 'daemon.ts')).toEqual([]);
  });

  it('keeps OpenCV in capture, so that one thread of one process loads it', () => {
    const users = filesBelow(SRC).filter((path) =>
      readFileSync(path, 'utf8').includes("'@u4/opencv4nodejs'"),
    );
    expect(users.map((path) => roomOf(relative(SRC, path))).filter((room) => room !== 'capture')).toEqual([]);
  });
});

describe('the size of a file', () => {
  it('stays within 400 lines', () => {
    const long = filesBelow(SRC).filter((path) => readFileSync(path, 'utf8').split('\n').length > 400);
    expect(long.map((path) => relative(SRC, path))).toEqual([]);
  });
});
