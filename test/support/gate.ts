import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createWebServer, type IncomingMessage } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** Something that listens where a broker was expected. */
export interface Gate {
  readonly port: number;
  readonly url: string;
  /** Connections that were made so far. */
  readonly connections: number;
  close: () => Promise<void>;
}

/** A TCP server on the loopback. @param meet what becomes of a connection */
export async function startGate(meet: (near: Socket) => void): Promise<Gate> {
  return opened(createServer(), 'mqtt', meet);
}

/** Takes connections, and says what is given, or nothing for ever. */
export const speaker = (says?: string | Buffer) => (near: Socket) => {
  if (says !== undefined) near.write(says);
};

/** Takes connections, and closes each when something has come. */
export const closer = (near: Socket) => {
  near.once('data', () => near.destroy());
};

/** The way to a broker, as it is. */
export const joined = (port: number) => (near: Socket) => {
  near.once('data', (first: Buffer) => join(near, port, first));
};

/**
 * The way to a broker as if it spoke MQTT 3.1.1 alone.
 * @param refusal what it answers to another version; absent: it closes the connection, as RabbitMQ 3.10 does
 */
export const only311 = (port: number, refusal?: Buffer) => (near: Socket) => {
  near.once('data', (first: Buffer) => {
    // Fixed header of two bytes (or three), length and name of the protocol, then its level.
    const level = first[first.indexOf('MQTT') + 4];
    if (level === 4) join(near, port, first);
    else if (refusal === undefined) near.destroy();
    else near.end(refusal);
  });
};

/** A WebSocket in front of a broker, for brokers that were built without. */
export async function startWebSocket(port: number): Promise<Gate> {
  return webSocketOn(createWebServer(), 'ws', port);
}

/** The same over TLS. @param stem of the files of its certificate and key */
export async function startSecureWebSocket(port: number, stem: string): Promise<Gate> {
  const [cert, key] = [readFileSync(`${stem}.pem`), readFileSync(`${stem}.key`)];
  return webSocketOn(createSecureServer({ cert, key }), 'wss', port);
}

async function webSocketOn(server: Server, scheme: string, port: number): Promise<Gate> {
  server.on('upgrade', (request: IncomingMessage, near: Socket) => {
    if (request.url !== '/mqtt') {
      near.end('HTTP/1.1 404 Not Found\r\n\r\n');
      return;
    }
    const magic = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const accept = createHash('sha1').update(magic).digest('base64');
    near.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: mqtt\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    const far = connect(port, '127.0.0.1');
    let held = Buffer.alloc(0);
    near.on('data', (chunk: Buffer) => {
      held = Buffer.concat([held, chunk]);
      for (let frame = frameIn(held); frame !== undefined; frame = frameIn(held)) {
        held = held.subarray(frame.bytes);
        if (frame.opcode === 8) near.end();
        else far.write(frame.payload);
      }
    });
    far.on('data', (chunk: Buffer) => near.write(frameOf(chunk)));
    tie(near, far);
  });
  const gate = await opened(server, scheme, () => undefined);
  return { ...gate, url: `${gate.url}/mqtt` };
}

async function opened(server: Server, scheme: string, meet: (near: Socket) => void): Promise<Gate> {
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on('connection', (near) => {
    connections++;
    sockets.add(near);
    near.on('error', () => undefined);
    near.on('close', () => sockets.delete(near));
    meet(near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    url: `${scheme}://127.0.0.1:${address.port}`,
    get connections() {
      return connections;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function join(near: Socket, port: number, first: Buffer): void {
  const far = connect(port, '127.0.0.1');
  far.write(first);
  near.pipe(far);
  far.pipe(near);
  tie(near, far);
}

function tie(near: Socket, far: Socket): void {
  far.on('error', () => undefined);
  far.on('close', () => near.destroy());
  near.on('close', () => far.destroy());
}

/** The first frame of what a client sent, unmasked; undefined: it is not all there. */
function frameIn(held: Buffer): { opcode: number; bytes: number; payload: Buffer } | undefined {
  if (held.length < 2) return undefined;
  const short = (held[1] as number) & 0x7f;
  const maskAt = short === 126 ? 4 : short === 127 ? 10 : 2;
  if (held.length < maskAt + 4) return undefined;
  const length =
    short === 126 ? held.readUInt16BE(2) : short === 127 ? Number(held.readBigUInt64BE(2)) : short;
  const bytes = maskAt + 4 + length;
  if (held.length < bytes) return undefined;
  const mask = held.subarray(maskAt, maskAt + 4);
  const payload = Buffer.from(held.subarray(maskAt + 4, bytes));
  for (let at = 0; at < length; at++) payload[at] = (payload[at] as number) ^ (mask[at % 4] as number);
  return { opcode: (held[0] as number) & 0x0f, bytes, payload };
}

function frameOf(payload: Buffer): Buffer {
  const head = Buffer.alloc(payload.length < 126 ? 2 : 4);
  head[0] = 0x82;
  head[1] = payload.length < 126 ? payload.length : 126;
  if (payload.length >= 126) head.writeUInt16BE(payload.length, 2);
  return Buffer.concat([head, payload]);
}
