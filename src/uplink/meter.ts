import type { MeteringConfig } from '../config/link-schema.js';
import { LANE_NAMES, type Lane, type MeteredHour } from '../domain/outbox.js';
import { packetBytes } from './packet-size.js';
import type { WireMessage } from './payloads.js';

export interface MeterSnapshot {
  /** UTC, milliseconds: when the hour that is counted began. */
  readonly sinceMs: number;
  /** Over metered links in this hour, packets included. */
  readonly spentBytes: Readonly<Record<Lane, number>>;
  /** Absent where there is none. */
  readonly limitBytes: Readonly<Partial<Record<Lane | 'total', number>>>;
  /** Lanes that the meter holds back now. */
  readonly shut: readonly Lane[];
}

export interface MeterOptions {
  readonly config: MeteringConfig;
  /** What was counted before this process began. */
  readonly load: (hour: number) => MeteredHour;
}

const HOUR_MS = 3_600_000;

/** A packet of a mobile link: 52 of IP and TCP with time stamps, 22 of TLS, shared by what travels in it. */
const SEGMENT_BYTES = 1_380;
const PER_SEGMENT_BYTES = 60;
/** The acknowledgement comes in a packet of its own at worst; operators count both directions. */
const ANSWER_BYTES = 80;

/** What a message costs on the wire: topic, properties and payload, their packets, and the answer's. */
export function wireBytes(message: WireMessage): number {
  const bytes = packetBytes(message);
  return bytes + PER_SEGMENT_BYTES * Math.ceil(bytes / SEGMENT_BYTES) + ANSWER_BYTES;
}

/**
 * What may go over a link on which bytes cost money; pure, time is an argument.
 *
 * Invariants
 * - Every byte that is sent over a metered link is counted when it is sent, resends too; a link whose
 *   network is not known is metered.
 * - Hits are counted and never held. Any other lane is open while less than its limit and less than
 *   the total was spent in this hour; so an hour goes over its limit by at most the message that
 *   reached it, and a message larger than what is left is not stuck for good.
 * - A wall clock that jumps gives no bytes away. A later hour begins when the clock says so, but no
 *   more than two begin within any 60 minutes of the monotonic clock (a device may start at 10:59);
 *   until then the present one goes on. A clock that is set back leaves the present hour in force for
 *   60 minutes. An hour that comes a second time goes on with what was counted in it, for as long as it is among
 *   those of a day that the outbox keeps.
 * - What is counted and not yet stored is handed out by `unstored`, and forgotten by `stored` alone.
 */
export class Meter {
  readonly #load: MeterOptions['load'];
  readonly #freeInterfaces: ReadonlySet<string>;
  readonly #limitBytes: MeterSnapshot['limitBytes'];
  #hour: number | undefined;
  #spent = noBytes();
  /** Monotonic: when the present hour began, and the one before. */
  #beganMono = Number.NEGATIVE_INFINITY;
  #beforeBeganMono = Number.NEGATIVE_INFINITY;
  /** By hour: the present one last. */
  readonly #unstored = new Map<number, Record<Lane, number>>();

  constructor({ config, load }: MeterOptions) {
    const { total, reads, hitImages, readImages, health } = config.kilobytesPerHour;
    const limits = { total, reads, 'hit-images': hitImages, 'read-images': readImages, health };
    this.#limitBytes = Object.fromEntries(
      Object.entries(limits)
        .filter(([, kilobytes]) => kilobytes !== undefined)
        .map(([name, kilobytes]) => [name, (kilobytes as number) * 1_000]),
    );
    this.#freeInterfaces = new Set(config.freeInterfaces);
    this.#load = load;
  }

  isMetered(networkInterface: string | undefined): boolean {
    return networkInterface === undefined || !this.#freeInterfaces.has(networkInterface);
  }

  /**
   * Brings the hour up to date; call it before the others.
   * @param nowMs UTC.
   * @throws DeviceError store.write-failed where an earlier count cannot be read.
   */
  advance(nowMs: number, nowMono: number): void {
    const wallHour = Math.floor(nowMs / HOUR_MS);
    if (wallHour === this.#hour || !this.#mayBegin(wallHour, nowMono)) return;
    const { bytes } = this.#load(wallHour);
    const unstored = this.#unstored.get(wallHour);
    this.#spent = noBytes();
    for (const lane of LANE_NAMES) this.#spent[lane] = bytes[lane] + (unstored?.[lane] ?? 0);
    this.#hour = wallHour;
    this.#beforeBeganMono = this.#beganMono;
    this.#beganMono = nowMono;
  }

  /** Whether a lane may send over a metered link now. */
  isOpen(lane: Lane): boolean {
    if (lane === 'hits') return true;
    const { total = Number.POSITIVE_INFINITY, [lane]: ofLane = Number.POSITIVE_INFINITY } = this.#limitBytes;
    if (this.#spent[lane] >= ofLane) return false;
    return total === Number.POSITIVE_INFINITY || this.#total() < total;
  }

  /** @param bytes as `wireBytes` says, sent over a metered link. */
  charge(lane: Lane, bytes: number): void {
    const hour = this.#hour as number;
    this.#spent[lane] += bytes;
    const unstored = this.#unstored.get(hour) ?? noBytes();
    unstored[lane] += bytes;
    this.#unstored.set(hour, unstored);
  }

  /** What the outbox does not know yet, hour by hour, the present one last. */
  unstored(): readonly MeteredHour[] {
    return [...this.#unstored].map(([hour, bytes]) => ({ hour, bytes: { ...bytes } }));
  }

  /** The outbox has noted it. */
  stored(noted: MeteredHour): void {
    const left = this.#unstored.get(noted.hour);
    if (left === undefined) return;
    for (const lane of LANE_NAMES) left[lane] -= noted.bytes[lane];
    if (LANE_NAMES.every((lane) => left[lane] === 0)) this.#unstored.delete(noted.hour);
  }

  snapshot(isMetered: boolean): MeterSnapshot {
    return {
      sinceMs: (this.#hour ?? 0) * HOUR_MS,
      spentBytes: { ...this.#spent },
      limitBytes: this.#limitBytes,
      shut: isMetered ? LANE_NAMES.filter((lane) => !this.isOpen(lane)) : [],
    };
  }

  #mayBegin(wallHour: number, nowMono: number): boolean {
    if (this.#hour === undefined || nowMono - this.#beganMono >= HOUR_MS) return true;
    return wallHour > this.#hour && nowMono - this.#beforeBeganMono >= HOUR_MS;
  }

  #total(): number {
    let bytes = 0;
    for (const lane of LANE_NAMES) bytes += this.#spent[lane];
    return bytes;
  }
}

function noBytes(): Record<Lane, number> {
  return { hits: 0, reads: 0, 'hit-images': 0, 'read-images': 0, health: 0 };
}
