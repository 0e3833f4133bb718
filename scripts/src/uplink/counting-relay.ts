import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';

/** A wire to the broker that counts what goes over it. */
export interface CountingRelay {
  readonly url: string;
  /** TCP payload since the start: to the broker, and back. */
  counted(): { readonly thereBytes: number; readonly backBytes: number };
  close(): Promise<void>;
}

export async function startCountingRelay(brokerUrl: string): Promise<CountingRelay> {
  const { hostname, port } = new URL(brokerUrl);
  let thereBytes = 0;
  let backBytes = 0;
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    near.on('data', (chunk) => {
      thereBytes += chunk.length;
    });
    far.on('data', (chunk) => {
      backBytes += chunk.length;
    });
    near.pipe(far).pipe(near);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on('error', () => undefined);
      one.on('close', () => other.destroy());
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`,
    counted: () => ({ thereBytes, backBytes }),
    close: async () => {
      server.close();
      await once(server, 'close');
    },
  };
}
