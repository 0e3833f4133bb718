import { type IncomingMessage, request } from 'node:http';
import { DeviceError, messageOf } from '../lib/errors.js';

/** A screen's side of the crew's routes. */
export interface FollowOptions {
  readonly socketPath: string;
  /** With its query. */
  readonly path: string;
  /** The stream counts as lost when nothing came for so long, also before its first line. */
  readonly silentAfterMs: number;
  readonly signal: AbortSignal;
}

/** A line of the daemon's that is longer is no message of it. */
const MOST_LINE_CHARACTERS = 64_000_000;

/**
 * Follows a stream of JSON lines; ends when the daemon ends it, or when the signal is aborted.
 * @throws DeviceError control.unreachable, also where it falls silent; control.refused.
 */
export async function* followControl(options: FollowOptions): AsyncGenerator<unknown, void> {
  const { socketPath, signal } = options;
  try {
    const response = await send('GET', options);
    let rest = '';
    response.setEncoding('utf8');
    for await (const text of response) {
      const lines = `${rest}${text}`.split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > MOST_LINE_CHARACTERS) throw new Error('a line that does not end');
      for (const line of lines) yield JSON.parse(line);
    }
  } catch (cause) {
    if (signal.aborted) return;
    if (cause instanceof DeviceError) throw cause;
    throw unreachable(socketPath, cause);
  }
}

/**
 * Asks the daemon to do something.
 * @throws DeviceError control.refused in the daemon's words; control.unreachable.
 */
export async function tellControl(socketPath: string, path: string, timeoutMs = 5_000): Promise<void> {
  try {
    const response = await send('POST', { socketPath, path, silentAfterMs: timeoutMs });
    response.resume();
  } catch (cause) {
    if (cause instanceof DeviceError) throw cause;
    throw unreachable(socketPath, cause);
  }
}

type Sent = Omit<FollowOptions, 'signal'> & { readonly signal?: AbortSignal };

function send(method: 'GET' | 'POST', sent: Sent): Promise<IncomingMessage> {
  const { socketPath, path, silentAfterMs, signal } = sent;
  return new Promise((resolve, reject) => {
    let heard: IncomingMessage | undefined;
    // An agent of its own would keep the connection: a screen that ends should leave nothing open.
    const asked = request(
      { socketPath, path, method, agent: false, ...(signal && { signal }) },
      (response) => {
        heard = response;
        if (response.statusCode === 200) return resolve(response);
        void refusalIn(response).then(reject, reject);
      },
    );
    asked.setTimeout(silentAfterMs, () =>
      (heard ?? asked).destroy(new Error(`nothing was heard for ${silentAfterMs} ms`)),
    );
    asked.on('error', reject);
    asked.end();
  });
}

async function refusalIn(response: IncomingMessage): Promise<DeviceError> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  const { error, hint, expected } = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  return new DeviceError('control.refused', {
    message: String(error),
    hint: hint === undefined ? `Expected: ${expected ?? 'a daemon of this version'}` : String(hint),
  });
}

function unreachable(socketPath: string, cause: unknown): DeviceError {
  return new DeviceError('control.unreachable', {
    message: `cannot reach the daemon at ${socketPath}: ${messageOf(cause)}`,
    hint: 'Is it running (systemctl status anprd), with the same configuration, and may you open its socket?',
    cause,
  });
}
