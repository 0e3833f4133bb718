import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SourceConfig } from '../../../src/config/schema.js';
import { type Broker, startBroker } from './broker.js';
import { DemoDevice, TOPIC_PREFIX } from './device.js';
import { type Listener, type Receiver, receive } from './receiver.js';

/**
 * What both demos stand on: a broker, a receiver and the daemon, in folders and on a port of their
 * own, so that a daemon that runs on this machine already is not disturbed. Closed in reverse.
 */
export class Session {
  #folder: string | undefined;
  #broker: Broker | undefined;
  #receiver: Receiver | undefined;
  #device: DemoDevice | undefined;

  /** Starts the broker and the receiver, and makes the daemon ready to start. */
  async open(options: {
    readonly root: string;
    readonly resultsFolder: string;
    readonly source: SourceConfig;
    readonly listener: Listener;
  }): Promise<DemoDevice> {
    mkdirSync(options.resultsFolder, { recursive: true });
    // Below /tmp, because the path of a socket may have 107 bytes only.
    this.#folder = mkdtempSync(join(tmpdir(), 'anprd-demo-'));
    this.#broker = await startBroker();
    this.#receiver = await receive(this.#broker.url, TOPIC_PREFIX, options.listener);
    this.#device = new DemoDevice({
      folder: this.#folder,
      root: options.root,
      brokerUrl: this.#broker.url,
      source: options.source,
      logPath: join(options.resultsFolder, 'daemon.log'),
    });
    this.#device.configure();
    return this.#device;
  }

  /** Ends everything that was started; may be called again, and when open() failed half-way. */
  async close(): Promise<void> {
    await this.#device?.stop();
    await this.#receiver?.close();
    await this.#broker?.stop();
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
    this.#device = this.#receiver = this.#broker = this.#folder = undefined;
  }
}
