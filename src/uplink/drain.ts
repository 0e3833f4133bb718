import type { MqttConfig } from '../config/link-schema.js';
import { LANE_NAMES, type Lane, type Outbox, type OutboxItem } from '../domain/outbox.js';
import type { Clock } from '../lib/clock.js';
import { DeviceError } from '../lib/errors.js';
import type { Logger } from '../lib/log.js';
import { ConnectionWatch, type Verdict } from './connection-watch.js';
import { InFlight, type Outcome, type Sent, type Settled } from './in-flight.js';
import { type Candidate, LaneOrder } from './lane-order.js';
import { Ledger } from './ledger.js';
import type { Link } from './link.js';
import { Meter, type MeterSnapshot, wireBytes } from './meter.js';
import { Pace } from './pace.js';
import { Parking } from './parking.js';
import type { Outgoing, Renderer } from './renderer.js';
import { Shelf } from './shelf.js';
import { Tally, type TallySnapshot } from './tally.js';

export interface DrainSnapshot extends TallySnapshot {
  /** Messages handed to the broker, not yet acknowledged. */
  readonly inFlight: number;
  readonly inFlightBytes: number;
  /** Items refused by the broker one by one, kept and tried again later. */
  readonly parked: number;
  /** Connections given up because nothing was acknowledged, or because a hit was stuck behind others. */
  readonly dropped: Readonly<Record<Verdict, number>>;
  /** What the link was last seen to carry; absent while nothing is known. */
  readonly bytesPerSecond?: number;
  readonly meter: MeterSnapshot;
}

export interface DrainOptions {
  readonly config: MqttConfig;
  readonly unitId: string;
  readonly outbox: Outbox;
  readonly link: Link;
  readonly renderer: Pick<Renderer, 'render'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** How often a hit that is stuck is looked for, and acknowledgements are noted at the latest. */
const TICK_MS = 250;
/** Commits wake the drain; this finds what a wake-up missed, and tries a store again that failed. */
const LOOK_AGAIN_MS = 1_000;
const STOP_POLL_MS = 20;
/** Two hits, as a rule: a thin link carries little more while a hit may wait. */
const HITS_ON_TOP_BYTES = 6_144;
/** Acknowledgements noted together: each time costs a flush to the disk. */
const NOTED_AT_ONCE = 1_024;
/** A store that notes nothing (the disk is full) must not let what would be sent twice grow for ever. */
const MOST_UNNOTED = 10_000;
/**
 * Empties the outbox into the broker.
 *
 * Invariants
 * - At most `windowMessages` and the bytes of the pace are on their way; whose turn it is says
 *   LaneOrder. A hit needs only a place in the window: it goes with the next acknowledgement at the latest.
 * - An item is acknowledged to the outbox only after the broker has acknowledged every message that
 *   carries it; when the connection is lost it is released, and goes again under the same id.
 * - An item that the broker refuses by itself is parked, longer each time, so that one message does
 *   not hold up the others, and never for good. A lane with a window of items refused once rests.
 * - Sending never waits for the disk: acknowledgements are noted some hundred at a time, or as soon as
 *   nothing is on its way, and at the latest with the next tick.
 * - A connection is given up when the broker answers nothing for `answerSeconds`, and when a hit
 *   is stuck behind what was sent before it: on the next one it goes first.
 */
export class Drain {
  readonly #config: MqttConfig;
  readonly #unitId: string;
  readonly #outbox: Outbox;
  readonly #link: Link;
  readonly #renderer: Pick<Renderer, 'render'>;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #stopping = new AbortController();
  readonly #shelf: Shelf;
  readonly #order: LaneOrder;
  readonly #pace: Pace;
  readonly #watch: ConnectionWatch;
  readonly #meter: Meter;
  readonly #ledger: Ledger;
  readonly #inFlight = new InFlight();
  readonly #tally = new Tally();
  /** Messages that wait for a place in the window after the first ones of their items have gone. */
  readonly #due = new Map<Lane, Outgoing[]>();
  readonly #parking: Parking;
  readonly #dropped: Record<Verdict, number> = { unanswered: 0, 'held-up': 0 };
  /** Monotonic milliseconds. */
  #lookedMono = 0;
  #leaseAgainMono = 0;
  #noteAgainMono = 0;
  #pumpIsDue = false;
  /** Nothing may go, and not for want of room. */
  #isIdle = false;
  #isOver = false;
  #ticking: Promise<void> | undefined;

