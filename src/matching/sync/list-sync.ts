import { Backoff } from '../../lib/backoff.js';
import type { Clock } from '../../lib/clock.js';
import { DeviceError } from '../../lib/errors.js';
import type { StoredList } from '../list-store/list-rows.js';
import type { ListStore } from '../list-store/list-store.js';
import { verifyBlob, verifyTable } from '../package/blobs.js';
import { openEnvelope } from '../package/envelope.js';
import type { Manifest } from '../package/manifest.js';
import { blobName, type Part, parseBlobName, partName } from '../package/parts.js';
import { applyRoute, metaOf } from './apply.js';
import { isOfManifest, isSameContent, partsOf, planSync, type SyncPlan } from './plan.js';
import { Retries, type RetryTiming } from './retries.js';
import { StatusBoard, type SyncFault, type SyncStatus } from './status.js';

export interface ListSyncOptions {
  readonly id: string;
  /** The owner's keys, any of which may sign. */
  readonly publicKeys: readonly string[];
  /** Open for writing. */
  readonly store: ListStore;
  readonly clock: Clock;
  readonly timing: RetryTiming;
  /** Blobs asked for at a time. */
  readonly window: number;
  readonly onFault: (fault: SyncFault) => void;
  readonly onTakenOver: (list: StoredList) => void;
  /** While a whole list is taken over: marks written so far, of how many. */
  readonly onApplying?: (marks: number, ofMarks: number) => void;
}

/**
 * Keeps one list at the newest revision that its owner has signed.
 *
 * Invariants
 * - Nothing is kept that is not vouched for: a manifest by a pinned key, a blob by its manifest. So a
 *   publisher without the key can neither fill the disk nor bring anything into force.
 * - Whatever is refused is told once, and the list in force stays in force.
 * - A manifest whose contents were found bad is not fetched again, however often it is offered.
 * Calls must not overlap: the keeper makes them one after another.
 */
export class ListSync {
  readonly #options: ListSyncOptions;
  readonly #board: StatusBoard;
  readonly #retries: Retries;
  /** By part, its digests; verified. */
  readonly #tables = new Map<string, Uint8Array>();
  #accepted: Manifest | undefined;
  /** Accepted, and not kept on disk yet. */
  #unsaved: Uint8Array | undefined;
  /** Came while the disk failed. */
  #missed: Uint8Array | undefined;
  #rejected: { readonly manifest: Manifest; readonly error: DeviceError } | undefined;
  /** The deltas did not fit: only the whole list helps. */
  #needsWhole = false;
  /** Times that the whole list could not be taken over as it was kept. */
  #failures = 0;
  #wanted: readonly string[] = [];
  /** Monotonic milliseconds: when to try again what the disk would not take. */
  #againMono: number | undefined;
  readonly #diskBackoff: Backoff;

  constructor(options: ListSyncOptions) {
    this.#options = options;
    const { soonMs, laterMostMs } = options.timing;
    this.#diskBackoff = new Backoff({ firstMs: 5 * soonMs, mostMs: laterMostMs });
    this.#retries = new Retries(options.timing);
    this.#board = new StatusBoard(options.id, options.clock, options.onFault);
  }

  get status(): SyncStatus {
    return this.#board.status;
  }

  /** Names of the blobs that are asked for now. */
  get wanted(): readonly string[] {
    return this.#wanted;
  }

  /** Goes on where the last run of the process stopped. */
  async resume(): Promise<void> {
    const { store, id, publicKeys } = this.#options;
    const envelope = store.offer(id);
    if (envelope === undefined) return;
    try {
      this.#accept(openEnvelope(envelope, publicKeys, id));
    } catch (error) {
      // Its key was taken out of the configuration meanwhile.
      this.#board.fault('refused', error);
      store.dropOffer(id);
      store.dropStaged(id);
      return;
    }
    await this.proceed();
  }

