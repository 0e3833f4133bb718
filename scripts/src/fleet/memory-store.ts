import { createHash } from 'node:crypto';
import { uuidv7 } from 'uuidv7';
import type { CaptureRecord, Hit } from '../../../src/domain/capture-record.js';
import type { ImageKind, Lane } from '../../../src/domain/outbox.js';
import type { EncodedImage, Passage } from '../../../src/domain/passage.js';
import type { ChainHead, ImageDigest, Loss, Notary, StatementSource } from '../../../src/domain/statement.js';
import type { Match } from '../../../src/domain/voi.js';
import { MemoryOutbox } from './memory-outbox.js';

/** An event that a unit has committed to, so that it must arrive. */
export interface Committed {
  readonly id: string;
  readonly lane: Lane;
  /** UTC, milliseconds. */
  readonly atMs: number;
}

export interface MemoryStoreOptions {
  readonly notary: Notary;
  readonly unitId: string;
  readonly onCommitted?: (committed: Committed) => void;
}

/**
 * What a device's store does with a passage, in memory: statements sealed by the real notary in one
 * chain, pictures, and the outbox with all of it.
 */
export class MemoryStore {
  readonly outbox = new MemoryOutbox();
  readonly #notary: Notary;
  readonly #unitId: string;
  readonly #onCommitted: (committed: Committed) => void;
  #head: ChainHead = { chain: uuidv7(), sequence: 0, digest: '' };
  #records = 0;

  constructor({ notary, unitId, onCommitted = () => undefined }: MemoryStoreOptions) {
    this.#notary = notary;
    this.#unitId = unitId;
    this.#onCommitted = onCommitted;
  }

  get head(): ChainHead {
    return this.#head;
  }

  /** A closed passage, with a hit where there is a match. */
  commit(passage: Passage, match: Match | undefined, atMs: number): void {
    const clock = { source: 'ntp', offsetMs: 2 } as const;
    const record: CaptureRecord = { id: passage.id, sequence: ++this.#records, passage, clock };
    const pictures: (readonly [ImageKind, EncodedImage])[] = [];
    if (passage.platePatch !== undefined) pictures.push(['plate-patch', passage.platePatch]);
    if (passage.overviewImage !== undefined) pictures.push(['overview', passage.overviewImage]);
    const images = pictures.map(([kind, { jpeg }]) => digestOf(kind, jpeg));
    const times = { matchedAtMs: atMs, committedAtMs: atMs };
    const hit: Hit | undefined = match && { id: uuidv7(), recordId: record.id, matchedAtMs: atMs, match };
    if (hit !== undefined) this.#state('hits', { kind: 'hit', hit, record, images, committedAtMs: atMs });
    const hits = hit === undefined ? [] : [{ id: hit.id, stands: true }];
    this.#state('reads', { kind: 'read', record, hits, images, ...times });
    const lane = hit === undefined ? 'read-images' : 'hit-images';
    for (const [imageKind, image] of pictures) {
      const message = { kind: 'image', recordId: record.id, imageKind, revision: 1, image } as const;
      const { cameraId, pictureAtMs } = passage;
      this.outbox.put(lane, { ...message, cameraId, pictureAtMs }, atMs);
      this.#onCommitted({ id: `${record.id}.${imageKind}.1`, lane, atMs });
    }
  }

  /** States that statements of this chain will never come. */
  commitLoss(losses: readonly Loss[], atMs: number): void {
    this.#state('health', { kind: 'loss', id: uuidv7(), losses, committedAtMs: atMs });
  }

  /** What a consumer needs of a health report: how far the chain is. */
  putHealth(atMs: number): void {
    const text = JSON.stringify({ type: 'health', unitId: this.#unitId, chain: this.#head });
    this.outbox.putHealth({ kind: 'health', id: uuidv7(), atMs, text });
  }

  #state(lane: Lane, source: StatementSource): void {
    const { kind, id, text, sequence, digest } = this.#notary.seal(source, this.#head);
    this.#head = { ...this.#head, sequence, digest };
    this.outbox.put(lane, { kind, id, text }, source.committedAtMs);
    this.#onCommitted({ id, lane, atMs: source.committedAtMs });
  }
}

function digestOf(kind: ImageKind, jpeg: Uint8Array): ImageDigest {
  return { kind, revision: 1, sha256: createHash('sha256').update(jpeg).digest('base64url') };
}
