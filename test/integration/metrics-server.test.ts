import { createServer } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { freePort } from '../../scripts/src/loopback.js';
import { MetricsServer } from '../../src/control/metrics-server.js';

const problems: string[] = [];
const onProblem = (detail: string) => problems.push(detail);
let server: MetricsServer | undefined;

afterEach(async () => server?.stop());

async function served(metrics: () => Promise<string>): Promise<string> {
  const port = await freePort();
  server = new MetricsServer({ port, metrics, onProblem });
  await server.start();
  return `http://127.0.0.1:${port}`;
}

it('serves the page that Prometheus reads', async () => {
  const url = await served(async () => 'anprd_uptime_seconds 1\n');
  const response = await fetch(`${url}/metrics`);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toContain('version=0.0.4');
  expect(await response.text()).toBe('anprd_uptime_seconds 1\n');
});

it('says what it serves to whoever asks for something else, and what failed', async () => {
  const url = await served(() => Promise.reject(new Error('no figures')));
  const wrong = await fetch(`${url}/secrets`);
  expect([wrong.status, await wrong.text()]).toEqual([
    404,
    'no such request: GET /secrets; expected GET /metrics\n',
  ]);
  const failed = await fetch(`${url}/metrics`);
  expect([failed.status, await failed.text()]).toEqual([500, 'no figures\n']);
});

it('goes without where the port is taken, and stops all the same', async () => {
  const port = await freePort();
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve));
  server = new MetricsServer({ port, metrics: async () => '', onProblem });
  await expect(server.start()).resolves.toBeUndefined();
  expect(problems).toEqual([expect.stringContaining(`port ${port}`)]);
  await expect(server.stop()).resolves.toBeUndefined();
  await new Promise((resolve) => other.close(resolve));
});
