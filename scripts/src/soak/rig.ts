import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SoakBroker } from './broker.js';
import { MqttTap, type TapOptions } from './mqtt-tap.js';
import { openRoad, type Road } from './proxy.js';
import { SoakReceiver } from './receiver.js';
import { SoakUnit, type UnitOptions } from './unit.js';

/** What every proof stands on, in a folder and on ports of its own: broker, receiver, road and unit. */
export interface Rig {
  readonly folder: string;
  readonly broker: SoakBroker;
  readonly receiver: SoakReceiver;
  readonly tap: MqttTap;
  readonly road: Road;
  /** Prepared, not started. */
  readonly unit: SoakUnit;
}

/**
 * Opens a rig, does the work, and ends everything that was started. The folder is removed unless the
 * work failed.
 */
export async function withRig<T>(
  options: Pick<UnitOptions, 'traffic' | 'configuration'> & { readonly tap?: TapOptions },
  say: (line: string) => void,
  work: (rig: Rig) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'anprd-soak-'));
  const brokerFolder = join(folder, 'broker');
  mkdirSync(brokerFolder);
  const closing: (() => Promise<void>)[] = [];
  try {
    const broker = await SoakBroker.begin(brokerFolder);
    closing.unshift(() => broker.end('SIGKILL'));
    const receiver = await SoakReceiver.begin(broker.url);
    closing.unshift(() => receiver.close());
    await broker.save();
    const tap = new MqttTap(options.tap);
    const road = await openRoad({ brokerPort: broker.port, watcher: tap });
    closing.unshift(() => road.close());
    const { traffic, configuration = {} } = options;
    const unit = new SoakUnit({ folder, brokerUrl: road.url, traffic, configuration });
    closing.unshift(() => unit.kill());
    await unit.prepare();
    const result = await work({ folder, broker, receiver, tap, road, unit });
    closing.push(async () => rmSync(folder, { recursive: true, force: true }));
    return result;
  } catch (error) {
    say(`what the unit wrote is left in ${folder}`);
    throw error;
  } finally {
    for (const close of closing) await close();
  }
}
