import type { Socket } from 'node:net';

interface Piece {
  readonly chunk: string | Uint8Array;
  readonly encoding: BufferEncoding;
}

/**
 * Hands what waits to be written to the kernel in one piece.
 *
 * mqtt.js writes a packet in some sixty pieces, each property by itself; to pass them on one by one takes
 * more time than all else that it does. Joined, they are one write, and with TLS one record.
 */
export function joinWrites(socket: Socket): void {
  socket._writev = (pieces: readonly Piece[], callback) => {
    let bytes = 0;
    for (const { chunk, encoding } of pieces) {
      bytes += typeof chunk === 'string' ? Buffer.byteLength(chunk, encoding) : chunk.length;
    }
    const joined = Buffer.allocUnsafe(bytes);
    let at = 0;
    for (const { chunk, encoding } of pieces) {
      if (typeof chunk === 'string') at += joined.write(chunk, at, encoding);
      else {
        joined.set(chunk, at);
        at += chunk.length;
      }
    }
    socket._write(joined, 'buffer' as BufferEncoding, callback);
  };
}