  async takeManifest(envelope: Uint8Array): Promise<void> {
    const { store, id } = this.#options;
    this.#missed = undefined;
    try {
      const offer = this.#judge(envelope);
      this.#board.clear('refused');
      if (isNewer(offer, this.#accepted)) {
        const useless = [...store.stagedNames(id).keys()].filter((name) => !isOfManifest(name, offer));
        if (useless.length > 0) store.dropStaged(id, useless);
        this.#accept(offer);
        this.#unsaved = new Uint8Array(envelope);
      }
    } catch (error) {
      const isOurs = error instanceof DeviceError && error.code === 'hotlist.store-failed';
      this.#board.fault(isOurs ? 'failing' : 'refused', error);
      if (!isOurs) return;
      this.#missed = envelope;
      this.#pause();
      return;
    }
    await this.proceed();
  }

  /** Takes a blob that was asked for; anything else is left alone. */
  async takeBlob(name: string, bytes: Uint8Array): Promise<void> {
    const { store, id, clock } = this.#options;
    if (!this.#wanted.includes(name)) return;
    try {
      this.#verify(name, bytes);
      store.stageBlob(id, name, bytes);
      this.#retries.came(name);
    } catch (error) {
      this.#retries.failed(name, clock.monoMs());
      this.#board.fault('failing', error);
    }
    await this.proceed();
  }

  /** The link was made or lost: what was asked for is asked for anew, and has its time again. */
  linkChanged(): void {
    this.#retries.startOver(this.#options.clock.monoMs());
  }

  /** What time brings: blobs that did not come, and what may be tried again. */
  async tick(isConnected: boolean): Promise<void> {
    const nowMono = this.#options.clock.monoMs();
    if (isConnected) {
      for (const name of this.#retries.overdue(nowMono)) {
        this.#retries.failed(name, nowMono);
        this.#board.fault('failing', missing(name));
      }
    }
    if (this.#againMono !== undefined && nowMono < this.#againMono) return;
    if (this.#missed !== undefined) await this.takeManifest(this.#missed);
    else await this.proceed();
  }

  /** Does what can be done now: asks for blobs, or takes over what is complete. */
  async proceed(): Promise<void> {
    const { store, id } = this.#options;
    if (this.#accepted === undefined) return;
    this.#againMono = undefined;
    try {
      if (this.#unsaved !== undefined) store.putOffer(id, this.#unsaved);
      this.#unsaved = undefined;
      while (await this.#step(this.#accepted));
    } catch (error) {
      this.#wanted = [];
      this.#pause();
      this.#board.fault('failing', error);
    }
  }

  /** @returns whether there is more to do at once. */
  async #step(manifest: Manifest): Promise<boolean> {
    const { store, id, clock } = this.#options;
    const plan = this.#plan(manifest);
    this.#wanted = [];
    switch (plan.kind) {
      case 'refuse':
        // An administrator imported something later meanwhile.
        this.#board.fault('refused', plan.error);
        return false;
      case 'confirm':
        store.confirm(metaOf(manifest.revision, { manifest, inForce: undefined, nowMs: clock.nowMs() }));
        return true;
      case 'current':
        // Once: what is staged later is somebody else's, who brings a package by hand.
        if (this.#board.status.state !== 'current') store.dropStaged(id);
        this.#tables.clear();
        this.#retries.clear();
        this.#diskBackoff.reset();
        this.#board.clear('failing');
        this.#board.enter({ state: 'current' });
        return false;
      case 'fetch': {
        const { haveBlobs, ofBlobs, leftBytes } = plan;
        const state = this.#retries.heldUp > 0 ? 'held-up' : 'fetching';
        this.#board.enter({ state, revision: manifest.revision, haveBlobs, ofBlobs });
        // Nothing of a list is fetched that would fill the disk and then not come into force.
        store.requireRoomFor(leftBytes);
        this.#wanted = plan.wanted;
        this.#retries.ask(plan.wanted, clock.monoMs());
        return false;
      }
      case 'apply':
        this.#board.enter({ state: 'applying', revision: manifest.revision });
        return this.#apply(manifest, plan.route);
    }
  }

  async #apply(manifest: Manifest, route: Extract<SyncPlan, { kind: 'apply' }>['route']): Promise<boolean> {
    const { store, id, clock, onTakenOver, onApplying } = this.#options;
    const readBlob = (name: string) => store.stagedBlob(id, name);
    const onProgress = onApplying && ((marks: number) => onApplying(marks, manifest.markCount));
    try {
      await applyRoute(store, {
        ...{ manifest, route, inForce: this.#inForce(), readBlob, nowMs: clock.nowMs() },
        ...(onProgress && { onProgress }),
      });
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      if (error.code === 'hotlist.store-failed') throw error;
      store.dropStaged(id);
      this.#tables.clear();
      // Overtaken by somebody who brought a package by hand: the next plan sees it.
      if (error.code !== 'hotlist.replayed') this.#board.fault('failing', error);
      // Deltas that do not fit what is here, whoever's fault that is: the whole list does. And what
      // lay on a card for days may have suffered there: it is fetched once more.
      if (route.snapshot === undefined) this.#needsWhole = true;
      else this.#failures++;
      if (this.#failures < MOST_FAILURES) return true;
      this.#reject(manifest, error);
      return false;
    }
    this.#needsWhole = false;
    const list = this.#inForce();
    if (list !== undefined) onTakenOver(list);
    return true;
  }

  /** @throws DeviceError where nobody vouches for it, it is a replay, or its contents are known to be bad. */
  #judge(envelope: Uint8Array): Manifest {
    const { id, publicKeys } = this.#options;
    const offer = openEnvelope(envelope, publicKeys, id);
    const plan = this.#plan(offer);
    if (plan.kind === 'refuse') throw plan.error;
    const rejected = this.#rejected;
    if (rejected !== undefined && isSameContent(rejected.manifest, offer)) throw rejected.error;
    return offer;
  }

  #accept(manifest: Manifest): void {
    this.#accepted = manifest;
    this.#needsWhole = false;
    this.#failures = 0;
    this.#retries.clear();
    this.#tables.clear();
  }

  #reject(manifest: Manifest, error: DeviceError): void {
    const { store, id } = this.#options;
    this.#rejected = { manifest, error };
    this.#accepted = undefined;
    store.dropOffer(id);
    this.#board.clear('failing');
    this.#board.enter({ state: 'held-up', revision: manifest.revision });
    this.#board.fault('refused', error);
  }

  #plan(offer: Manifest): SyncPlan {
    const { store, id, clock, window } = this.#options;
    return planSync({
      inForce: this.#inForce(),
      highestRevision: store.highestRevision(id),
      accepted: this.#accepted,
      offer,
      staged: new Set(store.stagedNames(id).keys()),
      waiting: this.#retries.waiting(clock.monoMs()),
      window,
      needsWhole: this.#needsWhole,
    });
  }

  #inForce(): StoredList | undefined {
    return this.#options.store.lists().find(({ id }) => id === this.#options.id);
  }

  #verify(name: string, bytes: Uint8Array): void {
    const part = this.#partOf(name);
    const index = parseBlobName(name)?.index ?? 0;
    if (index === 0) {
      verifyTable(part, bytes, name);
      this.#tables.set(partName(part), bytes);
    } else {
      verifyBlob(this.#tableOf(part), index, bytes, name);
    }
  }

  #partOf(name: string): Part {
    const { snapshot, deltas } = this.#accepted as Manifest;
    const wanted = parseBlobName(name)?.part;
    const part = partsOf({ snapshot, deltas }).find((one) => partName(one) === wanted);
    if (part === undefined) throw new Error('a blob was asked for that is of no part');
    return part;
  }

  #tableOf(part: Part): Uint8Array {
    const { store, id } = this.#options;
    const table = this.#tables.get(partName(part)) ?? store.stagedBlob(id, blobName(part, 0));
    if (table === undefined) throw missing(blobName(part, 0));
    this.#tables.set(partName(part), table);
    return table;
  }

  /** A disk that is full stays so for a while, and each attempt to write a list wears it. */
  #pause(): void {
    this.#againMono = this.#options.clock.monoMs() + this.#diskBackoff.nextMs();
  }
}

/** Of the same contents, before they count as bad. */
const MOST_FAILURES = 2;

function isNewer(offer: Manifest, accepted: Manifest | undefined): boolean {
  if (accepted === undefined || offer.revision > accepted.revision) return true;
  return offer.revision === accepted.revision && offer.issuedAtMs > accepted.issuedAtMs;
}

function missing(name: string): DeviceError {
  return new DeviceError('hotlist.package-invalid', {
    message: `${name} has not come, expected the broker to keep it for whoever asks`,
    hint: 'Its owner has to put it there again (anprctl hotlist publish --resend); it is asked for again by itself, ever more rarely.',
  });
}
