import type { Outbox } from '../domain/outbox.js';
import type { Meter } from './meter.js';

/**
 * What the broker has acknowledged and the meter has counted, until the outbox has noted it.
 *
 * Noted together, because each transaction is a flush to the disk, whatever is in it. Nothing is lost
 * by waiting: an item that is not noted stays leased, so it is not sent twice; and should the process
 * die before, it goes again under its id.
 */
export class Ledger {
  readonly #outbox: Outbox;
  readonly #meter: Meter;
  #ids: number[] = [];

  constructor(outbox: Outbox, meter: Meter) {
    this.#outbox = outbox;
    this.#meter = meter;
  }

  /** Items that the outbox still holds. */
  get count(): number {
    return this.#ids.length;
  }

  acknowledged(id: number): void {
    this.#ids.push(id);
  }

  /** @throws DeviceError store.write-failed: what was not noted stays here; call it again. */
  note(): void {
    const hours = this.#meter.unstored();
    // The present hour last: the outbox keeps those that are close to the one it was told last.
    for (const earlier of hours.slice(0, -1)) {
      this.#outbox.ack([], earlier);
      this.#meter.stored(earlier);
    }
    const present = hours.at(-1);
    if (this.#ids.length === 0 && present === undefined) return;
    this.#outbox.ack(this.#ids, present);
    this.#ids = [];
    if (present !== undefined) this.#meter.stored(present);
  }
}
