import type { ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../../src/lib/package-root.js';
import { answers, freePorts } from '../loopback.js';
import { end, type FleetBroker, fillIn, spawnTied } from './broker.js';
import type { Authority } from './certificates.js';

const SHIPPED = join(packageRoot(import.meta.dirname), 'config/mosquitto');
const START_MS = 10_000;

/**
 * A Mosquitto as config/mosquitto has it, on the loopback with a folder of its own: only paths, ports
 * and the user that it runs as are others.
 * @throws Error where there is no mosquitto, or it does not take the configuration.
 */
export async function startShippedMosquitto(folder: string, authority: Authority): Promise<FleetBroker> {
  const [devicePort, centrePort] = (await freePorts(2)) as [number, number];
  const { caFile, certificateFile, keyFile } = await authority.broker();
  mkdirSync(join(folder, 'saved'), { recursive: true });
  const configuration = fillIn(readFileSync(join(SHIPPED, 'mosquitto.conf'), 'utf8'), {
    'listener 8883': `listener ${devicePort} 127.0.0.1`,
    'listener 8884': `listener ${centrePort} 127.0.0.1`,
    '/etc/mosquitto/certs/ca.pem': caFile,
    '/etc/mosquitto/certs/broker.pem': certificateFile,
    '/etc/mosquitto/certs/broker.key': keyFile,
    '/etc/mosquitto/acl': join(SHIPPED, 'acl'),
    '/var/lib/mosquitto/': `${join(folder, 'saved')}/`,
  });
  const configurationPath = join(folder, 'mosquitto.conf');
  // Started by root it would otherwise become a user that may not read the folder.
  writeFileSync(configurationPath, `${configuration}\nuser root\n`);

  const child = spawnTied('mosquitto', ['-c', configurationPath], {
    stdio: ['ignore', 'ignore', 'pipe'],
    // Debian keeps daemons where users do not look.
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
  });
  await started(child, devicePort);
  return {
    name: 'Mosquitto',
    deviceUrls: [`mqtts://127.0.0.1:${devicePort}`],
    consumerUrls: [`mqtts://127.0.0.1:${centrePort}`],
    stop: () => end(child, 'SIGTERM'),
  };
}

async function started(child: ChildProcess, port: number): Promise<void> {
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = `${said}${text}`.slice(-2_000);
  });
  child.once('error', ({ message }) => {
    said = message;
  });
  for (const untilMs = Date.now() + START_MS; Date.now() < untilMs && child.exitCode === null; ) {
    if (await answers(port)) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  await end(child, 'SIGKILL');
  throw new Error(`mosquitto did not start: ${said}`);
}
