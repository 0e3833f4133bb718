import type { ClientRequest } from 'node:http';
import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { MqttClient } from 'mqtt';
import { chainEndMs } from './certificates.js';
import { joinWrites } from './joined-writes.js';

/** The socket below an MQTT client, whichever of TCP, TLS and WebSocket it speaks. */
export class Transport {
  #socket: Socket | undefined;
  #reached = false;

  /** A WebSocket has no public way to the socket below it; the request that opens it has. */
  readonly webSocketOptions = {
    finishRequest: (request: ClientRequest): void => {
      request.once('socket', (socket) => this.#take(socket));
      request.end();
    },
  };

  /** To be called right after the client was made. */
  watch({ stream }: MqttClient): void {
    if (stream instanceof Socket) this.#take(stream);
  }

  /** Whether somebody took the connection, down to TLS. */
  get reached(): boolean {
    return this.#reached;
  }

  get localAddress(): string | undefined {
    return this.#socket?.localAddress;
  }

  /** UTC, milliseconds: when the first certificate of the broker's chain is over; undefined without TLS. */
  get brokerNotAfterMs(): number | undefined {
    return this.#socket instanceof TLSSocket ? chainEndMs(this.#socket.getPeerX509Certificate()) : undefined;
  }

  /**
   * Lets go of what the kernel still holds: on a thin link it would otherwise be sent all the same, ahead
   * of the next connection. TLS has no way to that in Node; there the socket ends as it does.
   */
  reset(): void {
    if (this.#socket !== undefined && !(this.#socket instanceof TLSSocket)) this.#socket.resetAndDestroy();
  }

  #take(socket: Socket): void {
    this.#socket = socket;
    // A hit does not wait until what was sent before it is acknowledged.
    socket.setNoDelay(true);
    joinWrites(socket);
    socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', () => {
      this.#reached = true;
    });
  }
}
