import type { Socket } from 'node:net';

/** As much as is handed over at once: the stream's own high-water mark and a record of TLS. */
const MOST_JOINED_BYTES = 16_384;
/** Larger pieces, such as pictures, go as they are: to copy them costs more than another buffer. */
const MOST_PIECE_BYTES = 4_096;
/** Several joined pieces are made in one allocation. */
const SLAB_BYTES = 131_072;
/** Shorter texts and numbers are copied here; longer ones are worth a call into native code. */
const SHORT = 24;
const MOST_BYTES_A_UNIT = 3;

/**
 * Hands what is written while the socket is corked to it in few large pieces.
 *
 * mqtt.js writes a packet in some sixty pieces, each property by itself. The stream would keep an object for
 * each, and pass them on one by one, which takes more time than all else that mqtt.js does.
 *
 * Invariant: what is held here goes ahead of whatever goes to the socket by another way: each `uncork`,
 * a piece that is not held, and with it one that somebody waits for.
 */
export function joinWrites(socket: Socket): void {
  const write = socket.write.bind(socket);
  const uncork = socket.uncork.bind(socket);
  let slab = Buffer.allocUnsafe(0);
  /** What is held lies between them. */
  let from = 0;
  let at = 0;

  const handOver = (): boolean => {
    if (at === from) return true;
    const joined = slab.subarray(from, at);
    from = at;
    return write(joined);
  };

  const hold = (piece: string | Uint8Array): void => {
    const most = piece.length * (typeof piece === 'string' ? MOST_BYTES_A_UNIT : 1);
    if (slab.length - at < most) {
      handOver();
      slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
      from = 0;
      at = 0;
    }
    at += typeof piece === 'string' ? putText(slab, at, piece) : putBytes(slab, at, piece);
  };

  const writeJoined = (piece: unknown, encoding?: unknown, callback?: unknown): boolean => {
    const isHeld =
      socket.writableCorked > 0 &&
      callback === undefined &&
      (encoding === undefined || encoding === 'utf8') &&
      (typeof piece === 'string' || piece instanceof Uint8Array) &&
      piece.length <= MOST_PIECE_BYTES;
    if (!isHeld) {
      handOver();
      return (write as (...all: unknown[]) => boolean)(piece, encoding, callback);
    }
    hold(piece);
    if (at - from >= MOST_JOINED_BYTES) return handOver();
    // Only the stream itself can say later on that there is room again.
    return !socket.writableNeedDrain;
  };

  socket.write = writeJoined as Socket['write'];
  socket.uncork = () => {
    handOver();
    uncork();
  };
}

/** @returns how many bytes it took. */
function putText(into: Buffer, at: number, text: string): number {
  if (text.length > SHORT) return into.write(text, at);
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit > 0x7f) return into.write(text, at);
    into[at + index] = unit;
  }
  return text.length;
}

function putBytes(into: Buffer, at: number, bytes: Uint8Array): number {
  if (bytes.length > SHORT) into.set(bytes, at);
  else for (let index = 0; index < bytes.length; index++) into[at + index] = bytes[index] as number;
  return bytes.length;
}
