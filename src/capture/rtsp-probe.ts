import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { DeviceError } from '../lib/errors.js';

/**
 * Asks an RTSP server for its OPTIONS, without blocking: resolves when it answers anything in RTSP
 * (also "unauthorised"), so that the open of FFmpeg, which blocks the thread, is only tried then.
 * @throws DeviceError capture.open-failed
 */
export async function probeRtsp(url: string, timeoutMs: number): Promise<void> {
  const address = addressOf(url);
  const { isTls, host, port } = address;
  // A camera's certificate is its own; whether it is trusted is not decided by this question.
  const socket: Socket = isTls
    ? connectTls({ host, port, rejectUnauthorized: false })
    : connect({ host, port });
  try {
    await answered(socket, isTls ? 'secureConnect' : 'connect', address.request, timeoutMs);
  } finally {
    socket.destroy();
  }
}

function addressOf(url: string) {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw unreachable('source.url is no URL');
  }
  const isTls = parsed.protocol === 'rtsps:';
  const host = parsed.hostname.replace(/^\[|\]$/g, '');
  const port = Number(parsed.port || (isTls ? 322 : 554));
  // Without user name and password: they go over this connection only when FFmpeg is asked for them.
  const target = `${parsed.protocol}//${parsed.host}${parsed.pathname}`;
  return { isTls, host, port, request: `OPTIONS ${target} RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: anprd\r\n\r\n` };
}

function answered(socket: Socket, ready: string, request: string, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.setTimeout(timeoutMs, () => reject(unreachable(`it did not answer within ${timeoutMs / 1000} s`)));
    socket.once('error', (cause: NodeJS.ErrnoException) => reject(unreachable(cause.code ?? cause.message)));
    socket.once('close', () => reject(unreachable('it closed the connection')));
    socket.once(ready, () => socket.write(request));
    socket.once('data', (bytes: Buffer) => {
      if (bytes.toString('latin1').startsWith('RTSP/')) resolve();
      else reject(unreachable('what answers is no RTSP server'));
    });
  });
}

function unreachable(why: string): DeviceError {
  return new DeviceError('capture.open-failed', {
    message: `the RTSP camera cannot be reached: ${why}`,
    hint: "Check the camera's power and network, and the address and port in source.url.",
  });
}
