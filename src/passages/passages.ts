import { uuidv7 } from 'uuidv7';
import type { PassagesConfig } from '../config/schema.js';
import type { Calibration } from '../domain/calibration.js';
import type { Frame } from '../domain/frame.js';
import type { Quad } from '../domain/geometry.js';
import type { Observation } from '../domain/observation.js';
import type { Passage } from '../domain/passage.js';
import type { PictureTools } from './evidence.js';
import { placementOf } from './motion.js';
import { OpenPassage } from './open-passage.js';
import { isCredible, outcomeOf } from './outcome.js';
import { deservesSecondLook, readPriority } from './read-budget.js';
import { ReplayStart } from './replay-start.js';
import { isSameVehicle, type RejoinLimits } from './same-vehicle.js';
import { judge, StillPlaces } from './still.js';
import { glimpse } from './text.js';
import { type Track, Tracker } from './tracker.js';

export interface PassagesOptions {
  readonly cameraId: string;
  readonly config: PassagesConfig;
  /** Least probability of a read that leaves the device. */
  readonly readProbability: number;
  readonly minimumPlateHeightPx: number;
  readonly mostReadsPerFrame: number;
  readonly tools: PictureTools;
  /** Of the models that read; without it, their scores are taken at their word. */
  readonly calibration?: Calibration;
  /** Ids of passages; UUIDv7 unless a test says otherwise. */
  readonly newId?: () => string;
}

/** How every track ended so far, and what is open. */
export interface PassagesSnapshot {
  readonly open: number;
  readonly read: number;
  readonly unreadable: number;
  /** Tracks that were no passage, by the reason. */
  readonly noise: {
    /** Seen too briefly, and not read well enough to count all the same. */
    readonly brief: number;
    /** Never moved: text burnt into the picture, signs. */
    readonly static: number;
    /** Never read, and not to be told from a false detection. */
    readonly faint: number;
  };
  /** Turned out to be a vehicle that was reported already. */
  readonly rejoined: number;
}

/**
 * Turns the plates of a camera's frames into passages: one for each vehicle, whatever it does.
 *
 * Pure but for the pictures' encoding: time comes with the frames. Whoever drives it passes every
 * frame to `observe`, calls `advance` when no frames come, and `flush` when none will.
 *
 * Invariants
 * - A passage is reported at most once `settled` and then exactly once `closed`, or never: then
 *   its end is counted in the snapshot.
 * - What was reported closed is silent from then on, however long it stays.
 */
export class Passages {
  readonly #options: PassagesOptions;
  readonly #tracker: Tracker;
  readonly #rejoin: RejoinLimits;
  readonly #places = new StillPlaces();
  readonly #replayStart = new ReplayStart();
  readonly #passageOf = new Map<Track, OpenPassage>();
  /** Gone, but young enough to come back. */
  #gone: OpenPassage[] = [];
  #frameHeightPx = 0;
  readonly #counts = { read: 0, unreadable: 0, brief: 0, static: 0, faint: 0, rejoined: 0 };

  constructor(options: PassagesOptions) {
    const { config } = options;
    this.#options = options;
    this.#tracker = new Tracker({ lostAfterMs: config.lostAfterSeconds * 1000 });
    const withinMs = config.rejoinWithinSeconds * 1000;
    this.#rejoin = { withinMs, standingWithinMs: Math.max(withinMs, STANDING_REJOIN_MS) };
  }

  /**
   * Which detections of a frame should be read, the most useful first.
   * @returns indices into `quads`.
   */
  chooseReads(frame: Frame, quads: readonly Quad[]): number[] {
    const found = quads.map((quad) => ({ placement: placementOf(quad, frame.capturedMonoMs) }));
    const wanted: { index: number; priority: number }[] = [];
    this.#tracker.match(found).forEach((track, index) => {
      const plate = (found[index] as (typeof found)[number]).placement;
      if (plate.heightPx < this.#options.minimumPlateHeightPx) return;
      // What is known to be a sign is not read again until it moves.
      if (
        !(track?.motion.stepped ?? false) &&
        this.#places.has(plate.box) &&
        (track?.motion.sightings ?? 0) > 1
      )
        return;
      const priority = readPriority(track && this.#passageOf.get(track), plate);
      if (priority !== undefined) wanted.push({ index, priority });
    });
    wanted.sort((a, b) => a.priority - b.priority);
    return wanted.slice(0, this.#options.mostReadsPerFrame).map(({ index }) => index);
  }

  /**
   * Which plates of a frame are worth a second look once they were read.
   * @returns indices into `quads`.
   */
  chooseSecondLooks(frame: Frame, quads: readonly Quad[]): number[] {
    const found = quads.map((quad) => ({ placement: placementOf(quad, frame.capturedMonoMs) }));
    return this.#tracker.match(found).flatMap((track, index) => {
      const { placement } = found[index] as (typeof found)[number];
      return deservesSecondLook(track && this.#passageOf.get(track), placement) ? [index] : [];
    });
  }

