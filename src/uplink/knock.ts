import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, TLSSocket } from 'node:tls';
import type { Clock } from '../lib/clock.js';
import { DeviceError } from '../lib/errors.js';
import type { TlsMaterial } from './certificates.js';
import { connectionError, unansweredError } from './failures.js';
import type { Probed } from './probe.js';

export interface KnockOptions {
  readonly url: string;
  readonly tls: TlsMaterial;
  readonly serverName?: string | undefined;
  readonly withinMs: number;
}

const PORTS: Readonly<Record<string, number>> = { 'mqtt:': 1883, 'mqtts:': 8883, 'ws:': 80, 'wss:': 443 };
/** TLS 1.3: this side is through before the broker has looked at its certificate. */
const VERDICT_MS = 3_000;

/**
 * Whether a broker takes a connection, down to TLS and its certificates, without a word of MQTT. A broker that takes client
 * ids from certificates would end the connection of this device for any other that says a word.
 * @param signal gives it up
 */
export async function knock(options: KnockOptions, clock: Clock, signal: AbortSignal): Promise<Probed> {
  const { url, withinMs } = options;
  const over = new AbortController();
  const giveUp = () => over.abort();
  signal.addEventListener('abort', giveUp, { once: true });
  const socket = open(options);
  const sleep = (ms: number) => clock.sleep(ms, over.signal).catch(() => undefined);
  let localAddress: string | undefined;
  const taken = new Promise<undefined>((resolve, reject) => {
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the connection was closed')));
    socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', () => {
      localAddress = socket.localAddress;
      const mayBeRefused = socket instanceof TLSSocket && socket.getProtocol() === 'TLSv1.3';
      void sleep(mayBeRefused ? VERDICT_MS : 0).then(() => resolve(undefined));
    });
    // A ticket for the next time comes to whom the broker has let in.
    socket.once('session', () => localAddress !== undefined && resolve(undefined));
  });
  const late = sleep(withinMs).then(() => unansweredError(url, withinMs));
  try {
    const problem = await Promise.race([taken, late]);
    if (problem !== undefined) return { problem };
    return localAddress === undefined ? {} : { localAddress };
  } catch (thrown) {
    return { problem: thrown instanceof DeviceError ? thrown : connectionError(url, thrown) };
  } finally {
    giveUp();
    signal.removeEventListener('abort', giveUp);
    socket.destroy();
  }
}

function open({ url, tls, serverName }: KnockOptions): Socket {
  const { protocol, hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const to = { host, port: Number(port) || (PORTS[protocol] as number) };
  if (protocol === 'mqtt:' || protocol === 'ws:') return connectTcp(to);
  const servername = serverName ?? (isIP(host) === 0 ? host : undefined);
  return connectTls({ ...to, ...tls, ...(servername !== undefined && { servername }) });
}
