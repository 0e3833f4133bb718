import type { Calibration } from '../domain/calibration.js';
import type { Frame } from '../domain/frame.js';
import type { Observation } from '../domain/observation.js';
import type { PlateLook } from '../domain/optics.js';
import type { Direction, EncodedImage, Passage, PassageOutcome } from '../domain/passage.js';
import { Evidence, type PictureCap, type PictureTools } from './evidence.js';
import { passageHints } from './hints/hints.js';
import type { Motion, Placement } from './motion.js';
import { Reading } from './reading.js';
import type { Glimpse } from './text.js';
import type { Track } from './tracker.js';

export interface OpenPassageOptions {
  readonly id: string;
  readonly cameraId: string;
  readonly tools: PictureTools;
  readonly calibration?: Calibration;
  readonly patchCap: PictureCap;
  readonly overviewCap: PictureCap;
}

/** What has been said of a passage so far: nothing, its settled read, or all there is to say. */
export type Told = 'nothing' | 'settled' | 'closed';

/** One vehicle while it goes by: what was seen of it, and what was said of it. */
export class OpenPassage {
  readonly id: string;
  readonly reading: Reading;
  /** Tracks that are this vehicle now: more than one while a plate is found twice. */
  readonly tracks = new Set<Track>();
  told: Told = 'nothing';
  /** Times a read was made, to space them out. */
  lastReadMonoMs = -Infinity;
  lastSecondLookMonoMs = -Infinity;

  readonly #options: OpenPassageOptions;
  readonly #evidence: Evidence;
  #motion: Motion | undefined;
  #firstPlacement: Placement | undefined;
  #directionBefore: Direction = 'unknown';
  #noise = false;
  #frameCount = 0;
  #scoreSum = 0;
  #sightings = 0;
  #firstFrameIndex = 0;
  #lastFrameIndex = 0;
  #seenWhole = false;
  #firstSeenAtMs = 0;
  #lastSeenAtMs = 0;
  #decidedAtMs = 0;
  #look: PlateLook | undefined;
  #encoded: { readonly of: unknown; readonly images: Images } | undefined;