  /** Takes in a frame with all its plates, read or not. @returns what there is to report now. */
  observe(frame: Frame, observations: readonly Observation[]): Passage[] {
    this.#frameHeightPx = frame.heightPx;
    const found = observations.map(({ quad, lattice }) => ({
      placement: placementOf(quad, frame.capturedMonoMs),
      text: lattice && glimpse(lattice),
    }));
    const { placed, lost } = this.#tracker.observe(frame.capturedMonoMs, found);
    placed.forEach((track, index) => {
      const passage = this.#passageOf.get(track) ?? this.#begin(track);
      passage.see(frame, observations[index] as Observation, track, found[index]?.text);
    });
    const touched = new Set(placed.map((track) => this.#passageOf.get(track) as OpenPassage));
    for (const passage of touched) this.#joinIfKnown(passage, false);
    const reports = [...new Set(this.#passageOf.values())].flatMap((passage) => this.#tell(passage));
    reports.push(...this.#end(lost, frame.capturedMonoMs));
    this.#replayStart.advance(frame.index, this.#pinning());
    return reports;
  }

  /** Ends what has been unseen for too long, when no frames come. @returns what there is to report. */
  advance(monoMs: number): Passage[] {
    return this.#end(this.#tracker.advance(monoMs), monoMs);
  }

  /** Ends all that is open, because no frame will come. */
  flush(): Passage[] {
    return this.#end(this.#tracker.flush(), 0);
  }

  /** The frame at which a file has to be gone on with so that no passage is lost or cut in two. */
  get resumeFromFrame(): number {
    return this.#replayStart.frameIndex;
  }

  /** Ids of passages that were reported closed while the vehicle is still in view. */
  get standingIds(): string[] {
    const closed = [...new Set(this.#passageOf.values())].filter(({ told }) => told === 'closed');
    return closed.map(({ id }) => id);
  }

  /** Whether anything in view may be a vehicle that is still to be read or that may drive off. */
  get isFollowing(): boolean {
    return this.#pinning().length > 0;
  }

  snapshot(): PassagesSnapshot {
    const { read, unreadable, rejoined, ...noise } = this.#counts;
    return { open: new Set(this.#passageOf.values()).size, read, unreadable, noise, rejoined };
  }

  #begin(track: Track): OpenPassage {
    const { cameraId, tools, calibration, config, newId } = this.#options;
    const passage = new OpenPassage({
      id: (newId ?? uuidv7)(),
      cameraId,
      tools,
      ...(calibration && { calibration }),
      patchCap: {
        mostBytes: config.platePatchMostBytes,
        mostWidthPx: config.platePatchMostWidthPx,
        mostHeightPx: config.platePatchMostHeightPx,
      },
      overviewCap: {
        mostBytes: config.overviewMostBytes,
        mostWidthPx: config.overviewMostWidthPx,
        mostHeightPx: Number.MAX_SAFE_INTEGER,
      },
    });
    this.#passageOf.set(track, passage);
    return passage;
  }

  /** Nothing has been said of it yet and another turns out to be the same vehicle: they become one. */
  #joinIfKnown(passage: OpenPassage, ended: boolean): boolean {
    if (passage.told !== 'nothing') return false;
    const others = [...new Set(this.#passageOf.values()), ...this.#gone];
    const other = others.find(
      (each) => each !== passage && isSameVehicle(passage, each, this.#rejoin, ended),
    );
    if (other === undefined) return false;
    other.absorb(passage);
    for (const track of passage.tracks) this.#passageOf.set(track, other);
    if (passage.tracks.size > 0) this.#gone = this.#gone.filter((each) => each !== other);
    this.#counts.rejoined++;
    return true;
  }

  /** What an open passage has to say now. */
  #tell(passage: OpenPassage): Passage[] {
    const { config } = this.#options;
    const { read } = passage.reading;
    if (passage.told === 'closed') return [];
    const sure = read !== undefined && read.probability >= config.settleProbability;
    const { motion, reading } = passage;
    const verdict = judge({ motion, reading, frameHeightPx: this.#frameHeightPx, ended: false });
    const standsLong = motion.standingMs >= config.reportStandingAfterSeconds * 1000;
    // What would count as noise may still turn out to be a vehicle by driving off.
    if (standsLong && verdict === 'vehicle' && this.#noise(passage) === undefined)
      return this.#close(passage);
    if (
      passage.told === 'nothing' &&
      sure &&
      reading.unchanged >= config.settleFrames &&
      verdict === 'vehicle'
    ) {
      if (!motion.travelled && this.#places.isKnown(motion.last.box, read.matchKey)) return [];
      return [passage.report('settled', { kind: 'read', read })];
    }
    return [];
  }

  #end(lost: readonly Track[], nowMonoMs: number): Passage[] {
    const reports: Passage[] = [];
    for (const track of lost) {
      const passage = this.#passageOf.get(track);
      this.#passageOf.delete(track);
      passage?.tracks.delete(track);
      if (passage === undefined || passage.tracks.size > 0) continue;
      this.#replayStart.ended(passage);
      if (this.#joinIfKnown(passage, true)) continue;
      if (passage.told !== 'closed') reports.push(...this.#close(passage));
      if (!passage.noise) this.#gone.push(passage);
    }
    this.#gone = this.#gone.filter(
      ({ motion }) => nowMonoMs - motion.last.monoMs <= this.#rejoin.standingWithinMs,
    );
    return reports;
  }

  /** Says the last there is to say of a passage, or counts why there is nothing to say. */
  #close(passage: OpenPassage): Passage[] {
    const { motion, reading } = passage;
    const outcome = outcomeOf(reading, this.#options);
    if (passage.told === 'nothing') {
      const noise = this.#noise(passage);
      if (noise !== undefined) {
        passage.endAsNoise();
        this.#counts[noise]++;
        if (noise === 'static') this.#rememberStatic(passage);
        return [];
      }
    }
    // What has settled had a read: should later frames have unsettled it, the read still stands.
    const settled = passage.told === 'settled' && outcome.kind !== 'read';
    const final = settled && reading.read ? { kind: 'read' as const, read: reading.read } : outcome;
    if (!motion.travelled) this.#places.remember(motion.last.box, reading.read?.matchKey);
    this.#counts[final.kind]++;
    return [passage.report('closed', final)];
  }

  #rememberStatic({ motion, reading }: OpenPassage): void {
    const { box } = motion.last;
    if (!this.#places.isKnown(box, reading.read?.matchKey)) this.#places.remember(box, undefined);
  }

  /** Why it would count as no passage, were it to end now. */
  #noise(passage: OpenPassage): 'brief' | 'static' | 'faint' | undefined {
    const { config } = this.#options;
    const { motion, reading } = passage;
    const verdict = judge({ motion, reading, frameHeightPx: this.#frameHeightPx, ended: true });
    if (verdict === 'static') return 'static';
    if (!motion.travelled && this.#places.isKnown(motion.last.box, reading.read?.matchKey)) return 'static';
    const probability = reading.read?.probability ?? 0;
    if (passage.frameCount < config.minimumFrames && probability < config.settleProbability) return 'brief';
    if (outcomeOf(reading, this.#options).kind === 'read') return undefined;
    return isCredible(passage) ? undefined : 'faint';
  }

  /** First frames of the passages that a replay has to see from their beginning. */
  #pinning(): OpenPassage[] {
    return [...new Set(this.#passageOf.values())].filter(
      ({ told, motion }) => told !== 'closed' && (motion.travelled || motion.ageMs < MAY_BE_STILL_MS),
    );
  }
}

/** What has not moved for so long after it appeared is replayed from anywhere. */
const MAY_BE_STILL_MS = 2_000;
/** A vehicle that stood when it was hidden is waited for this long in its place. */
const STANDING_REJOIN_MS = 60_000;
