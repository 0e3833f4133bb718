import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../../../src/lib/package-root.js';
import { answers, type FleetBroker, fillIn, freePorts } from './broker.js';
import type { Authority } from './certificates.js';
import { definitionsFor } from './rabbitmq-definitions.js';

/** A node of the cluster, by its place from 0. */
export interface RabbitCluster extends FleetBroker {
  /** SIGKILL: what it has not written to its disk is gone. */
  kill(node: number): Promise<void>;
  /** Starts a node that was killed; resolves when it takes connections. */
  restart(node: number): Promise<void>;
  /** Messages that wait in the cluster, by queue. */
  waiting(): Promise<Readonly<Record<string, number>>>;
}

const SHIPPED = join(packageRoot(import.meta.dirname), 'config/rabbitmq');
const PACKAGED = '/usr/lib/rabbitmq/lib';
/** Whatever becomes of us, the nodes end with us: the kernel sees to it (setpriv is part of Debian's base). */
const TIED = ['--pdeathsig', 'KILL'];
const NODES = [1, 2, 3] as const;
const START_MS = 90_000;
const COMMAND_MS = 60_000;

/** @returns why there can be no cluster here, or undefined where Debian's package is installed. */
export function whyNoRabbitmq(): string | undefined {
  return programs() === undefined ? `rabbitmq-server (a Debian package) is not installed` : undefined;
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
  mkdirSync(folder, { recursive: true });
  // rabbitmqctl takes the last of these by itself, between them the nodes' own.
  const ports = await freePorts(10);
  const [epmdPort, ...rest] = ports as [number, ...number[]];
  const nodes = NODES.map((number, index) => ({
    name: `anprd-${number}@localhost`,
    folder: join(folder, `node-${number}`),
    amqpPort: rest[index] as number,
    mqttPort: rest[index + 3] as number,
    distributionPort: rest[index + 6] as number,
  }));
  const broker = await authority.broker();
  const shipped = readFileSync(join(SHIPPED, 'rabbitmq.conf'), 'utf8');
  writeFileSync(join(folder, '.erlang.cookie'), randomBytes(16).toString('hex'), { mode: 0o400 });
  // Debian's rabbitmq-env.conf is for the system's own node.
  writeFileSync(join(folder, 'rabbitmq-env.conf'), '');

  const common = {
    PATH: process.env.PATH,
    LANG: 'C.UTF-8',
    HOME: folder,
    ERL_EPMD_PORT: String(epmdPort),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_CONF_ENV_FILE: join(folder, 'rabbitmq-env.conf'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(SHIPPED, 'enabled_plugins'),
  };
  const environments = nodes.map((node) => {
    mkdirSync(node.folder, { recursive: true });
    const configuration = fillIn(shipped, {
      'listeners.ssl.default = 5671': `listeners.ssl.default = 127.0.0.1:${node.amqpPort}`,
      'mqtt.listeners.ssl.default = 8883': `mqtt.listeners.ssl.default = 127.0.0.1:${node.mqttPort}`,
      '/etc/rabbitmq/tls/ca.pem': broker.caFile,
      '/etc/rabbitmq/tls/broker.pem': broker.certificateFile,
      '/etc/rabbitmq/tls/broker.key': broker.keyFile,
      'rabbit@broker-1': nodes[0]?.name as string,
      'rabbit@broker-2': nodes[1]?.name as string,
      'rabbit@broker-3': nodes[2]?.name as string,
      // Whatever room the disk of this machine has: the shipped figure is a server's.
      'disk_free_limit.absolute = 2GB': 'disk_free_limit.absolute = 100MB',
    });
    const ours = [
      'distribution.listener.interface = 127.0.0.1',
      `distribution.listener.port_range.min = ${node.distributionPort}`,
      `distribution.listener.port_range.max = ${node.distributionPort}`,
      // The first one finds no other: it need not look for long.
      'cluster_formation.discovery_retry_limit = 1',
    ];
    writeFileSync(join(node.folder, 'rabbitmq.conf'), `${configuration}\n${ours.join('\n')}\n`);
    return {
      ...common,
      RABBITMQ_NODENAME: node.name,
      RABBITMQ_MNESIA_BASE: node.folder,
      RABBITMQ_LOG_BASE: node.folder,
      RABBITMQ_DIST_PORT: String(node.distributionPort),
      RABBITMQ_CONFIG_FILE: join(node.folder, 'rabbitmq.conf'),
      // The script then becomes the node, so that its process id is the node's.
      RUNNING_UNDER_SYSTEMD: 'true',
    };
  });

  const running = new Map<number, ChildProcess>();
  const epmd = spawn('setpriv', [...TIED, 'epmd', '-port', String(epmdPort), '-address', '127.0.0.1'], {
    stdio: 'ignore',
    detached: true,
  });
  epmd.once('error', () => undefined);

  function launch(index: number): void {
    const child = spawn('setpriv', [...TIED, join(bin as string, 'rabbitmq-server')], {
      env: environments[index],
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        said = `${said}${text}`.slice(-4_000);
        writeFileSync(join(nodes[index]?.folder as string, 'said.txt'), said);
      });
    }
    child.once('error', () => undefined);
    running.set(index, child);
  }

  /** Its last listener is the one of MQTT, opened when everything behind it is there. */
  async function ready(index: number): Promise<void> {
    const untilMs = Date.now() + START_MS;
    while (!(await answers(nodes[index]?.mqttPort as number))) {
      const child = running.get(index);
      if (Date.now() > untilMs || child === undefined || child.exitCode !== null) {
        const said = readFileSync(join(nodes[index]?.folder as string, 'said.txt'), 'utf8');
        throw new Error(`node ${index + 1} of RabbitMQ did not start:\n${said}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async function end(child: ChildProcess | undefined): Promise<void> {
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  /** On the first node that is up. */
  async function control(...args: readonly string[]): Promise<string> {
    const up = nodes.find(
      (_, index) => running.get(index)?.exitCode === null && running.get(index)?.signalCode === null,
    );
    const { stdout } = await promisify(execFile)(
      join(bin as string, 'rabbitmqctl'),
      ['--node', up?.name as string, '--quiet', ...args],
      { env: common, cwd: folder, timeout: COMMAND_MS },
    );
    return stdout;
  }

  async function stop(): Promise<void> {
    // What it holds is thrown away with its folder: nothing to gain by shutting down in order.
    await Promise.all([...running.values()].map(end));
    await end(epmd);
  }

  try {
    // One after the other: at once, each may found a register of client ids of its own, and the MQTT
    // plugin (3.10) then lets nobody in on some of them.
    for (const index of nodes.keys()) {
      launch(index);
      await ready(index);
    }
    const definitionsPath = join(folder, 'definitions.json');
    const definitions = readFileSync(join(SHIPPED, 'definitions.json'), 'utf8');
    writeFileSync(definitionsPath, JSON.stringify(definitionsFor(definitions, unitIds)));
    await control('import_definitions', definitionsPath);
    await control('delete_user', 'guest');
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    name: 'RabbitMQ, three nodes',
    deviceUrls: nodes.map(({ mqttPort }) => `mqtts://127.0.0.1:${mqttPort}`),
    consumerUrls: nodes.map(({ amqpPort }) => `amqps://127.0.0.1:${amqpPort}`),
    kill: (node) => end(running.get(node)),
    restart: async (node) => {
      launch(node);
      await ready(node);
    },
    waiting: async () => {
      const rows = (await control('list_queues', 'name', 'messages', '--no-table-headers')).trim();
      return Object.fromEntries(
        rows.split('\n').map((row) => {
          const [name, messages] = row.split('\t');
          return [name, Number(messages)];
        }),
      );
    },
    stop,
  };
}
