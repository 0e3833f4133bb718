import { chmod, mkdir, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { dirname } from 'node:path';
import { messageOf } from '../lib/errors.js';
import type { Logger } from '../lib/log.js';
import { askControl } from './client.js';

/**
 * Local control over a Unix socket (HTTP, JSON): what runs on the device is asked there by
 * anprctl, by root and the service's group only. Nothing listens on the network.
 */
export interface ControlServerOptions {
  readonly socketPath: string;
  /** The state of the whole device; must be serialisable as JSON. */
  readonly snapshot: () => object;
  /** The same as counters, in the text form of Prometheus. */
  readonly metrics: () => Promise<string>;
  readonly log: Logger;
}

const JSON_TYPE = 'application/json';
/** Of the exposition format 0.0.4. */
const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export class ControlServer {
  readonly #options: ControlServerOptions;
  #server: Server | undefined;

  constructor(options: ControlServerOptions) {
    this.#options = options;
  }

  /** @throws when another daemon answers at the socket, or it cannot be made. */
  async start(): Promise<void> {
    const { socketPath, log } = this.#options;
    await mkdir(dirname(socketPath), { recursive: true });
    if (await isAnswered(socketPath))
      throw new Error(`another anprd is running: it answers at ${socketPath}`);
    // A daemon that was killed leaves its socket behind; nobody answers there, so it may go.
    await rm(socketPath, { force: true });
    const server = createServer((request, response) => {
      void this.#answer(request).then(({ status, type, body }) => {
        response.writeHead(status, { 'content-type': type });
        response.end(body);
      });
    });
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(socketPath, () => {
        server.off('error', reject);
        server.on('error', (error) => log.warn({ error: error.message }, 'control socket'));
        resolve();
      });
    });
    await chmod(socketPath, 0o660);
  }

  /** Never rejects: whoever asks is told what failed. */
  async #answer({ method, url }: IncomingMessage): Promise<{ status: number; type: string; body: string }> {
    const { snapshot, metrics } = this.#options;
    const json = (status: number, value: object) => ({
      status,
      type: JSON_TYPE,
      body: JSON.stringify(value),
    });
    try {
      if (method === 'GET' && url === '/status') return json(200, snapshot());
      if (method === 'GET' && url === '/metrics') {
        return { status: 200, type: METRICS_TYPE, body: await metrics() };
      }
    } catch (error) {
      return json(500, { error: messageOf(error) });
    }
    const expected = 'GET /status or GET /metrics';
    return json(404, { error: `no such request: ${method} ${url}`, expected });
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

async function isAnswered(socketPath: string): Promise<boolean> {
  try {
    await askControl(socketPath, '/status', 1_000);
    return true;
  } catch {
    return false;
  }
}
