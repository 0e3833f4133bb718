import type { Readable } from 'node:stream';
import { systemClock } from '../lib/clock.js';
import { DeviceError, messageOf } from '../lib/errors.js';

/** An open serial line, 8 data bits, no parity, one stop bit. */
export interface SerialLine {
  /** @throws DeviceError position.receiver-failed where the device does not do this rate. */
  setBaudRate(baudRate: number): Promise<void>;
  /** Settles once nothing is read any more; closing twice is as good as once. */
  close(): Promise<void>;
}

export interface SerialLineOptions {
  readonly device: string;
  readonly baudRate: number;
  readonly onBytes: (chunk: Uint8Array) => void;
  /** The line went away by itself: unplugged, for example. Told once, and never after `close`. */
  readonly onGone: (error: DeviceError) => void;
}

export type OpenSerialLine = (options: SerialLineOptions) => Promise<SerialLine>;

/** What was waiting comes in one go, and a receiver pauses between two moments. */
const QUIET_MS = 100;
/** One that never pauses is fresh by then. */
const MOST_STALE_MS = 1_000;
const LOOK_EVERY_MS = 20;

/**
 * Opens a line, and drops what was waiting in it: what came before anybody listened is of unknown age, and
 * places would be told seconds too late.
 * @throws DeviceError position.receiver-failed where the device is not there or may not be opened.
 */
export const openSerialLine: OpenSerialLine = async ({ device, baudRate, onBytes, onGone }) => {
  const { SerialPort } = await loadSerialPort();
  const port = new SerialPort({ path: device, baudRate, autoOpen: false });
  const call = (work: (done: (error: Error | null) => void) => void) =>
    new Promise<void>((resolve, reject) => work((error) => (error ? reject(error) : resolve())));

  let isOver = false;
  const gone = (error?: unknown) => {
    if (isOver) return;
    isOver = true;
    onGone(failed(`the receiver on ${device} went away${error ? ` (${messageOf(error)})` : ''}`, error));
  };
  // From the beginning: an error of a port that nobody listens to would end the process.
  port.on('error', gone);
  port.on('close', gone);
  port.on('end', () => gone());
  try {
    await call((done) => port.open(done));
  } catch (cause) {
    isOver = true;
    throw failed(`cannot open the receiver on ${device}: ${messageOf(cause)}`, cause);
  }
  await dropWaiting(port);
  port.on('data', onBytes);

  return {
    setBaudRate: async (rate) => {
      if (rate === port.baudRate) return;
      try {
        await call((done) => port.update({ baudRate: rate }, done));
      } catch (cause) {
        throw failed(`${device} cannot be set to ${rate} baud: ${messageOf(cause)}`, cause);
      }
    },
    close: async () => {
      isOver = true;
      port.off('data', onBytes);
      await closeOf(port);
    },
  };
};

/** Loaded when it is needed: it brings a binary of its own, which a device without a receiver can do without. */
async function loadSerialPort(): Promise<typeof import('serialport')> {
  try {
    return await import('serialport');
  } catch (cause) {
    throw new DeviceError('position.receiver-failed', {
      message: `the package serialport cannot be loaded (${messageOf(cause)}); expected it with its binary`,
      hint: 'Install again on this kind of machine: scripts/setup.',
      cause,
    });
  }
}

async function dropWaiting(port: Readable): Promise<void> {
  const beganMono = systemClock.monoMs();
  let cameAtMono = beganMono;
  const drop = () => {
    cameAtMono = systemClock.monoMs();
  };
  port.on('data', drop);
  for (let nowMono = beganMono; nowMono - cameAtMono < QUIET_MS && nowMono - beganMono < MOST_STALE_MS; ) {
    await systemClock.sleep(LOOK_EVERY_MS);
    nowMono = systemClock.monoMs();
  }
  port.off('data', drop);
}

/** What went away by itself is closed already, and says so as an error. */
function closeOf(port: { readonly isOpen: boolean; close(done: () => void): void }): Promise<void> {
  return port.isOpen ? new Promise((resolve) => port.close(() => resolve())) : Promise.resolve();
}

function failed(message: string, cause: unknown): DeviceError {
  return new DeviceError('position.receiver-failed', {
    message,
    hint: "Check the receiver's plug and power, position.receiver, and that the service may use the device (group dialout).",
    cause,
  });
}
