import type { Clock } from '../lib/clock.js';
import { DeviceError } from '../lib/errors.js';
import type { Logger } from '../lib/log.js';
import type { Attempt, Brokers } from './brokers.js';
import type { Certificates } from './certificates.js';
import { mayBeCertificates } from './failures.js';
import { type Addresses, addressesOf, type Interfaces, interfaceOf, networkChange } from './network.js';
import type { Probed } from './probe.js';

/** Before certificates are tried again with which the broker does not let this device in: a person has to mend it. */
const REFUSED_AGAIN_MS = 3_600_000;

/** The connection of now; the local address is known during an attempt already. */
export interface Present {
  readonly connected: boolean;
  readonly attempt: Attempt;
  readonly localAddress: string | undefined;
  readonly networkInterface: string | undefined;
}

export interface LinkWatchOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly brokers: Brokers;
  readonly certificates: Certificates;
  /** Between looks. */
  readonly watchMs: number;
  /** Before what did not work is tried again. */
  readonly againMs: number;
  readonly freeInterfaces: readonly string[];
  readonly interfaces: () => Interfaces;
  readonly present: () => Present;
  /** Whether another broker than the present one answers: says a word of MQTT. */
  readonly probe: (attempt: Attempt) => Promise<Probed>;
  /** Whether the present one takes another connection, without a word of MQTT: @see knock */
  readonly knock: (attempt: Attempt) => Promise<Probed>;
  /** Ends the present connection, so that the next is made with this broker. */
  readonly leaveFor: (attempt: Attempt, why: string) => Promise<void>;
  /** Ends it without a word, as nobody would hear it. */
  readonly abandon: (why: string) => void;
  /** Ends the wait for the next attempt. */
  readonly tryNow: () => void;
}

/**
 * Looks whether there is a better connection than the present one: other certificates, a network
 * without a meter, a broker further up in the list; and whether the present one can still be there.
 *
 * Invariants
 * - A connection that works is left only after another was made in the same way, and answered; to the present broker
 *   without a word of MQTT, as that might end the present connection.
 * - Certificates that a broker then turns away all the same give way to those before, and are tried again later.
 */
export class LinkWatch {
  readonly #options: LinkWatchOptions;
  #certificateProblem: DeviceError | undefined;
  /** Changed files that no connection has used yet: when to try them; monotonic milliseconds. */
  #certificatesDueMono: number | undefined;
  /** Certificates may give way without a wait once a connection, so that nobody is asked all the time. */
  #mayHurry = false;
  #freeCameUp = false;
  #isTrying = false;

  constructor(options: LinkWatchOptions) {
    this.#options = options;
  }

  /** Why changed certificate files are not in use; absent where all is well. */
  get certificateProblem(): DeviceError | undefined {
    return this.#options.certificates.problem ?? this.#certificateProblem;
  }

  /** A connection was made, with what is in force. */
  connected(): void {
    const { certificates } = this.#options;
    certificates.connected();
    if (certificates.areNewest) {
      this.#certificateProblem = undefined;
      this.#certificatesDueMono = undefined;
    }
    this.#mayHurry = true;
    this.#freeCameUp = false;
  }

  /** An attempt came to nothing. */
  failed(problem: DeviceError): void {
    const { certificates, tryNow } = this.#options;
    if (!mayBeCertificates(problem)) return;
    if (!certificates.areNewest) {
      certificates.advance();
      return;
    }
    if (!this.#retreat(problem, REFUSED_AGAIN_MS) || !this.#mayHurry) return;
    this.#mayHurry = false;
    tryNow();
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, watchMs, interfaces } = this.#options;
    for (let before = addressesOf(interfaces()); !signal.aborted; ) {
      await clock.sleep(watchMs, signal).catch(() => undefined);
      if (signal.aborted) return;
      const after = addressesOf(interfaces());
      this.#lookAtNetwork(before, after);
      before = after;
      this.#lookAtCertificates();
      void this.#tryOthers();
    }
  }

  #lookAtNetwork(before: Addresses, after: Addresses): void {
    const { present, freeInterfaces, brokers, clock, abandon, tryNow } = this.#options;
    switch (networkChange(present(), freeInterfaces, before, after)) {
      case 'gone':
        brokers.hurry(clock.monoMs());
        abandon('this device has left the network that led to the broker');
        break;
      case 'free':
        this.#freeCameUp = true;
        break;
      case 'joined':
        if (!present().connected) tryNow();
        break;
    }
  }

  #lookAtCertificates(): void {
    const { certificates, clock, log, tryNow, present } = this.#options;
    const before = certificates.problem;
    const haveChanged = certificates.refresh();
    const { problem } = certificates;
    if (problem !== undefined && problem.message !== before?.message) {
      log.warn({ code: problem.code, hint: problem.hint }, problem.message);
    }
    if (!haveChanged) return;
    if (present().connected) this.#certificatesDueMono = clock.monoMs();
    else tryNow();
  }

  async #tryOthers(): Promise<void> {
    if (this.#isTrying || !this.#options.present().connected) return;
    this.#isTrying = true;
    // One at a time: the first that leads anywhere is a new connection.
    if (!(await this.#tryCertificates()) && !(await this.#tryFreeNetwork())) await this.#tryBetterBrokers();
    this.#isTrying = false;
  }

  async #tryCertificates(): Promise<boolean> {
    const { clock, certificates, againMs, present, knock, leaveFor } = this.#options;
    if (this.#certificatesDueMono === undefined || clock.monoMs() < this.#certificatesDueMono) return false;
    certificates.advance();
    const { attempt } = present();
    const { problem } = await knock(attempt);
    if (problem === undefined) {
      await leaveFor(attempt, 'the certificates of the link have changed');
      return true;
    }
    this.#retreat(problem, againMs);
    return false;
  }

  /** @returns whether there are certificates to go back to. */
  #retreat(problem: DeviceError, againMs: number): boolean {
    const { clock, log, certificates } = this.#options;
    if (!certificates.retreat()) return false;
    this.#certificatesDueMono = clock.monoMs() + againMs;
    this.#certificateProblem = new DeviceError('uplink.connect-failed', {
      message: `the changed certificates are not used, those before are: ${problem.message}`,
      hint: problem.hint,
      cause: problem,
    });
    log.warn({ code: problem.code, hint: problem.hint }, this.#certificateProblem.message);
    return true;
  }

  async #tryFreeNetwork(): Promise<boolean> {
    if (!this.#freeCameUp) return false;
    this.#freeCameUp = false;
    const { freeInterfaces, interfaces, present, knock, leaveFor } = this.#options;
    const { attempt } = present();
    const { problem, localAddress } = await knock(attempt);
    // Which network leads to the broker is the routes' affair.
    const networkInterface = interfaceOf(localAddress, interfaces());
    if (problem !== undefined || networkInterface === undefined) return false;
    if (!freeInterfaces.includes(networkInterface)) return false;
    await leaveFor(attempt, 'a network without a meter has come up');
    return true;
  }

  async #tryBetterBrokers(): Promise<void> {
    const { brokers, clock, present, probe, leaveFor } = this.#options;
    const better = brokers.betterThan(present().attempt, clock.monoMs());
    if (better.length > 0) brokers.looked(clock.monoMs());
    for (const attempt of better) {
      const { problem } = await probe(attempt);
      if (problem !== undefined) continue;
      await leaveFor(attempt, 'a better broker of mqtt.urls is back');
      return;
    }
  }
}
