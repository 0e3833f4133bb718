import type { FrameSource } from '../capture/frame-source.js';
import type { MotionGate } from '../capture/motion-gate.js';
import type { Frame } from '../domain/frame.js';
import type { Observation } from '../domain/observation.js';
import type { ExposureLook, PictureLook, PlateLook } from '../domain/optics.js';
import type { Passage } from '../domain/passage.js';
import type { Clock } from '../lib/clock.js';
import type { Optics } from '../optics/optics.js';
import type { Passages } from '../passages/passages.js';
import type { Recogniser } from '../plates/recogniser.js';
import { FrameLimit } from './frame-limit.js';
import type { VisionProgress } from './protocol.js';

export interface CameraLoopOptions {
  /** Gives frames until it is closed or a recording ends; reopens by itself whatever goes wrong. */
  readonly source: FrameSource;
  readonly recogniser: Pick<Recogniser, 'detect' | 'read' | 'lookAgain' | 'snapshot'>;
  readonly passages: Passages;
  readonly gate: MotionGate;
  readonly optics: Optics;
  readonly exposure: {
    /** Told of every frame that went through, and of the plates read in it. */
    frame(picture: PictureLook, plates: readonly PlateLook[]): void;
    readonly look: ExposureLook;
  };
  readonly clock: Clock;
  /** A camera whose frames are stamped with this machine's monotonic clock, unlike a recording's. */
  readonly isLive: boolean;
  /** Plates of a frame that may be looked at again. */
  readonly mostSecondLooks: number;
  readonly onPassage: (passage: Passage) => void;
  readonly onProgress: (progress: VisionProgress) => void;
  /** Resolves when another frame may be taken in: not while reports wait to be committed. */
  readonly room: () => Promise<void>;
}

/** Beats are for a deadline of seconds: more often would only cost. */
const BEAT_EVERY_MS = 100;
/** A limit may ask for longer waits than a process may be silent. */
const LONGEST_WAIT_MS = 400;

/** Frame by frame: detect, choose what to read, read, and follow; until the source ends or is closed. */
export class CameraLoop {
  readonly #options: CameraLoopOptions;
  #framesProcessed = 0;
  #framesLimited = 0;
  #framesWithoutMotion = 0;
  readonly #limit = new FrameLimit();
  #lastBeatMonoMs = -Infinity;
  #stopping = false;

  constructor(options: CameraLoopOptions) {
    this.#options = options;
  }

  /** Runs until there are no more frames, then reports all that is open. */
  async run(resumeFromFrame: number): Promise<void> {
    const { source, passages, gate, optics, exposure, room } = this.#options;
    await source.open(resumeFromFrame);
    while (!this.#stopping) {
      await room();
      await this.#waitForLimit();
      const frame = await source.next();
      if (frame === undefined) break;
      if (this.#isLeftOut(frame)) continue;
      const isWorthLooking = gate.isWorthLooking(frame, passages.isFollowing);
      const plates = isWorthLooking ? await this.#recognise(frame) : [];
      this.#report(passages.observe(frame, plates));
      exposure.frame(
        optics.frame(frame),
        plates.flatMap(({ look }) => look ?? []),
      );
      this.#framesProcessed++;
      if (!isWorthLooking) this.#framesWithoutMotion++;
      this.#beat(false);
    }
    this.#report(passages.flush());
    this.#beat(true);
  }

  /** Ends `run` after the frame at hand. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#options.source.close();
  }

  /** Takes in no more frames a second than this from now on; undefined: all. */
  limit(framesPerSecond: number | undefined): void {
    this.#limit.set(framesPerSecond);
  }

  /** To be called while the source has no frame: vehicles that have gone are closed all the same. */
  waiting(): void {
    const { passages, isLive, clock } = this.#options;
    if (isLive) this.#report(passages.advance(clock.monoMs()));
    this.#beat(true);
  }

  /** A recording waits: as a file of whatever pace it loses nothing that it would not lose anyway. */
  async #waitForLimit(): Promise<void> {
    const { clock, isLive } = this.#options;
    if (isLive) return;
    for (;;) {
      const waitMs = this.#limit.waitMs(clock.monoMs());
      if (waitMs === 0 || this.#stopping) break;
      await clock.sleep(Math.min(waitMs, LONGEST_WAIT_MS));
      this.#beat(false);
    }
    this.#limit.taken(clock.monoMs());
  }

  /** A camera's frames are taken off its queue all the same, so that the next one is a new one. */
  #isLeftOut(frame: Frame): boolean {
    if (!this.#options.isLive) return false;
    if (this.#limit.waitMs(frame.capturedMonoMs) > 0) {
      this.#framesLimited++;
      this.#beat(false);
      return true;
    }
    this.#limit.taken(frame.capturedMonoMs);
    return false;
  }

  async #recognise(frame: Frame): Promise<Observation[]> {
    const { recogniser, passages, optics, mostSecondLooks } = this.#options;
    const detections = await recogniser.detect(frame);
    const quads = detections.map(({ quad }) => quad);
    const chosen = passages.chooseReads(frame, quads);
    const reads =
      chosen.length === 0
        ? []
        : await recogniser.read(
            frame,
            chosen.map((index) => detections[index] as (typeof detections)[number]),
          );
    const doubtful = mostSecondLooks === 0 ? [] : passages.chooseSecondLooks(frame, quads);
    const again = chosen.flatMap((index, place) => (doubtful.includes(index) ? [place] : []));
    if (again.length > 0) {
      const closer = await recogniser.lookAgain(
        frame,
        again.map((place) => reads[place] as Observation),
        mostSecondLooks,
      );
      again.forEach((place, index) => {
        reads[place] = closer[index] as Observation;
      });
    }
    const readOf = new Map(chosen.map((index, place) => [index, optics.plate(reads[place] as Observation)]));
    return detections.map(
      ({ quad, score }, index) =>
        readOf.get(index) ?? {
          frameIndex: frame.index,
          capturedAtMs: frame.capturedAtMs,
          capturedMonoMs: frame.capturedMonoMs,
          quad,
          detectionScore: score,
        },
    );
  }

  #report(passages: readonly Passage[]): void {
    const { optics, clock, onPassage } = this.#options;
    for (const passage of passages) {
      if (passage.phase === 'closed') optics.vehicle(passage, clock.monoMs());
      onPassage(passage);
    }
  }

  #beat(now: boolean): void {
    const { clock, source, recogniser, passages, optics, exposure, onProgress } = this.#options;
    const monoMs = clock.monoMs();
    if (!now && monoMs - this.#lastBeatMonoMs < BEAT_EVERY_MS) return;
    this.#lastBeatMonoMs = monoMs;
    const { detectMs, readMs } = recogniser.snapshot();
    const { open, noise } = passages.snapshot();
    onProgress({
      framesProcessed: this.#framesProcessed,
      framesDropped: source.framesDropped,
      framesLimited: this.#framesLimited,
      framesWithoutMotion: this.#framesWithoutMotion,
      resumeFromFrame: passages.resumeFromFrame,
      openPassages: open,
      standingIds: passages.standingIds,
      noise: noise.brief + noise.static + noise.faint,
      detectMs,
      readMs,
      optics: optics.look(exposure.look),
    });
  }
}
