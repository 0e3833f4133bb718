import type { IncomingMessage, ServerResponse } from 'node:http';
import { DeviceError, type ErrorCode, messageOf } from '../lib/errors.js';

/** What can be asked at the control socket: a table of routes, and one way to answer what is wrong. */
export interface Route {
  readonly method: 'GET' | 'POST';
  readonly path: RegExp;
  /** As whoever asked for something else is told of it. */
  readonly says: string;
  /** @throws BadRequest, DeviceError; anything else is answered as a fault of the daemon. */
  readonly answer: (asked: Asked) => void | Promise<void>;
}

export interface Asked {
  /** The groups of the route's path. */
  readonly captured: readonly (string | undefined)[];
  readonly query: URLSearchParams;
  readonly response: ServerResponse;
  readonly json: (status: number, value: object) => void;
}

/** A request that is wrong in itself. */
export class BadRequest extends Error {
  readonly expected: string;

  constructor(message: string, expected: string) {
    super(message);
    this.expected = expected;
  }
}

/** What the asker can do something about; any other error is the daemon's own. */
const STATUS: Partial<Record<ErrorCode, number>> = {
  'display.no-such-hit': 404,
  'display.not-shown': 409,
};

/** @throws BadRequest for what is no path, such as `//`. */
function targetOf(url: string): URL {
  try {
    return new URL(url, 'http://anprd');
  } catch {
    throw new BadRequest('that is no path', 'a path such as /status');
  }
}

/** Never rejects: whoever asks is told what failed. */
export async function answerRequest(
  routes: readonly Route[],
  { method = '', url = '' }: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const json = (status: number, value: object) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(`${JSON.stringify(value)}\n`);
  };
  try {
    const { pathname, searchParams } = targetOf(url);
    const there = routes.filter(({ path }) => path.test(pathname));
    const route = there.find((one) => one.method === method);
    if (route === undefined) {
      const status = there.length > 0 ? 405 : 404;
      const expected = (there.length > 0 ? there : routes).map(({ says }) => says).join(', ');
      // A path may hold what somebody took for an id: it is not repeated in full.
      return json(status, { error: `no such request: ${method} ${pathname.slice(0, 80)}`, expected });
    }
    const [, ...captured] = route.path.exec(pathname) ?? [];
    await route.answer({ captured, query: searchParams, response, json });
  } catch (error) {
    // Something was said already: cut off, so that nobody takes it for the whole.
    if (response.headersSent) response.destroy();
    else if (error instanceof BadRequest) json(400, { error: error.message, expected: error.expected });
    else if (error instanceof DeviceError)
      json(STATUS[error.code] ?? 500, { error: error.message, code: error.code, hint: error.hint });
    else json(500, { error: messageOf(error) });
  }
}
