import type { PlatesConfig } from '../config/schema.js';
import type { Calibration } from '../domain/calibration.js';
import type { Frame } from '../domain/frame.js';
import { plateSize } from '../domain/geometry.js';
import type { Observation } from '../domain/observation.js';
import { systemClock } from '../lib/clock.js';
import type { Logger } from '../lib/log.js';
import type { Detection } from './decode.js';
import { Detector } from './detector.js';
import { loadModels } from './models.js';
import { isWhole } from './quad.js';
import { type PlateReading, Reader } from './reader.js';
import { CLOSE_UP, CLOSE_UP_THRESHOLD, isDoubtful, lookAgain, TURNS } from './second-look.js';

export interface RecogniserOptions {
  readonly config: PlatesConfig;
  readonly logger?: Logger;
  /** Monotonic milliseconds, for the sums in `snapshot`. */
  readonly monoMs?: () => number;
}

/** Sums since the start; the mean is a division away. */
export interface RecogniserSnapshot {
  readonly framesDetected: number;
  readonly platesFound: number;
  readonly platesRead: number;
  readonly secondLooks: number;
  readonly detectMs: number;
  readonly readMs: number;
}

interface Stages {
  readonly detector: Detector;
  /** The same model, for what is looked at from near by. */
  readonly closeUp: Detector;
  readonly reader: Reader;
  readonly calibration: Calibration;
}

/**
 * Frame -> observations. Detecting and reading are apart, so that passages can decide which plates
 * of a frame are worth reading.
 */
export class Recogniser {
  readonly #config: PlatesConfig;
  readonly #logger: Logger | undefined;
  readonly #monoMs: () => number;
  #stages: Stages | undefined;
  #framesDetected = 0;
  #platesFound = 0;
  #platesRead = 0;
  #secondLooks = 0;
  #detectMs = 0;
  #readMs = 0;

  constructor({ config, logger, monoMs }: RecogniserOptions) {
    this.#config = config;
    this.#logger = logger;
    this.#monoMs = monoMs ?? systemClock.monoMs;
  }

  /**
   * Loads both models and runs each once.
   * @throws DeviceError models.*, addon.missing
   */
  async start(): Promise<void> {
    const { modelsFolder, threads, detectorWidthPx, detectionThreshold, mostReadsPerFrame } = this.#config;
    const models = await loadModels(modelsFolder);
    const stages: Stages = {
      detector: new Detector({
        model: models.detector,
        threads,
        widthPx: detectorWidthPx,
        threshold: detectionThreshold,
      }),
      closeUp: new Detector({
        model: models.detector,
        threads,
        widthPx: CLOSE_UP.widthPx,
        threshold: CLOSE_UP_THRESHOLD,
      }),
      reader: new Reader({
        model: models.reader,
        threads,
        batchSize: Math.max(mostReadsPerFrame, TURNS.length),
      }),
      calibration: models.calibration,
    };
    try {
      await stages.detector.start();
      await stages.closeUp.start();
      await stages.reader.start();
    } catch (error) {
      await stopAll(stages);
      throw error;
    }
    this.#stages = stages;
    this.#logger?.info(
      {
        detector: models.detector.specification.sha256.slice(0, 12),
        reader: models.reader.specification.sha256.slice(0, 12),
      },
      'plate models loaded',
    );
  }

  /** Every plate in the frame, best first. */
  async detect(frame: Frame): Promise<Detection[]> {
    const startedMs = this.#monoMs();
    const detections = await this.#started().detector.detect(frame);
    this.#detectMs += this.#monoMs() - startedMs;
    this.#framesDetected++;
    this.#platesFound += detections.length;
    return detections;
  }

  /**
   * One observation a detection, in order. The largest plates are read, up to `mostReadsPerFrame`
   * and not below `minimumPlateHeightPx`; the others, and those that the frame's edge cuts off,
   * come back without a lattice.
   */
  async read(frame: Frame, detections: readonly Detection[]): Promise<Observation[]> {
    const startedMs = this.#monoMs();
    const { minimumPlateHeightPx, mostReadsPerFrame } = this.#config;
    const chosen = detections
      .map(({ quad }, index) => ({ quad, index, ...plateSize(quad) }))
      .filter(({ quad, heightPx }) => heightPx >= minimumPlateHeightPx && isWhole(quad, frame))
      .sort((a, b) => b.widthPx * b.heightPx - a.widthPx * a.heightPx)
      .slice(0, mostReadsPerFrame);
    const readings = await this.#started().reader.read(
      frame,
      chosen.map(({ quad }) => quad),
    );
    const readingOf = new Map(chosen.map(({ index }, place) => [index, readings[place]]));
    this.#readMs += this.#monoMs() - startedMs;
    this.#platesRead += chosen.length;
    return detections.map(({ quad, score }, index) => ({
      frameIndex: frame.index,
      capturedAtMs: frame.capturedAtMs,
      capturedMonoMs: frame.capturedMonoMs,
      quad,
      detectionScore: score,
      cutOff: !isWhole(quad, frame),
      ...readingOf.get(index),
    }));
  }

  /**
   * Looks closer at plates whose reading is doubtful, the largest first.
   * @param most plates that are looked at again.
   * @returns the observations in order; a reading is replaced only by a likelier one.
   */
  async lookAgain(frame: Frame, observations: readonly Observation[], most: number): Promise<Observation[]> {
    const startedMs = this.#monoMs();
    const chosen = observations
      .flatMap(({ quad, lattice, sharpness, crop }, index) =>
        lattice !== undefined && sharpness !== undefined && crop !== undefined && isDoubtful(lattice)
          ? [{ index, quad, first: { lattice, sharpness, crop }, ...plateSize(quad) }]
          : [],
      )
      .sort((a, b) => b.widthPx * b.heightPx - a.widthPx * a.heightPx)
      .slice(0, most);
    const { closeUp: detector, reader } = this.#started();
    const readingOf = new Map<number, PlateReading>();
    for (const { index, quad, first } of chosen) {
      readingOf.set(index, await lookAgain({ detector, reader }, frame, quad, first));
    }
    this.#readMs += this.#monoMs() - startedMs;
    this.#secondLooks += chosen.length;
    return observations.map((observation, index) => {
      const reading = readingOf.get(index);
      return reading === undefined ? observation : { ...observation, ...reading, lookedAgain: true };
    });
  }

  async stop(): Promise<void> {
    const stages = this.#stages;
    this.#stages = undefined;
    if (stages !== undefined) await stopAll(stages);
  }

  /** What the reader's scores are worth; known once it was started. */
  get calibration(): Calibration {
    return this.#started().calibration;
  }

  snapshot(): RecogniserSnapshot {
    return {
      framesDetected: this.#framesDetected,
      platesFound: this.#platesFound,
      platesRead: this.#platesRead,
      secondLooks: this.#secondLooks,
      detectMs: this.#detectMs,
      readMs: this.#readMs,
    };
  }

  #started() {
    if (this.#stages === undefined) throw new Error('the recogniser was not started');
    return this.#stages;
  }
}

async function stopAll({ detector, closeUp, reader }: Stages): Promise<void> {
  await detector.stop();
  await closeUp.stop();
  await reader.stop();
}
