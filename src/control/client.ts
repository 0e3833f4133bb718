import { request } from 'node:http';
import { DeviceError, messageOf } from '../lib/errors.js';

/**
 * Asks the running daemon.
 * @throws DeviceError control.unreachable when nobody answers within `timeoutMs`.
 */
export async function askControl(socketPath: string, path: string, timeoutMs = 5_000): Promise<unknown> {
  try {
    return await new Promise((resolve, reject) => {
      const asked = request({ socketPath, path, timeout: timeoutMs }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          if (response.statusCode !== 200) return reject(new Error(`answer ${response.statusCode}: ${text}`));
          try {
            resolve(JSON.parse(text));
          } catch {
            reject(new Error('the answer is not JSON'));
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
