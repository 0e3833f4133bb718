import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { DeviceError } from '../../../src/lib/errors.js';
import { loadSurveyedPlace } from '../../../src/position/surveyed-place.js';

/** Where a fixed camera stands is a secret of the device, in a file of its own. */

const folder = mkdtempSync(join(tmpdir(), 'anprd-survey-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(text: string, mode = 0o600): string {
  const path = join(folder, 'surveyed-place');
  rmSync(path, { force: true });
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

function refusal(path: string): DeviceError {
  try {
    loadSurveyedPlace(path, {});
  } catch (error) {
    if (error instanceof DeviceError) return error;
    throw error;
  }
  throw new Error('it was taken');
}

describe('a surveyed place', () => {
  it.each([
    ['54.5,-3.25\n', 54.5, -3.25],
    [' +54.512345 , 3 \r\n', 54.512345, 3],
    ['-33,151.2', -33, 151.2],
  ])('is read from %j', (text, latitudeDeg, longitudeDeg) => {
    expect(loadSurveyedPlace(file(text), {})).toEqual({ latitudeDeg, longitudeDeg });
  });

  it('need not be', () => expect(loadSurveyedPlace(undefined, {})).toBeUndefined());

  it('is taken as systemd shows a credential', () => {
    const path = file('54.5,-3.25', 0o440);
    expect(loadSurveyedPlace(path, { CREDENTIALS_DIRECTORY: folder })).toBeDefined();
  });

  it.each([
    '',
    '54.5',
    '54.5 -3.25',
    '54,5,-3,25',
    '91,0',
    '54.5,181',
    '0,0',
    'N54.5,W3.25',
    '54.5,-3.25\n54,3',
  ])('is not taken from %j, and the error repeats nothing of it', (text) => {
    const { code, message, hint } = refusal(file(text));
    expect(code).toBe('position.survey-invalid');
    expect(message).toContain('expected latitude and longitude in degrees');
    expect(hint).toContain('mode 600');
    if (text.length > 4) expect(`${message} ${hint.replace('54.5,-3.25', '')}`).not.toContain(text.trim());
  });

  it('is not taken from a file that others may read, nor from none', () => {
    expect(refusal(file('54.5,-3.25', 0o644)).message).toContain('open to others');
    expect(refusal(join(folder, 'nowhere')).message).toContain('ENOENT');
  });
});