  constructor(options: DrainOptions) {
    const { config, outbox } = options;
    this.#config = config;
    this.#unitId = options.unitId;
    this.#outbox = outbox;
    this.#link = options.link;
    this.#renderer = options.renderer;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#shelf = new Shelf(outbox);
    this.#order = new LaneOrder({
      starvationMs: config.starvationSeconds * 1000,
      slowPictureMs: config.slowLinkImageSeconds * 1000,
    });
    this.#pace = new Pace(config.hitWaitSeconds * 1000);
    this.#parking = new Parking(config.reconnectMostSeconds * 1000);
    this.#watch = new ConnectionWatch({
      answerMs: config.answerSeconds * 1000,
      hitWaitMs: config.hitWaitSeconds * 1000,
    });
    this.#meter = new Meter({ config: config.metering, load: (hour) => outbox.metered(hour) });
    this.#ledger = new Ledger(outbox, this.#meter);
  }

  start(): void {
    this.#ticking = this.#tick();
  }

  /** Goes on for at most `drainSeconds` while there is a connection, then gives back what is left. */
  async stop(): Promise<void> {
    const untilMono = this.#clock.monoMs() + this.#config.drainSeconds * 1000;
    this.#isIdle = false;
    this.wake();
    while (this.#link.connected && !this.#isDone() && this.#clock.monoMs() < untilMono) {
      await this.#clock.sleep(STOP_POLL_MS);
    }
    this.#stopping.abort();
    await this.#ticking;
    this.#note();
    this.#isOver = true;
    this.#shelf.giveBack();
    this.#outbox.release([...this.#inFlight.itemIds(), ...this.#parking.itemIds()]);
  }

  /** There may be something new to send: call it after a commit. Cheap; calls in a row become one. */
  wake(): void {
    this.#shelf.look();
    this.#pumpSoon();
  }

  /** There is a new connection: what is known of the last one does not hold for it. */
  connected(): void {
    this.#watch.connected(this.#clock.monoMs());
    this.#pace.restart();
    this.#order.restart();
    this.#giveBackUnsent();
    this.wake();
  }

  snapshot(): DrainSnapshot {
    const { bytesPerSecond } = this.#pace;
    return {
      ...this.#tally.snapshot(),
      inFlight: this.#inFlight.count,
      inFlightBytes: this.#pace.inFlightBytes,
      parked: this.#parking.count,
      dropped: { ...this.#dropped },
      ...(bytesPerSecond !== undefined && { bytesPerSecond: Math.round(bytesPerSecond) }),
      meter: this.#meter.snapshot(this.#meter.isMetered(this.#link.networkInterface)),
    };
  }

  #isDone(): boolean {
    return this.#isIdle && this.#inFlight.count === 0 && this.#ledger.count === 0;
  }

  async #tick(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await this.#clock.sleep(TICK_MS, signal).catch(() => undefined);
      const nowMono = this.#clock.monoMs();
      this.#giveUpDeadConnection(nowMono);
      if (nowMono >= this.#noteAgainMono) this.#note();
      const due = this.#parking.due(nowMono);
      this.#outbox.release(due);
      if (due.length === 0 && nowMono - this.#lookedMono < LOOK_AGAIN_MS) continue;
      this.#lookedMono = nowMono;
      this.wake();
    }
  }

  #giveUpDeadConnection(nowMono: number): void {
    if (!this.#link.connected) return;
    const verdict = this.#watch.verdict(this.#inFlight, this.#pace.delayMs, nowMono);
    if (verdict === undefined) return;
    this.#dropped[verdict]++;
    this.#link.drop(
      verdict === 'unanswered'
        ? `the broker did not acknowledge a message within ${this.#config.answerSeconds} s`
        : 'the link has become slow, and a hit waits behind what was sent before it',
    );
  }

  #pumpSoon(): void {
    if (this.#pumpIsDue || this.#isOver) return;
    this.#pumpIsDue = true;
    setImmediate(() => {
      this.#pumpIsDue = false;
      if (!this.#isOver) this.#pump();
    });
  }

  #pump(): void {
    if (!this.#link.connected) {
      this.#giveBackUnsent();
    } else if (this.#clock.monoMs() >= this.#leaseAgainMono) {
      try {
        this.#fillWindow();
      } catch (error) {
        this.#leaseAgainMono = this.#clock.monoMs() + LOOK_AGAIN_MS;
        this.#storeFailed(error);
      }
    }
    const isMuch = this.#ledger.count >= NOTED_AT_ONCE || this.#inFlight.count === 0;
    if (isMuch && this.#clock.monoMs() >= this.#noteAgainMono) this.#note();
  }

  #fillWindow(): void {
    const window = Math.min(this.#config.windowMessages, this.#link.windowMessages);
    const isMetered = this.#meter.isMetered(this.#link.networkInterface);
    this.#isIdle = false;
    while (this.#inFlight.count < window) {
      const nowMono = this.#clock.monoMs();
      this.#meter.advance(this.#clock.nowMs(), nowMono);
      const candidates = this.#candidates(isMetered, window);
      const turn = this.#order.next(candidates, nowMono);
      if (turn === undefined) {
        this.#isIdle = true;
        return;
      }
      const lane = this.#fitting(turn, candidates);
      if (lane === undefined) return;
      const outgoing = this.#nextOf(lane, window);
      if (outgoing !== undefined) this.#send(lane, outgoing, isMetered);
      this.#order.sent(lane, nowMono);
    }
  }

  /** Where the lane whose turn it is does not fit in yet, a hit still may. */
  #fitting(turn: Lane, candidates: readonly Candidate[]): Lane | undefined {
    if (this.#mayGo(turn)) return turn;
    const hitWaits = turn !== 'hits' && candidates[0]?.lane === 'hits';
    return hitWaits && this.#mayGo('hits') ? 'hits' : undefined;
  }

  #candidates(isMetered: boolean, window: number): readonly Candidate[] {
    const candidates: Candidate[] = [];
    for (const lane of LANE_NAMES) {
      if (this.#rests(lane, isMetered, window)) this.#shelf.giveBack([lane]);
      else if (this.#due.has(lane) || this.#shelf.has(lane)) {
        const isPicture = lane === 'hit-images' || lane === 'read-images';
        const isSlow = isPicture && this.#pace.isSlowFor(this.#nextBytes(lane));
        const isDoubtful = isSlow && this.#pace.isSlowByHearsay(this.#nextBytes(lane));
        candidates.push({ lane, isSlow, isDoubtful });
      }
    }
    return candidates;
  }

  #rests(lane: Lane, isMetered: boolean, window: number): boolean {
    if (isMetered && !this.#meter.isOpen(lane)) return true;
    if (lane !== 'hits' && this.#ledger.count >= MOST_UNNOTED) return true;
    return this.#parking.freshOf(lane) >= window;
  }

  /** Hits find their way out even when the pace is spent: always one, and more while they are small. */
  #mayGo(lane: Lane): boolean {
    const bytes = this.#nextBytes(lane);
    if (this.#pace.fits(bytes, this.#link.unsentBytes)) return true;
    if (lane !== 'hits') return false;
    const hitBytes = this.#inFlight.bytesOf('hits');
    return hitBytes === 0 || hitBytes + bytes <= HITS_ON_TOP_BYTES;
  }

  #nextBytes(lane: Lane): number {
    const [due] = this.#due.get(lane) ?? [];
    return due === undefined ? this.#shelf.nextBytes(lane) : wireBytes(due.message);
  }

  /** @returns undefined where the next items cannot be made into messages; they are parked. */
  #nextOf(lane: Lane, window: number): Outgoing | undefined {
    const due = this.#due.get(lane) ?? [...this.#render(lane, this.#take(lane, window))];
    const next = due.shift();
    if (due.length === 0) this.#due.delete(lane);
    else this.#due.set(lane, due);
    return next;
  }

  /** Reads that one compound message can hold are rendered together; all else by itself. */
  #take(lane: Lane, window: number): readonly OutboxItem[] {
    const { compound } = this.#config.renderings;
    const most = lane === 'reads' && compound.enabled ? Math.min(compound.mostCaptures, window) : 1;
    return this.#shelf.take(lane, most, this.#pace.limitBytes - this.#pace.inFlightBytes);
  }

  #render(lane: Lane, items: readonly OutboxItem[]): readonly Outgoing[] {
    const { topicPrefix, retain, usefulSeconds } = this.#config;
    const nowMs = this.#clock.nowMs();
    const { protocolVersion } = this.#link;
    const usefulMs = usefulSeconds * 1000;
    const wire = { topicPrefix, retain, unitId: this.#unitId, protocolVersion, usefulMs };
    let outgoing: readonly Outgoing[];
    try {
      outgoing = this.#renderer.render(items, wire, nowMs);
    } catch (error) {
      // One that was damaged must not keep the others back. The message may quote the text.
      const { name } = error as Error;
      this.#log.error({ lane, error: name }, 'what waits cannot be made into a message; it is kept');
      for (const item of items) this.#parking.park(item, this.#clock.monoMs());
      return [];
    }
    this.#inFlight.begin(items, outgoing, nowMs);
    this.#tally.sent(items);
    return outgoing;
  }

  #send(lane: Lane, outgoing: Outgoing, isMetered: boolean): void {
    const bytes = wireBytes(outgoing.message);
    if (isMetered) this.#meter.charge(lane, bytes);
    const sent: Sent = { lane, outgoing, parcel: this.#pace.sent(bytes, this.#clock.monoMs()) };
    this.#inFlight.add(sent);
    this.#link.publish(outgoing.message).then(
      () => this.#answered(sent),
      (error) => this.#failed(sent, error),
    );
  }

  #answered(sent: Sent): void {
    const nowMono = this.#clock.monoMs();
    this.#watch.answered(nowMono);
    this.#pace.acknowledged(sent.parcel, nowMono);
    this.#end(sent, 'acknowledged');
  }

  #failed(sent: Sent, error: unknown): void {
    if (!(error instanceof DeviceError)) throw error;
    this.#pace.lost(sent.parcel);
    const isRefused = error.code === 'uplink.refused';
    if (isRefused) this.#log.error({ code: error.code, lane: sent.lane }, error.message);
    this.#end(sent, isRefused ? 'refused' : 'lost');
  }

  #end(sent: Sent, outcome: Outcome): void {
    this.#inFlight.remove(sent);
    if (this.#isOver) return;
    for (const settled of this.#inFlight.settle(sent.outgoing, outcome)) this.#settle(settled);
    this.#pumpSoon();
  }

  #settle({ item, outcome, publishedAtMs }: Settled): void {
    switch (outcome) {
      case 'acknowledged':
        this.#ledger.acknowledged(item.id);
        this.#parking.taken(item.id);
        this.#tally.acknowledged(item, publishedAtMs, this.#clock.nowMs());
        return;
      case 'refused':
        this.#parking.park(item, this.#clock.monoMs());
        return;
      case 'lost':
        this.#tally.lost(item);
        this.#outbox.release([item.id]);
        this.#shelf.look();
    }
  }

  /** Without a connection nothing is held: what goes first on the next one is chosen then. */
  #giveBackUnsent(): void {
    this.#shelf.giveBack();
    for (const outgoing of [...this.#due.values()].flat()) {
      for (const settled of this.#inFlight.settle(outgoing, 'lost')) this.#settle(settled);
    }
    this.#due.clear();
  }

  #note(): void {
    try {
      this.#ledger.note();
    } catch (error) {
      // It is tried again with the ticks; sending goes on meanwhile, for what the store still gives.
      this.#noteAgainMono = this.#clock.monoMs() + LOOK_AGAIN_MS;
      this.#storeFailed(error);
    }
  }

  #storeFailed(error: unknown): void {
    if (!(error instanceof DeviceError)) throw error;
    this.#log.error({ code: error.code }, error.message);
  }
}
