import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { joinWrites } from '../../../src/uplink/joined-writes.js';

let server: ReturnType<typeof createServer>;
let socket: Socket;
let received: Promise<Buffer>;

beforeEach(async () => {
  server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  received = once(server, 'connection').then(async ([far]: Socket[]) => {
    const chunks: Buffer[] = [];
    for await (const chunk of far as Socket) chunks.push(chunk);
    return Buffer.concat(chunks);
  });
  socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  joinWrites(socket);
});

afterEach(() => {
  socket.destroy();
  server.close();
});

describe('what is written piece by piece', () => {
  it('arrives whole and in order, texts and bytes, before and after the connection stands', async () => {
    const expected: Buffer[] = [];
    for (let packet = 0; packet < 50; packet++) {
      if (packet === 25) await once(socket, 'connect');
      socket.cork();
      for (const piece of ['sequence', Buffer.of(packet, 0, 255), 'É', Buffer.alloc(30_000, packet)]) {
        socket.write(piece);
        expected.push(Buffer.from(piece as string));
      }
      socket.uncork();
    }
    socket.end();
    expect(Buffer.concat(expected).equals(await received)).toBe(true);
  });

  it('goes to the kernel in one piece', async () => {
    await once(socket, 'connect');
    const sizes: number[] = [];
    const write = socket._write.bind(socket);
    socket._write = (chunk, encoding, callback) => {
      sizes.push(chunk.length);
      write(chunk, encoding, callback);
    };
    socket.cork();
    for (let piece = 0; piece < 60; piece++) socket.write(piece % 2 === 0 ? 'property' : Buffer.alloc(2));
    socket.uncork();
    socket.end();
    await received;
    expect(sizes).toEqual([30 * 8 + 30 * 2]);
  });

  it('goes in pieces of some kilobytes where it is much, and what is large as it is', async () => {
    await once(socket, 'connect');
    const sizes: number[] = [];
    const writev = socket._writev?.bind(socket);
    socket._writev = (pieces, callback) => {
      sizes.push(...pieces.map(({ chunk }) => chunk.length));
      writev?.(pieces, callback);
    };
    socket.cork();
    for (let piece = 0; piece < 600; piece++) socket.write(Buffer.alloc(100));
    socket.write(Buffer.alloc(25_000));
    socket.write('after it');
    socket.uncork();
    socket.end();
    await received;
    expect(sizes).toEqual([16_400, 16_400, 16_400, 10_800, 25_000, 8]);
  });

  it('says when there is room again to whom it said that there is none', async () => {
    await once(socket, 'connect');
    socket.cork();
    while (socket.write('property'));
    const hasRoom = once(socket, 'drain');
    socket.uncork();
    await hasRoom;
    expect(socket.writableLength).toBe(0);
  });

  it('tells a fault of the connection to whoever wrote', async () => {
    await once(socket, 'connect');
    socket.on('error', () => undefined);
    socket.destroy();
    const failed = await new Promise((resolve) => {
      socket.cork();
      socket.write('a', () => undefined);
      socket.write('b', resolve);
      socket.uncork();
    });
    expect(failed).toBeInstanceOf(Error);
  });
});
