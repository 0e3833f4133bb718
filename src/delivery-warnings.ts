import type { Loss } from './domain/statement.js';
import type { Warnings } from './health/warnings.js';
import type { Clock } from './lib/clock.js';
import type { StoreDamage } from './store/damage.js';
import type { StoreSnapshot } from './store/record-store.js';
import type { Problem } from './uplink/link-snapshot.js';
import type { UplinkSnapshot } from './uplink/uplink.js';

const CERTIFICATES = {
  device: "the device's own certificate (mqtt.certificateFile)",
  authority: 'the certificate authority (mqtt.caFile)',
  broker: "the broker's certificate",
} as const;

/** So many connections within a minute are no passing through a tunnel: two units with one id make some thirty. */
const UNSTEADY_CONNECTIONS = 4;
const UNSTEADY_WITHIN_MS = 60_000;

/** Turns the state of the store and of the link into warnings. */
export class DeliveryWarnings {
  readonly #warnings: Warnings;
  readonly #clock: Clock;
  #connections = 0;
  /** Monotonic milliseconds: when the last connections were first seen. */
  #connectedMono: number[] = [];
  /** Why the last connection ended. */
  #lastEnd = '';

  constructor({ warnings, clock }: { readonly warnings: Warnings; readonly clock: Clock }) {
    this.#warnings = warnings;
    this.#clock = clock;
  }

  lookAtLink({ link, meter, parked }: UplinkSnapshot): void {
    const { state, broker, certificates, certificateProblem, refusal, problem } = link;
    const isConnected = state === 'connected';
    this.#warnings.tell('broker-away', '', isConnected ? undefined : problem ? told(problem) : state);
    this.#lookAtSteadiness(link);
    const { firstProblem } = broker;
    this.#warnings.tell(
      'broker-fallback',
      '',
      isConnected && firstProblem !== undefined ? `${broker.name} is used; ${told(firstProblem)}` : undefined,
    );
    // A status that is refused is not kept, and refused all the same. A refused connection is one that is away.
    if (isConnected && (parked > 0 || refusal !== undefined)) {
      const why = refusal ?? problem;
      const kept = `${parked} refused and kept`;
      this.#warnings.raise('broker-refuses', '', why === undefined ? kept : `${kept}; ${told(why)}`);
    }
    for (const of of ['device', 'authority', 'broker'] as const) {
      const found = certificates.find((certificate) => certificate.of === of && certificate.expiring);
      const day = found && new Date(found.notAfterMs).toISOString().slice(0, 10);
      this.#warnings.tell('certificate-expiring', of, found && `${CERTIFICATES[of]} is valid until ${day}`);
    }
    this.#warnings.tell('certificate-unused', '', certificateProblem && told(certificateProblem));
    const { shut } = meter;
    this.#warnings.tell('meter-spent', '', shut.length === 0 ? undefined : `waiting: ${shut.join(', ')}`);
  }

  /** Short losses, of which none lasts long enough to be shown as a broker that is away. */
  #lookAtSteadiness({ state, connections, problem }: UplinkSnapshot['link']): void {
    const nowMono = this.#clock.monoMs();
    if (state !== 'connected' && problem !== undefined) this.#lastEnd = told(problem);
    const recent = this.#connectedMono.filter((atMono) => nowMono - atMono <= UNSTEADY_WITHIN_MS);
    const fresh = connections - this.#connections;
    this.#connections = connections;
    this.#connectedMono = [...recent, ...Array<number>(fresh).fill(nowMono)];
    if (fresh === 0 || this.#connectedMono.length < UNSTEADY_CONNECTIONS) return;
    const why = this.#lastEnd === '' ? '' : `; ${this.#lastEnd}`;
    this.#warnings.raise(
      'link-unsteady',
      '',
      `${this.#connectedMono.length} connections within a minute${why}`,
    );
  }

  /** What damage has cost is told by `store-damaged`. */
  lost(losses: readonly Loss[]): void {
    const dropped = losses.filter(({ reason }) => reason !== 'damage');
    if (dropped.length === 0) return;
    const counts = dropped.map(({ lane, reason, count }) => `${count} of ${lane} (${reason})`);
    this.#warnings.raise('store-over-budget', '', counts.join(', '));
  }

  lookAtStore({ medium, problem, damage }: StoreSnapshot): void {
    this.#warnings.tell(
      'store-in-memory',
      '',
      medium === 'memory' ? (problem ?? 'the file cannot be used') : undefined,
    );
    this.#warnings.tell('store-damaged', '', damage && spellDamage(damage));
  }
}

function spellDamage(damage: StoreDamage): string {
  const { setAside, setAsideBytes, isSalvaging, salvaged, lost } = damage;
  if (setAside === undefined)
    return 'the file or its log was gone: its last commits are lost, and nobody can tell how many they were';
  const rows = (counts: Readonly<Record<string, number | 'unknown'>>) =>
    Object.entries(counts)
      .map(([table, count]) => `${count === 'unknown' ? 'an unknown number' : count} of ${table}`)
      .join(', ') || 'none';
  const cost = isSalvaging ? 'lost: known when that is done' : `lost: ${rows(lost)}`;
  return `set aside as ${setAside} (${Math.ceil(setAsideBytes / 1e6)} MB are set aside); rows taken over${isSalvaging ? ' so far' : ''}: ${rows(salvaged)}; ${cost}`;
}

function told({ message, hint }: Problem): string {
  return `${message}. ${hint}`;
}
