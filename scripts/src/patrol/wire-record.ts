import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { RoadWatcher } from '../soak/proxy.js';

/** Writes down every byte that goes over a road, each direction in a file of its own, and shows it to another. */
export class WireRecord implements RoadWatcher {
  readonly paths: Readonly<Record<'broker' | 'device', string>>;
  readonly bytes = { broker: 0, device: 0 };
  readonly #files: Readonly<Record<'broker' | 'device', number>>;
  readonly #next: RoadWatcher;

  /** @param folder there already. */
  constructor(folder: string, next: RoadWatcher) {
    this.paths = { broker: join(folder, 'to-broker'), device: join(folder, 'to-device') };
    this.#files = { broker: openSync(this.paths.broker, 'w'), device: openSync(this.paths.device, 'w') };
    this.#next = next;
  }

  opened(): ReturnType<RoadWatcher['opened']> {
    const next = this.#next.opened();
    return {
      passed: (to, bytes) => {
        this.bytes[to] += bytes.length;
        writeSync(this.#files[to], bytes);
        next.passed(to, bytes);
      },
      ended: () => next.ended(),
    };
  }

  close(): void {
    for (const file of Object.values(this.#files)) closeSync(file);
  }
}
