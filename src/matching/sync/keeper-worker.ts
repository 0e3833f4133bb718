import { statSync } from 'node:fs';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../lib/clock.js';
import { DeviceError } from '../../lib/errors.js';
import { loadStorageKey } from '../../lib/storage-key.js';
import type { StoredList } from '../list-store/list-rows.js';
import { ListStore } from '../list-store/list-store.js';
import { Follower } from './follower.js';
import { Keeper } from './keeper.js';
import type { FromKeeper, KeeperConfiguration, ToKeeper } from './protocol.js';

/** The keeper's thread: whatever takes long about lists is done here, and matching goes on. */

const TICK_EVERY_MS = 1_000;
/** While a list is being taken over, how far it is shows within this. */
const STATUS_EVERY_MS = 250;
const TIDY_EVERY_MS = 60_000;

/** An open file, and what follows it. */
interface Opened {
  readonly inode: number | undefined;
  readonly store: ListStore;
  readonly keeper: Keeper;
  readonly follower: Follower;
  version: number;
}

class KeeperThread {
  readonly #port: MessagePort;
  readonly #configuration: KeeperConfiguration;
  #opened: Opened | undefined;
  #isConnected = false;
  #isStopping = false;
  #lastStatus = '';
  #lastFailure = '';
  #working: Promise<void> = Promise.resolve();
  #tidiedMono = systemClock.monoMs();
  /** What the main thread holds while no file is open. */
  #held: readonly StoredList[];
  #hadOpened = false;

  constructor(port: MessagePort, configuration: KeeperConfiguration) {
    this.#port = port;
    this.#configuration = configuration;
    this.#held = configuration.held;
  }

  async run(): Promise<void> {
    this.#port.on('message', (message: ToKeeper) => this.#hear(message));
    await this.#inTurn(() => this.#look());
    this.#say({ kind: 'settled' });
    this.#every(this.#configuration.reloadMs, () => this.#inTurn(() => this.#look()));
    this.#every(TICK_EVERY_MS, () => this.#inTurn(() => this.#tick()));
    this.#every(STATUS_EVERY_MS, () => this.#sayStatus());
  }

  #hear(message: ToKeeper): void {
    switch (message.kind) {
      case 'take':
        void this.#inTurn(async () => {
          try {
            await this.#opened?.keeper.take(message.wanted, message.bytes);
            this.#follow();
          } finally {
            this.#say({ kind: 'taken' });
          }
        });
        return;
      case 'link':
        this.#isConnected = message.isConnected;
        void this.#opened?.keeper.linkChanged(message.isConnected);
        return;
      case 'stop':
        // Whatever is half done is undone, or gone on with, by the next one.
        this.#isStopping = true;
        this.#close();
        this.#port.close();
        process.exit(0);
    }
  }

  /** Opens the file where it is not open, and follows what others wrote into it. */
  async #look(): Promise<void> {
    const { path } = this.#configuration;
    const file = statSync(path, { throwIfNoEntry: false });
    // Without a byte it is gone as well: SQLite would take it for a new one, and the lists for none.
    const inode = file?.size === 0 ? undefined : file?.ino;
    if (this.#opened !== undefined && this.#opened.inode !== inode) {
      this.#close();
      // Of another file nothing is known: no generation has this number.
      this.#held = this.#held.map((list) => ({ ...list, generation: 0 }));
    }
    // Only a start makes a new file; one that goes away meanwhile may come back.
    if (inode === undefined && this.#hadOpened) throw gone(path);
    if (this.#opened === undefined) await this.#open();
    const opened = this.#opened as Opened | undefined;
    if (opened === undefined) return;
    const version = opened.store.dataVersion();
    if (version === opened.version) return;
    opened.version = version;
    this.#follow();
  }

  async #open(): Promise<void> {
    const { path, keyFile, lists, timing, rechecked } = this.#configuration;
    const store = new ListStore({ path, key: loadStorageKey({ keyFile }) });
    store.open();
    try {
      const keeper = new Keeper({
        store,
        lists,
        clock: systemClock,
        onFault: (fault) => this.#say({ kind: 'fault', fault }),
        onTakenOver: (list) => {
          this.#say({ kind: 'taken-over', list });
          // Matched against before what was staged of it is cleared away.
          this.#follow();
        },
        ...(timing !== undefined && { timing }),
      });
      const isMatched = (list: StoredList) => !isLeftOut(list, this.#configuration);
      const follower = new Follower({ store, isMatched, held: this.#held, rechecked });
      const inode = statSync(path).ino;
      this.#opened = { inode, store, keeper, follower, version: store.dataVersion() };
      this.#hadOpened = true;
      this.#lastFailure = '';
      this.#say({ kind: 'opened' });
      this.#follow();
      await keeper.linkChanged(this.#isConnected);
      await keeper.resume();
      this.#follow();
    } catch (error) {
      if (this.#opened === undefined) store.close();
      throw error;
    }
  }

  async #tick(): Promise<void> {
    await this.#opened?.keeper.tick();
    this.#follow();
    if (systemClock.monoMs() - this.#tidiedMono < TIDY_EVERY_MS) return;
    this.#tidiedMono = systemClock.monoMs();
    await this.#opened?.store.tidy();
  }

  #follow(): void {
    if (this.#opened === undefined) return;
    for (const change of this.#opened.follower.changes()) {
      const buffers = change.kind === 'loaded' ? change.keys.tables.map(({ cells }) => cells.buffer) : [];
      this.#port.postMessage(change, buffers);
    }
    this.#sayStatus();
  }

  #sayStatus(): void {
    if (this.#opened === undefined || this.#isStopping) return;
    const { keeper, store } = this.#opened;
    try {
      const status: FromKeeper = {
        kind: 'sync',
        wanted: keeper.wanted(),
        statuses: Object.fromEntries(keeper.statuses()),
        leftOut: store.lists().filter((list) => isLeftOut(list, this.#configuration)),
      };
      const text = JSON.stringify(status);
      if (text === this.#lastStatus) return;
      this.#lastStatus = text;
      this.#say(status);
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Work is done one after another; what the disk does not allow is said, and tried again. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    this.#working = this.#working.then(work).catch((error) => this.#failed(error));
    return this.#working;
  }

  #failed(error: unknown): void {
    if (this.#isStopping) return;
    if (!(error instanceof DeviceError)) throw error;
    this.#close();
    const { code, message, hint } = error;
    if (message === this.#lastFailure) return;
    this.#lastFailure = message;
    this.#say({ kind: 'unreadable', code, message, hint });
  }

  #close(): void {
    if (this.#opened !== undefined) this.#held = this.#opened.follower.held;
    this.#opened?.store.close();
    this.#opened = undefined;
    this.#lastStatus = '';
  }

  #say(message: FromKeeper): void {
    this.#port.postMessage(message);
  }

  #every(ms: number, work: () => unknown): void {
    setInterval(() => void work(), ms);
  }
}

/** Synced once, and not configured any more: nobody says whose key to trust for it. */
function isLeftOut(list: StoredList, { lists }: KeeperConfiguration): boolean {
  return list.origin === 'signed' && !lists.some(({ id }) => id === list.id);
}

function gone(path: string): DeviceError {
  return new DeviceError('hotlist.unreadable', {
    message: `the hotlist ${path} has gone`,
    hint: 'Put it back, or restart the daemon to begin with an empty one; what was read is matched until then.',
  });
}

if (parentPort === null) throw new Error('the keeper runs in a thread of the daemon');
void new KeeperThread(parentPort, workerData as KeeperConfiguration).run();
