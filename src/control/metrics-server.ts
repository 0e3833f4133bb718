import { createServer, type Server } from 'node:http';
import { messageOf } from '../lib/errors.js';

/** Prometheus reads plain HTTP: on the loopback address alone, for a collector on the device itself. */
const ADDRESS = '127.0.0.1';
const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export interface MetricsServerOptions {
  readonly port: number;
  readonly metrics: () => Promise<string>;
  /** Told where the port cannot be used. */
  readonly onProblem: (detail: string) => void;
}

/** A port that is taken is told, and nothing else suffers from it: metrics are not what a device is for. */
export class MetricsServer {
  readonly #options: MetricsServerOptions;
  #server: Server | undefined;

  constructor(options: MetricsServerOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { port, metrics, onProblem } = this.#options;
    const server = createServer((request, response) => {
      const answer = (status: number, text: string) =>
        response.writeHead(status, { 'content-type': CONTENT_TYPE }).end(text);
      if (request.method !== 'GET' || request.url !== '/metrics') {
        answer(404, `no such request: ${request.method} ${request.url}; expected GET /metrics\n`);
        return;
      }
      metrics().then(
        (page) => answer(200, page),
        (error: unknown) => answer(500, `${messageOf(error)}\n`),
      );
    });
    await new Promise<void>((resolve) => {
      server.on('error', (error) => {
        onProblem(`port ${port}: ${error.message}`);
        resolve();
      });
      server.listen(port, ADDRESS, resolve);
    });
    this.#server = server;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined || !server.listening) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}
