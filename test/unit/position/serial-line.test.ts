import { afterEach, expect, it, vi } from 'vitest';
import { DeviceError } from '../../../src/lib/errors.js';
import { openSerialLine } from '../../../src/position/serial-line.js';

const open = (device: string) =>
  openSerialLine({ device, baudRate: 9_600, onBytes: () => undefined, onGone: () => undefined });

afterEach(() => vi.doUnmock('serialport'));

it('says that a device is not there, and what to check', async () => {
  await expect(open('/dev/no-such-receiver')).rejects.toMatchObject({
    code: 'position.receiver-failed',
    message: expect.stringContaining('/dev/no-such-receiver'),
    hint: expect.stringContaining('dialout'),
  });
});

it('is a failure of the receiver, not of the daemon, where its binary is missing', async () => {
  vi.doMock('serialport', () => {
    throw new Error('no prebuilt binary');
  });
  const error = await open('/dev/null').catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(DeviceError);
  expect(error).toMatchObject({
    code: 'position.receiver-failed',
    hint: expect.stringContaining('scripts/setup'),
  });
});
