import { request } from 'node:http';
import { DeviceError, messageOf } from '../lib/errors.js';

/**
 * Asks the running daemon for JSON.
 * @throws DeviceError control.unreachable when nobody answers within `timeoutMs`.
 */
export async function askControl(socketPath: string, path: string, timeoutMs = 5_000): Promise<unknown> {
  return ask(socketPath, path, timeoutMs, (text) => {
    try {
      return JSON.parse(text);
    } catch {
      throw new Error('the answer is not JSON');
    }
  });
}

/** As askControl, for an answer that is a text. */
export async function askControlText(socketPath: string, path: string, timeoutMs = 5_000): Promise<string> {
  return ask(socketPath, path, timeoutMs, (text) => text);
}

async function ask<T>(
  socketPath: string,
  path: string,
  timeoutMs: number,
  parse: (text: string) => T,
): Promise<T> {
  try {
    return await new Promise<T>((resolve, reject) => {
      const asked = request({ socketPath, path, timeout: timeoutMs }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          if (response.statusCode !== 200) return reject(new Error(`answer ${response.statusCode}: ${text}`));
          try {
            resolve(parse(text));
          } catch (error) {
            reject(error);
          }
        });
      });
      asked.on('timeout', () => asked.destroy(new Error(`no answer within ${timeoutMs} ms`)));
      asked.on('error', reject);
      asked.end();
    });
  } catch (cause) {
    throw new DeviceError('control.unreachable', {
      message: `cannot ask the daemon at ${socketPath}: ${messageOf(cause)}`,
      hint: 'Is it running (systemctl status anprd), with the same configuration, and may you open its socket?',
      cause,
    });
  }
}