  constructor(options: OpenPassageOptions) {
    this.id = options.id;
    this.#options = options;
    this.reading = new Reading(options.calibration);
    this.#evidence = new Evidence({
      tools: options.tools,
      overviewMostWidthPx: options.overviewCap.mostWidthPx,
    });
  }

  /** That it ended as no passage at all. */
  get noise(): boolean {
    return this.#noise;
  }

  get frameCount(): number {
    return this.#frameCount;
  }

  /** Mean of the detector's scores, 0 to 1. */
  get detectionScore(): number {
    return this.#scoreSum / this.#sightings;
  }

  get firstFrameIndex(): number {
    return this.#firstFrameIndex;
  }

  get lastFrameIndex(): number {
    return this.#lastFrameIndex;
  }

  /** Of the track seen last. A passage has one from its first sighting on. */
  get motion(): Motion {
    return this.#motion as Motion;
  }

  /** Of the track that is followed now, or where that is too short to tell, of those before it. */
  get direction(): Direction {
    const { direction } = this.motion;
    return direction === 'unknown' ? this.#directionBefore : direction;
  }

  get firstPlacement(): Placement {
    return this.#firstPlacement as Placement;
  }

  /** Notes a sighting, and its read if it was read. */
  see(frame: Frame, observation: Observation, track: Track, glimpse: Glimpse | undefined): void {
    this.tracks.add(track);
    if (this.#frameCount === 0) {
      this.#firstFrameIndex = frame.index;
      this.#firstSeenAtMs = frame.capturedAtMs;
      this.#firstPlacement = track.motion.last;
    }
    // A plate found twice in one frame is still one frame.
    if (this.#frameCount === 0 || frame.index !== this.#lastFrameIndex) this.#frameCount++;
    this.#lastFrameIndex = frame.index;
    this.#lastSeenAtMs = frame.capturedAtMs;
    this.#motion = track.motion;
    this.#seenWhole ||= observation.cutOff !== true;
    if (observation.cutOff !== true) this.#look = ofBoth(this.#look, observation.look);
    this.#scoreSum += observation.detectionScore;
    this.#sightings++;

    if (observation.lattice !== undefined) this.lastReadMonoMs = frame.capturedMonoMs;
    if (observation.lookedAgain === true) this.lastSecondLookMonoMs = frame.capturedMonoMs;
    // All has been said: it is only followed on, so that it does not become another passage.
    if (this.told === 'closed') {
      this.#nameTracks();
      return;
    }

    const sharpness = observation.sharpness ?? 0;
    if (observation.lattice !== undefined && glimpse !== undefined) {
      const { heightPx } = track.motion.last;
      this.reading.add({
        monoMs: frame.capturedMonoMs,
        capturedAtMs: frame.capturedAtMs,
        lattice: observation.lattice,
        glimpse,
        heightPx,
        sharpness,
        ...(observation.crop && { crop: observation.crop, detectionScore: observation.detectionScore }),
      });
      this.#decidedAtMs = frame.capturedAtMs;
      this.#evidence.offer(frame, observation.quad, sharpness, this.reading.agrees(glimpse));
    } else if (this.reading.readCount === 0) {
      this.#evidence.offer(frame, observation.quad, undefined, false);
    }
    this.#nameTracks();
  }

  /** Becomes one with another passage that turned out to be the same vehicle. */
  absorb(other: OpenPassage): void {
    const merged =
      this.#lastFrameIndex < other.#firstFrameIndex || other.#lastFrameIndex < this.#firstFrameIndex;
    this.#frameCount = merged
      ? this.#frameCount + other.#frameCount
      : Math.max(this.#frameCount, other.#frameCount);
    if (other.#firstFrameIndex < this.#firstFrameIndex) {
      this.#firstFrameIndex = other.#firstFrameIndex;
      this.#firstSeenAtMs = other.#firstSeenAtMs;
      this.#firstPlacement = other.#firstPlacement;
    }
    if (other.#lastFrameIndex >= this.#lastFrameIndex) {
      this.#lastFrameIndex = other.#lastFrameIndex;
      this.#lastSeenAtMs = other.#lastSeenAtMs;
      this.#directionBefore = this.direction;
      this.#motion = other.#motion;
    }
    this.#seenWhole ||= other.#seenWhole;
    this.#look = ofBoth(this.#look, other.#look);
    this.#scoreSum += other.#scoreSum;
    this.#sightings += other.#sightings;
    this.#decidedAtMs = Math.max(this.#decidedAtMs, other.#decidedAtMs);
    this.lastReadMonoMs = Math.max(this.lastReadMonoMs, other.lastReadMonoMs);
    this.lastSecondLookMonoMs = Math.max(this.lastSecondLookMonoMs, other.lastSecondLookMonoMs);
    if (this.told !== 'closed') {
      this.reading.absorb(other.reading);
      this.#evidence.absorb(other.#evidence);
    }
    for (const track of other.tracks) this.tracks.add(track);
    this.#nameTracks();
  }

  /** The passage as it can be told now. */
  report(phase: Passage['phase'], outcome: PassageOutcome): Passage {
    const shown = this.#evidence.shown;
    if (shown === undefined) throw new Error('a passage was reported that was never seen');
    const images = this.#images(shown);
    const hints = passageHints(this.reading, this.#seenWhole);
    this.told = phase;
    if (phase === 'closed') this.#release();
    return {
      id: this.id,
      cameraId: this.#options.cameraId,
      phase,
      outcome,
      ...(hints.length > 0 && { hints }),
      firstSeenAtMs: this.#firstSeenAtMs,
      lastSeenAtMs: this.#lastSeenAtMs,
      decidedAtMs: outcome.kind === 'read' ? this.#decidedAtMs : this.#lastSeenAtMs,
      pictureAtMs: shown.capturedAtMs,
      firstFrameIndex: this.#firstFrameIndex,
      lastFrameIndex: this.#lastFrameIndex,
      frameCount: this.#frameCount,
      readCount: this.reading.readCount,
      direction: this.direction,
      quad: shown.quad,
      frameSize: shown.frameSize,
      ...(this.#look && { look: this.#look }),
      ...images,
    };
  }

  /** Ends it without a word: it was no passage. */
  endAsNoise(): void {
    this.told = 'closed';
    this.#noise = true;
    this.#release();
  }

  /** Lets go of pictures and scores; what it is known by stays. */
  #release(): void {
    this.#evidence.release();
    this.#encoded = undefined;
    this.reading.release();
  }

  #nameTracks(): void {
    for (const track of this.tracks) track.text = this.reading.text;
  }

  /** Encoded once for each best frame: a search over qualities is dear. */
  #images(shown: unknown): Images {
    if (this.#encoded?.of !== shown) {
      const images = this.#evidence.encode({
        patch: this.#options.patchCap,
        overview: this.#options.overviewCap,
      });
      this.#encoded = { of: shown, images };
    }
    return this.#encoded?.images ?? {};
  }
}

/** The larger one, as bright as the brighter: in some frames a plate is in shadow, or exposed for shiny ones. */
function ofBoth(a: PlateLook | undefined, b: PlateLook | undefined): PlateLook | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return { ...(b.heightPx > a.heightPx ? b : a), brightness: Math.max(a.brightness, b.brightness) };
}

interface Images {
  readonly platePatch?: EncodedImage;
  readonly overviewImage?: EncodedImage;
}
