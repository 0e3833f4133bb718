import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { Lane } from './road-lane.js';

/**
 * A road between a device and its broker, worse or better as it is told.
 *
 * Invariants
 * - Bytes arrive in order and whole, or the connection they belong to carries nothing any more.
 * - A connection that was stalled stays dead for ever, as one whose mobile network forgot it: neither
 *   end hears that the other is gone.
 */
export interface RoadState {
  /** For new connections: carried, refused (nobody listens), or taken and never answered. */
  readonly newConnections: 'carried' | 'refused' | 'unanswered';
  /** Of both directions together, all connections; undefined: as fast as the machine. */
  readonly bytesPerSecond?: number;
  /** What the modem holds of a direction; the rest is in its sender's kernel, and goes when that resets. */
  readonly bufferBytes?: number;
  /** Each way. */
  readonly delayMs?: number;
}

export const CLEAR_ROAD: RoadState = { newConnections: 'carried' };

export type Side = 'device' | 'broker';

/** Sees the bytes of each connection as they are handed on; must not change them. */
export interface RoadWatcher {
  /** Begins a connection that is carried. @returns what sees its bytes. */
  opened(): { passed(to: Side, bytes: Buffer): void; ended(): void };
}

export interface Road {
  readonly port: number;
  readonly url: string;
  /** From now on, for every connection that is alive. */
  set(state: RoadState): void;
  /** Ends every connection: by a goodbye of TCP, or by a reset. */
  cut(how: 'fin' | 'reset'): void;
  /** Kills every connection without a word to either end. */
  stall(): void;
  /** Resets every connection in the middle of the next message to the broker. */
  resetMidPacket(): void;
  close(): Promise<void>;
}

interface Carried {
  readonly near: Socket;
  readonly far: Socket;
  isDead: boolean;
  resetsNext: boolean;
  readonly lanes: readonly Lane[];
}

export async function openRoad(options: {
  readonly brokerPort: number;
  readonly watcher?: RoadWatcher;
}): Promise<Road> {
  const sockets = new Set<Socket>();
  const carried = new Set<Carried>();
  /** Also of connections that have ended, while there is still something of them on the road. */
  const onTheRoad = new Set<Lane>();
  let state: RoadState = CLEAR_ROAD;
  /** When the road has carried what it was given so far; performance.now(). */
  let busyUntilMs = 0;

  /** When bytes that enter the road now come out of it; undefined: at once. */
  function passesAtMs(bytes: number): number | undefined {
    if (state.bytesPerSecond === undefined && state.delayMs === undefined) return undefined;
    const nowMs = performance.now();
    if (state.bytesPerSecond === undefined) return nowMs + (state.delayMs ?? 0);
    busyUntilMs = Math.max(busyUntilMs, nowMs) + (bytes / state.bytesPerSecond) * 1_000;
    return busyUntilMs + (state.delayMs ?? 0);
  }

  /** The road is another, or something on it has vanished: what is left goes as soon as it can. */
  function retime(): void {
    busyUntilMs = 0;
    for (const lane of onTheRoad) lane.retime();
  }

  const server = createServer((near) => {
    sockets.add(near);
    near.on('error', () => undefined);
    near.on('close', () => sockets.delete(near));
    near.setNoDelay(true);
    if (state.newConnections === 'carried') carry(near);
    else near.pause();
  });

  function carry(near: Socket): void {
    const far = connect(options.brokerPort, '127.0.0.1');
    far.setNoDelay(true);
    const watched = options.watcher?.opened();
    const pass = (to: Side, socket: Socket) => (bytes: Buffer) => {
      if (socket.destroyed) return;
      socket.write(bytes);
      watched?.passed(to, bytes);
    };
    const lanes = [
      new Lane({ passesAtMs, bufferBytes: () => state.bufferBytes, pass: pass('broker', far) }),
      new Lane({ passesAtMs, bufferBytes: () => state.bufferBytes, pass: pass('device', near) }),
    ];
    for (const lane of lanes) onTheRoad.add(lane);
    const connection: Carried = { near, far, lanes, isDead: false, resetsNext: false };
    carried.add(connection);
    sockets.add(far);
    far.on('error', () => undefined);
    near.on('error', () => {
      lanes[0]?.forgetUnsent();
      retime();
    });
    near.on('data', (bytes: Buffer) => {
      if (connection.resetsNext) breakOff(connection, bytes);
      else lanes[0]?.take(bytes);
    });
    far.on('data', (bytes: Buffer) => lanes[1]?.take(bytes));
    for (const [socket, other, lane] of [
      [near, far, lanes[0]],
      [far, near, lanes[1]],
    ] as const) {
      socket.on('close', () => {
        sockets.delete(socket);
        if (carried.delete(connection)) watched?.ended();
        // A goodbye travels behind the bytes before it; through a dead connection nothing travels.
        if (lane === undefined || connection.isDead) return;
        lane.end(() => {
          onTheRoad.delete(lane);
          other.destroy();
        });
      });
    }
  }

  function kill(lanes: readonly Lane[]): void {
    for (const lane of lanes) {
      lane.kill();
      onTheRoad.delete(lane);
    }
    retime();
  }

  /** Lets the first half of what was just read through, and resets both ends. */
  function breakOff({ near, far, lanes }: Carried, bytes: Buffer): void {
    kill(lanes);
    near.pause();
    far.write(bytes.subarray(0, Math.ceil(bytes.length / 2)), () => far.resetAndDestroy());
    near.resetAndDestroy();
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no free port on the loopback');
  const { port } = address;
  return {
    port,
    url: `mqtt://127.0.0.1:${port}`,
    set(next) {
      state = next;
      if (state.newConnections === 'refused') server.close();
      else if (!server.listening) server.listen(port, '127.0.0.1');
      retime();
    },
    cut(how) {
      for (const connection of carried) {
        if (connection.isDead) continue;
        kill(connection.lanes);
        for (const socket of [connection.near, connection.far]) {
          if (how === 'reset') socket.resetAndDestroy();
          else socket.destroy();
        }
      }
    },
    stall() {
      for (const connection of carried) {
        connection.isDead = true;
        kill(connection.lanes);
        connection.near.pause();
        connection.far.pause();
      }
    },
    resetMidPacket() {
      for (const connection of carried) connection.resetsNext = true;
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
