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

/** @throws DeviceError position.receiver-failed where the device is not there or may not be opened. */
export const openSerialLine: OpenSerialLine = async ({ device, baudRate, onBytes, onGone }) => {
  // Loaded here, so that a device without a receiver needs no serial driver.
  const { SerialPort } = await import('serialport');
  const port = new SerialPort({ path: device, baudRate, autoOpen: false });
  const call = (work: (done: (error: Error | null) => void) => void) =>
    new Promise<void>((resolve, reject) => work((error) => (error ? reject(error) : resolve())));

  let isOver = false;
  const gone = (error?: unknown) => {
    if (isOver) return;
    isOver = true;
    onGone(failed(`the receiver on ${device} went away${error ? ` (${messageOf(error)})` : ''}`, error));
  };
  try {
    await call((done) => port.open(done));
    // What came before anybody read is of unknown age.
    await call((done) => port.flush(done));
  } catch (cause) {
    // A listener, because an error of a port that nobody listens to would end the process.
    port.on('error', () => undefined);
    await closeOf(port);
    throw failed(`cannot open the receiver on ${device}: ${messageOf(cause)}`, cause);
  }
  port.on('data', onBytes);
  port.on('error', gone);
  port.on('close', gone);
  port.on('end', () => gone());

  return {
    setBaudRate: async (rate) => {
      if (rate === port.baudRate) return;
      try {
        await call((done) => port.update({ baudRate: rate }, done));
        await call((done) => port.flush(done));
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
