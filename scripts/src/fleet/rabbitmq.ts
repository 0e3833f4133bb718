import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../../../src/lib/package-root.js';
import { freePorts } from '../loopback.js';
import { end, type FleetBroker, spawnTied } from './broker.js';
import type { Authority } from './certificates.js';
import { definitionsFor } from './rabbitmq-definitions.js';
import { RabbitNode } from './rabbitmq-node.js';

/** Nodes are named by their place from 0. */
export interface RabbitCluster extends FleetBroker {
  /** SIGKILL: what it has not written to its disk is gone. */
  kill(node: number): Promise<void>;
  /** Starts a node that was killed; resolves when it takes connections. */
  restart(node: number): Promise<void>;
}

const SHIPPED = join(packageRoot(import.meta.dirname), 'config/rabbitmq');
const PACKAGED = '/usr/lib/rabbitmq/lib';
const NAMES = ['anprd-1@localhost', 'anprd-2@localhost', 'anprd-3@localhost'] as const;
const COMMAND_MS = 60_000;

/** @returns why there can be no cluster here, or undefined where Debian's package is installed. */
export function whyNoRabbitmq(): string | undefined {
  return programs() === undefined ? 'rabbitmq-server (a Debian package) is not installed' : undefined;
}

/** The programs themselves: the wrappers in /usr/sbin run as root or as the package's own user alone. */
function programs(): string | undefined {
  try {
    const [version] = readdirSync(PACKAGED).filter((name) => name.startsWith('rabbitmq_server-'));
    return version === undefined ? undefined : join(PACKAGED, version, 'sbin');
  } catch {
    return undefined;
  }
}

/**
 * Three nodes of RabbitMQ on the loopback as the current user, with config/rabbitmq: names, ports,
 * paths and the users of these units are others.
 *
 * Invariants
 * - Nothing is shared with the system's own RabbitMQ: node names, ports, files, cookie and the port
 *   mapper (epmd) are the cluster's own, below `folder`.
 * - Everything listens on 127.0.0.1 only, the nodes' own links included.
 *
 * @param unitIds who may publish
 * @throws Error where the package is missing, or a node does not start in time
 */
export async function startRabbitCluster(
  folder: string,
  authority: Authority,
  unitIds: readonly string[],
): Promise<RabbitCluster> {
  const bin = programs();
  if (bin === undefined) throw new Error(whyNoRabbitmq());
  const [epmdPort, ...ports] = (await freePorts(1 + 3 * NAMES.length)) as [number, ...number[]];
  const environment = prepareFolder(folder, epmdPort);
  const configuration = readFileSync(join(SHIPPED, 'rabbitmq.conf'), 'utf8');
  const identity = await authority.broker();
  const portsOf = (index: number) => {
    const [amqp, mqtt, distribution] = ports.slice(3 * index) as [number, number, number];
    return { amqp, mqtt, distribution };
  };
  const nodes = NAMES.map((name, index) => {
    const own = { name, folder: join(folder, `node-${index + 1}`), ports: portsOf(index) };
    return new RabbitNode({ ...own, names: NAMES, configuration, identity, bin, environment });
  });
  const epmd = spawnTied('epmd', ['-port', String(epmdPort), '-address', '127.0.0.1'], { stdio: 'ignore' });
  // Without it no node starts, and says so.
  epmd.once('error', () => undefined);

  async function control(...args: readonly string[]): Promise<void> {
    const command = ['--node', NAMES[0], '--quiet', ...args];
    await promisify(execFile)(join(bin as string, 'rabbitmqctl'), command, {
      env: environment,
      cwd: folder,
      timeout: COMMAND_MS,
    });
  }

  async function stop(): Promise<void> {
    // What they hold is thrown away with the folder: nothing to gain by shutting down in order.
    await Promise.all(nodes.map((node) => node.kill()));
    await end(epmd, 'SIGKILL');
  }

  try {
    // One after the other: at once, each may found a register of client ids of its own, and the MQTT
    // plugin (3.10) then lets nobody in on some of them.
    for (const node of nodes) await node.start();
    const definitionsPath = join(folder, 'definitions.json');
    const definitions = readFileSync(join(SHIPPED, 'definitions.json'), 'utf8');
    writeFileSync(definitionsPath, JSON.stringify(definitionsFor(definitions, unitIds)));
    await control('import_definitions', definitionsPath);
    await control('delete_user', 'guest');
  } catch (error) {
    await stop();
    throw error;
  }
  const nodeAt = (index: number) => {
    const node = nodes[index];
    if (node === undefined) throw new Error(`no node ${index}`);
    return node;
  };
  return {
    name: 'RabbitMQ, three nodes',
    deviceUrls: nodes.map((_, index) => `mqtts://127.0.0.1:${portsOf(index).mqtt}`),
    consumerUrls: nodes.map((_, index) => `amqps://127.0.0.1:${portsOf(index).amqp}`),
    kill: async (index) => nodeAt(index).kill(),
    restart: async (index) => nodeAt(index).start(),
    stop,
  };
}

/** @returns what every program of the cluster has in its environment, and nothing of ours. */
function prepareFolder(folder: string, epmdPort: number): NodeJS.ProcessEnv {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, '.erlang.cookie'), randomBytes(16).toString('hex'), { mode: 0o400 });
  // Debian's rabbitmq-env.conf is for the system's own node.
  writeFileSync(join(folder, 'rabbitmq-env.conf'), '');
  return {
    PATH: process.env.PATH,
    LANG: 'C.UTF-8',
    HOME: folder,
    ERL_EPMD_PORT: String(epmdPort),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_CONF_ENV_FILE: join(folder, 'rabbitmq-env.conf'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(SHIPPED, 'enabled_plugins'),
  };
}
