import { chmod, mkdir, rm } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { DeviceError, messageOf } from '../lib/errors.js';
import type { Logger } from '../lib/log.js';
import { type CrewDoor, crewRoutes } from './crew-routes.js';
import { answerRequest, type Route } from './routes.js';

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
  /** What the crew's screens follow, and what they ask for. */
  readonly crew: CrewDoor;
  readonly log: Logger;
}

/** Of the exposition format 0.0.4. */
const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';
/** What a screen was told last reaches it within this, or never. */
const LAST_WORDS_MS = 500;
const NOT_HTTP = JSON.stringify({
  error: 'that is no HTTP request',
  expected: 'HTTP/1.1, such as GET /status',
});

export class ControlServer {
  readonly #options: ControlServerOptions;
  readonly #routes: readonly Route[];
  readonly #open = new Set<ServerResponse>();
  #server: Server | undefined;

  constructor(options: ControlServerOptions) {
    const { snapshot, metrics, crew } = options;
    this.#options = options;
    this.#routes = [
      {
        method: 'GET',
        path: /^\/status$/,
        says: 'GET /status',
        answer: ({ json }) => json(200, snapshot()),
      },
      {
        method: 'GET',
        path: /^\/metrics$/,
        says: 'GET /metrics',
        answer: async ({ response }) => {
          const text = await metrics();
          response.writeHead(200, { 'content-type': METRICS_TYPE });
          response.end(text);
        },
      },
      ...crewRoutes(crew),
    ];
  }

  /** @throws DeviceError control.not-opened, also where another daemon answers there. */
  async start(): Promise<void> {
    const { socketPath } = this.#options;
    try {
      await mkdir(dirname(socketPath), { recursive: true });
      if (await isHeld(socketPath)) throw new Error('another anprd is running and holds it');
      // A daemon that was killed leaves its socket behind; nobody holds it, so it may go.
      await rm(socketPath, { force: true });
      await this.#listen();
      await chmod(socketPath, 0o660);
    } catch (cause) {
      throw new DeviceError('control.not-opened', {
        message: `cannot open the control socket ${socketPath}: ${messageOf(cause)}`,
        hint: 'End the other one (systemctl stop anprd), or set control.socketPath to a folder that this user may write to.',
        cause,
      });
    }
  }

  /** Screens are told all that was said to them before; one that does not read is cut off. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const response of this.#open) if (response.headersSent) response.end();
    server.closeIdleConnections();
    const cutOff = setTimeout(() => server.closeAllConnections(), LAST_WORDS_MS);
    await closed;
    clearTimeout(cutOff);
  }

  async #listen(): Promise<void> {
    const { socketPath, log } = this.#options;
    const server = createServer((request, response) => {
      this.#open.add(response);
      response.once('close', () => this.#open.delete(response));
      // Nothing that can be asked needs a body; one that came is read and left.
      request.resume();
      void answerRequest(this.#routes, request, response);
    });
    server.on('clientError', (_, socket) => {
      if (!socket.writable) {
        socket.destroy();
        return;
      }
      const head = 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: application/json\r\n';
      socket.end(`${head}Content-Length: ${Buffer.byteLength(NOT_HTTP)}\r\n\r\n${NOT_HTTP}`);
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(socketPath, () => {
        server.off('error', reject);
        server.on('error', (error) => log.warn({ error: error.message }, 'control socket'));
        resolve();
      });
    });
    this.#server = server;
  }
}

/** A process that hangs holds its socket as well: the kernel takes the connection, whoever answers it. */
function isHeld(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    const settle = (held: boolean) => {
      socket.destroy();
      resolve(held);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', (error: NodeJS.ErrnoException) => settle(error.code === 'EAGAIN'));
  });
}
