import { type AddressInfo, createServer, type Socket } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';

// The network side of rtsp-camera.ts: Motion JPEG over RTP (RFC 2435) inside the RTSP connection.
// In a thread of its own, because FFmpeg blocks the thread that opens a stream.

export interface Jpeg {
  readonly widthPx: number;
  readonly heightPx: number;
  /** Both quantisation tables, 128 bytes. */
  readonly tables: Uint8Array;
  readonly scan: Uint8Array;
}

export interface CameraWork {
  readonly pictures: readonly Jpeg[];
  readonly intervalMs: number;
  /** Shared: the number of the newest frame that was sent. */
  readonly newest: Int32Array;
  /** Shared: when frames were sent, UTC milliseconds; a frame's place is its number modulo the length. */
  readonly shownAtMs: Float64Array;
}

export type CameraOrder = 'switchOn' | 'switchOff' | 'freeze' | 'thaw' | 'hangUp';

const { pictures, intervalMs, newest, shownAtMs } = workerData as CameraWork;

const FRAGMENT_BYTES = 1_300;
const MOTION_JPEG = 26;
const SDP = [
  'v=0',
  'o=- 0 0 IN IP4 127.0.0.1',
  's=test',
  't=0 0',
  `m=video 0 RTP/AVP ${MOTION_JPEG}`,
  'c=IN IP4 0.0.0.0',
  'a=control:track0',
  '',
].join('\r\n');
const HEADERS: Readonly<Record<string, readonly string[]>> = {
  OPTIONS: ['Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN'],
  DESCRIBE: ['Content-Type: application/sdp', `Content-Length: ${SDP.length}`],
  SETUP: ['Transport: RTP/AVP/TCP;unicast;interleaved=0-1', 'Session: 1'],
};
const REQUEST = /(OPTIONS|DESCRIBE|SETUP|PLAY|TEARDOWN|GET_PARAMETER) [\s\S]*$/;

class Viewer {
  isPlaying = false;
  readonly socket: Socket;
  #sequence = 0;
  #pending = '';

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      this.#pending += bytes.toString('latin1');
      for (let end = this.#pending.indexOf('\r\n\r\n'); end >= 0; end = this.#pending.indexOf('\r\n\r\n')) {
        // What is before the request are reports of reception, which nobody here reads.
        const request = REQUEST.exec(this.#pending.slice(0, end));
        this.#pending = this.#pending.slice(end + 4);
        if (request) this.#answer(request[0]);
      }
    });
  }

  send({ widthPx, heightPx, tables, scan }: Jpeg, timestamp: number): void {
    // One write a frame: hundreds of small ones would be what such a camera costs.
    this.socket.cork();
    for (let offset = 0; offset < scan.length; offset += FRAGMENT_BYTES) {
      const isLast = offset + FRAGMENT_BYTES >= scan.length;
      const rtp = Buffer.alloc(12);
      rtp[0] = 0x80;
      rtp[1] = MOTION_JPEG | (isLast ? 0x80 : 0);
      rtp.writeUInt16BE(this.#sequence++ & 0xffff, 2);
      rtp.writeUInt32BE(timestamp >>> 0, 4);
      const jpeg = Buffer.of(
        0,
        offset >> 16,
        (offset >> 8) & 255,
        offset & 255,
        1,
        255,
        widthPx / 8,
        heightPx / 8,
      );
      const quantisation = offset === 0 ? Buffer.of(0, 0, 0, tables.length, ...tables) : Buffer.alloc(0);
      const packet = Buffer.concat([rtp, jpeg, quantisation, scan.subarray(offset, offset + FRAGMENT_BYTES)]);
      this.socket.write(Buffer.concat([Buffer.of(0x24, 0, packet.length >> 8, packet.length & 255), packet]));
    }
    this.socket.uncork();
  }

  #answer(request: string): void {
    const method = request.slice(0, request.indexOf(' '));
    const sequence = /CSeq: *(\d+)/i.exec(request)?.[1] ?? '0';
    const head = ['RTSP/1.0 200 OK', `CSeq: ${sequence}`, ...(HEADERS[method] ?? ['Session: 1']), '', ''];
    this.socket.write(head.join('\r\n') + (method === 'DESCRIBE' ? SDP : ''));
    if (method === 'PLAY') this.isPlaying = true;
  }
}

const viewers = new Set<Viewer>();
const server = createServer((socket) => {
  const viewer = new Viewer(socket);
  viewers.add(viewer);
  socket.on('close', () => viewers.delete(viewer));
});
let frozen = false;
let port = 0;
let frames = 0;
let ticking: NodeJS.Timeout | undefined;
/** When the next frame is due, of performance.now(): a camera's clock keeps time better than a timer that begins anew. */
let dueMs = 0;

function tick(): void {
  dueMs += intervalMs;
  ticking = setTimeout(tick, Math.max(0, dueMs - performance.now()));
  if (frozen) return;
  const index = frames++;
  shownAtMs[index % shownAtMs.length] = Date.now();
  Atomics.store(newest, 0, index);
  const picture = pictures[index % pictures.length] as Jpeg;
  for (const viewer of viewers) {
    if (viewer.isPlaying) viewer.send(picture, Math.round(index * intervalMs * 90));
  }
}

function hangUp(): void {
  for (const viewer of viewers) viewer.socket.destroy();
}

const orders: Readonly<Record<CameraOrder, () => unknown>> = {
  async switchOn() {
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    ({ port } = server.address() as AddressInfo);
    dueMs = performance.now() + intervalMs;
    ticking = setTimeout(tick, intervalMs);
    return port;
  },
  async switchOff() {
    clearTimeout(ticking);
    hangUp();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  },
  hangUp,
  freeze: () => {
    frozen = true;
  },
  thaw: () => {
    frozen = false;
  },
};

parentPort?.on('message', async (order: CameraOrder) => parentPort?.postMessage(await orders[order]()));
