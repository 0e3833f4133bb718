import { execFile } from 'node:child_process';
import { DeviceError, messageOf } from '../lib/errors.js';

/**
 * A V4L2 camera's controls, through v4l2-ctl of v4l-utils: what there is, its ranges, and setting it.
 * It may be used while frames are read: the kernel lets any process set controls.
 */

export interface V4l2Control {
  readonly name: string;
  readonly kind: string;
  /** Absent of those that have none, such as a switch. */
  readonly least?: number;
  readonly most?: number;
  readonly value?: number;
}

export type V4l2Controls = ReadonlyMap<string, V4l2Control>;

/** A driver that does not answer within it hangs. */
const ANSWERS_WITHIN_MS = 5_000;
const HINT = 'Check that the camera is there and that the service may use it (group video).';

/** @throws DeviceError capture.controls-unavailable */
export async function listControls(device: string, command = 'v4l2-ctl'): Promise<V4l2Controls> {
  return parseControls(await run(command, ['--device', device, '--list-ctrls']));
}

/** Sets them one after another, in order. @throws DeviceError capture.controls-unavailable */
export async function setControls(
  device: string,
  values: readonly (readonly [name: string, value: number])[],
  command = 'v4l2-ctl',
): Promise<void> {
  const list = values.map(([name, value]) => `${name}=${value}`).join(',');
  await run(command, ['--device', device, '--set-ctrl', list]);
}

/** Lines such as `gain 0x00980913 (int)    : min=0 max=255 step=1 default=0 value=12 flags=inactive`. */
export function parseControls(listing: string): V4l2Controls {
  const controls = new Map<string, V4l2Control>();
  for (const line of listing.split('\n')) {
    const [, name, kind, rest] = /^\s*(\w+)\s+(?:0x[0-9a-f]+\s+)?\((\w+)\)\s*:\s*(.*)$/.exec(line) ?? [];
    if (name === undefined || kind === undefined || rest === undefined) continue;
    const numbers = new Map(
      [...rest.matchAll(/\b(min|max|value)=(-?\d+)/g)].map(([, key, value]) => [key, Number(value)]),
    );
    const least = numbers.get('min');
    const most = numbers.get('max');
    const value = numbers.get('value');
    controls.set(name, {
      name,
      kind,
      ...(least !== undefined && { least }),
      ...(most !== undefined && { most }),
      ...(value !== undefined && { value }),
    });
  }
  return controls;
}

function run(command: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, [...args], { timeout: ANSWERS_WITHIN_MS }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(failed(error, stderr));
    });
  });
}

function failed(error: Error & { code?: unknown }, stderr: string): DeviceError {
  if (error.code === 'ENOENT') {
    return new DeviceError('capture.controls-unavailable', {
      message: 'there is no v4l2-ctl, which sets the controls of cameras',
      hint: 'Install the package v4l-utils.',
      cause: error,
    });
  }
  const said = stderr.trim().split('\n')[0];
  return new DeviceError('capture.controls-unavailable', {
    message: `v4l2-ctl failed: ${said === undefined || said === '' ? messageOf(error) : said}`,
    hint: HINT,
    cause: error,
  });
}
