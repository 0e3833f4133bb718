import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DeviceError } from '../../../src/lib/errors.js';
import { createStorageKey, loadStorageKey, StorageKey } from '../../../src/lib/storage-key.js';

const HEX = '00112233445566778899aabbccddeeff'.repeat(2);
const OTHER_HEX = 'f0'.repeat(32);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'anprd-key-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string, mode = 0o600): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

function refusal(keyFile: string, env: NodeJS.ProcessEnv = {}): DeviceError {
  try {
    loadStorageKey({ keyFile }, env);
  } catch (error) {
    if (error instanceof DeviceError) return error;
    throw error;
  }
  throw new Error('it was taken');
}

describe('where the key comes from', () => {
  it('is the file that the configuration names', () => {
    const env = { CREDENTIALS_DIRECTORY: folder };
    file('storage-key', `${OTHER_HEX}\n`);
    expect(loadStorageKey({ keyFile: file('named', `${HEX}\n`) }, env).reveal()).toBe(HEX);
  });

  it('is else the systemd credential, which shows its access list as rights of a group', () => {
    file('storage-key', `${OTHER_HEX}\n`, 0o440);
    expect(loadStorageKey({}, { CREDENTIALS_DIRECTORY: folder }).reveal()).toBe(OTHER_HEX);
    const keyFile = join(folder, 'storage-key');
    expect(loadStorageKey({ keyFile }, { CREDENTIALS_DIRECTORY: folder }).reveal()).toBe(OTHER_HEX);
    expect(refusal(keyFile).message).toContain('mode 440');
  });

  it('is not somewhere else when the credential is there and is bad', () => {
    file('storage-key', 'no key\n');
    expect(() => loadStorageKey({}, { CREDENTIALS_DIRECTORY: folder })).toThrow(
      `${folder}/storage-key holds no storage key`,
    );
  });

  it('is looked for elsewhere when the credential is the empty one of a unit that found none to load', () => {
    file('storage-key', '\n');
    expect(() => loadStorageKey({}, { CREDENTIALS_DIRECTORY: folder })).not.toThrow(folder);
  });

  it('is made where there is none, and what is no key has to be moved away first', () => {
    expect(refusal(join(folder, 'none')).hint).toContain('Make one: anprctl storage-key --out');
    expect(refusal(file('rubbish', 'no key\n')).hint).toContain('Move what is there away and make one:');
  });

  it('is else the file below /etc', () => {
    for (const env of [{}, { CREDENTIALS_DIRECTORY: '' }, { CREDENTIALS_DIRECTORY: folder }]) {
      expect(() => loadStorageKey({}, env)).toThrow('/etc/anprd/storage.key');
    }
  });
});

describe('a key file', () => {
  it.each([0o600, 0o400])('may be its owner’s alone: mode %o', (mode) => {
    expect(loadStorageKey({ keyFile: file('a', `${HEX}\n`, mode) }, {}).reveal()).toBe(HEX);
  });

  it.each([0o640, 0o604, 0o620, 0o602, 0o660, 0o644])('is refused open to others: mode %o', (mode) => {
    const path = file('a', `${HEX}\n`, mode);
    expect(refusal(path)).toMatchObject({
      code: 'store.key-missing',
      message: expect.stringContaining(`mode ${mode.toString(8)}`),
      hint: expect.stringContaining(`chmod 600 ${path}`),
    });
  });

  it.each([`${HEX}`, `${HEX}\r\n`, `${HEX.toUpperCase()}\n`])(
    'is 64 hex digits and a line end: %j',
    (text) => {
      expect(loadStorageKey({ keyFile: file('a', text) }, {}).reveal()).toBe(HEX);
    },
  );

  const wrong = [
    '',
    '\n',
    HEX.slice(1),
    `${HEX}0`,
    `${HEX}\n\n`,
    ` ${HEX}`,
    `${HEX}\n${HEX}\n`,
    `g${HEX.slice(1)}`,
  ];
  it.each([...wrong, 'x'.repeat(5_000)])(
    'is refused with anything else, which no error repeats: %j',
    (text) => {
      const { code, message, hint } = refusal(file('a', text));
      expect(code).toBe('store.key-missing');
      expect(message).toContain('expected 64 hex digits');
      expect(`${message}${hint}`).not.toContain(HEX.slice(1, 20));
    },
  );

  it('that is missing, or a folder, is told with the command that makes one', () => {
    mkdirSync(join(folder, 'folder'));
    for (const name of ['nowhere', 'folder']) {
      const { code, hint } = refusal(join(folder, name));
      expect(code).toBe('store.key-missing');
      expect(hint).toContain(`anprctl storage-key --out ${join(folder, name)}`);
    }
  });
});

describe('a new key', () => {
  it('is its owner’s alone whatever the umask, and another one each time', () => {
    const before = process.umask(0);
    createStorageKey(join(folder, 'a'));
    createStorageKey(join(folder, 'b'));
    process.umask(before);
    expect((statSync(join(folder, 'a')).mode & 0o777).toString(8)).toBe('600');
    const [a, b] = ['a', 'b'].map((name) => loadStorageKey({ keyFile: join(folder, name) }, {}).reveal());
    expect(a).not.toBe(b);
  });

  it('never takes the place of one that is there', () => {
    const path = file('a', `${HEX}\n`);
    expect(() => createStorageKey(path)).toThrow('exists already');
    expect(readFileSync(path, 'utf8')).toBe(`${HEX}\n`);
  });

  it('is an error where it cannot be written', () => {
    expect(() => createStorageKey(join(folder, 'no', 'where'))).toThrow(DeviceError);
  });
});

describe('a key in memory', () => {
  it('shows itself neither in JSON, nor inspected, nor in a log line, nor to another thread', () => {
    const key = StorageKey.fromHex(HEX);
    let logged = '';
    const write = (line: string) => {
      logged += line;
    };
    pino({}, { write }).info({ key, among: [key] }, `the key is ${key}`);
    const clone = structuredClone({ key });
    const shown = [
      JSON.stringify({ key }),
      inspect(key, { showHidden: true }),
      logged,
      inspect(clone),
    ].join();
    expect(logged).not.toBe('');
    expect(shown).not.toMatch(/0011|17, 34|Buffer|bytes/);
  });
});
