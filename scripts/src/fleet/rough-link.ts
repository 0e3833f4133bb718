import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** sound: carries; cut: broken, and nothing is taken; silent: takes everything and passes nothing on. */
export type LinkCondition = 'sound' | 'cut' | 'silent';

/**
 * The mobile link of one device: a relay on the loopback before each broker of its list, which fail
 * together. Carries bytes, TLS included, and counts them.
 */
export class RoughLink {
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();
  #condition: LinkCondition = 'sound';
  #bytes = 0;

  get condition(): LinkCondition {
    return this.#condition;
  }

  /** Both ways. */
  get bytes(): number {
    return this.#bytes;
  }

  /** @returns the same URLs by way of this link. */
  async open(urls: readonly string[]): Promise<string[]> {
    return Promise.all(
      urls.map(async (text) => {
        const url = new URL(text);
        const brokerPort = Number(url.port);
        const server = createServer((near) => this.#carry(near, brokerPort));
        this.#servers.push(server);
        server.listen(0, '127.0.0.1');
        await once(server, 'listening');
        const address = server.address();
        if (address === null || typeof address === 'string') throw new Error('no port');
        url.port = String(address.port);
        return url.href;
      }),
    );
  }

  become(condition: LinkCondition): void {
    this.#condition = condition;
    for (const socket of this.#sockets) {
      if (condition === 'cut') socket.destroy();
      else if (condition === 'silent') socket.pause();
      else socket.resume();
    }
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(
      this.#servers.map((server) => {
        server.close();
        return once(server, 'close');
      }),
    );
  }

  #carry(near: Socket, port: number): void {
    if (this.#condition === 'cut') return void near.destroy();
    const far = connect(port, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(from);
      from.setNoDelay(true);
      from.on('data', (bytes) => {
        this.#bytes += bytes.length;
        if (!to.write(bytes)) {
          from.pause();
          to.once('drain', () => {
            if (this.#condition === 'sound') from.resume();
          });
        }
      });
      from.on('end', () => to.end());
      from.on('error', () => undefined);
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      if (this.#condition === 'silent') from.pause();
    }
  }
}
