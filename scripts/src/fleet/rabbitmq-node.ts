import type { ChildProcess } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { answers } from '../loopback.js';
import { end, fillIn, spawnTied } from './broker.js';
import type { Identity } from './certificates.js';

export interface NodePorts {
  readonly amqp: number;
  readonly mqtt: number;
  /** Between the nodes. */
  readonly distribution: number;
}

export interface RabbitNodeOptions {
  /** Of every node of the cluster, this one's among them. */
  readonly names: readonly [string, string, string];
  readonly name: string;
  readonly folder: string;
  readonly ports: NodePorts;
  /** The shipped rabbitmq.conf. */
  readonly configuration: string;
  readonly identity: Identity;
  /** Of Debian's package. */
  readonly bin: string;
  /** What the cluster's nodes have in common. */
  readonly environment: NodeJS.ProcessEnv;
}

const START_MS = 90_000;

/** One node of a RabbitMQ cluster on the loopback. */
export class RabbitNode {
  readonly name: string;
  readonly #folder: string;
  readonly #ports: NodePorts;
  readonly #bin: string;
  readonly #environment: NodeJS.ProcessEnv;
  #child: ChildProcess | undefined;
  #said = '';

  constructor(options: RabbitNodeOptions) {
    const { name, folder, ports, bin, environment } = options;
    this.name = name;
    this.#folder = folder;
    this.#ports = ports;
    this.#bin = bin;
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'rabbitmq.conf'), configurationOf(options));
    this.#environment = {
      ...environment,
      RABBITMQ_NODENAME: name,
      RABBITMQ_MNESIA_BASE: folder,
      RABBITMQ_LOG_BASE: folder,
      RABBITMQ_DIST_PORT: String(ports.distribution),
      RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
      // The script then becomes the node, so that its process id is the node's.
      RUNNING_UNDER_SYSTEMD: 'true',
    };
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** @throws Error with the last that it said, where it does not take connections in time. */
  async start(): Promise<void> {
    const child = spawnTied(join(this.#bin, 'rabbitmq-server'), [], {
      env: this.#environment,
      cwd: this.#folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.#said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#said = `${this.#said}${text}`.slice(-4_000);
      });
    }
    child.once('error', (error) => {
      this.#said = error.message;
    });
    // MQTT is its last listener: everything behind it is there by then.
    for (const untilMs = Date.now() + START_MS; !(await answers(this.#ports.mqtt)); ) {
      if (Date.now() > untilMs || !this.isRunning)
        throw new Error(`${this.name} did not start:\n${this.#said}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** SIGKILL: what it has not written to its disk is gone. */
  async kill(): Promise<void> {
    await end(this.#child, 'SIGKILL');
  }
}

function configurationOf({ configuration, names, ports, identity }: RabbitNodeOptions): string {
  const filled = fillIn(configuration, {
    'listeners.ssl.default = 5671': `listeners.ssl.default = 127.0.0.1:${ports.amqp}`,
    'mqtt.listeners.ssl.default = 8883': `mqtt.listeners.ssl.default = 127.0.0.1:${ports.mqtt}`,
    '/etc/rabbitmq/tls/ca.pem': identity.caFile,
    '/etc/rabbitmq/tls/broker.pem': identity.certificateFile,
    '/etc/rabbitmq/tls/broker.key': identity.keyFile,
    'rabbit@broker-1': names[0],
    'rabbit@broker-2': names[1],
    'rabbit@broker-3': names[2],
    // The shipped figure is a server's; here it is whatever machine runs the tests.
    'disk_free_limit.absolute = 2GB': 'disk_free_limit.absolute = 100MB',
  });
  const ours = [
    'distribution.listener.interface = 127.0.0.1',
    `distribution.listener.port_range.min = ${ports.distribution}`,
    `distribution.listener.port_range.max = ${ports.distribution}`,
    // The first one finds no other: it need not look for long.
    'cluster_formation.discovery_retry_limit = 1',
  ];
  return `${filled}\n${ours.join('\n')}\n`;
}
