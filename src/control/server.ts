import { chmod, mkdir, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { dirname } from 'node:path';
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
  readonly log: Logger;
}

export class ControlServer {
  readonly #options: ControlServerOptions;
  #server: Server | undefined;

  constructor(options: ControlServerOptions) {
    this.#options = options;
  }

  /** @throws when another daemon answers at the socket, or it cannot be made. */
  async start(): Promise<void> {
    const { socketPath, snapshot, log } = this.#options;
    await mkdir(dirname(socketPath), { recursive: true });
    if (await isAnswered(socketPath))
      throw new Error(`another anprd is running: it answers at ${socketPath}`);
    // A daemon that was killed leaves its socket behind; nobody answers there, so it may go.
    await rm(socketPath, { force: true });
    const server = createServer((request, response) => {
      const found = request.method === 'GET' && request.url === '/status';
      const body = found
        ? snapshot()
        : { error: `no such request: ${request.method} ${request.url}`, expected: 'GET /status' };
      response.writeHead(found ? 200 : 404, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
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
