import { platesSchema } from '../../../src/config/schema.js';
import type { Frame } from '../../../src/domain/frame.js';
import { plateSize, type Quad } from '../../../src/domain/geometry.js';
import type { Observation } from '../../../src/domain/observation.js';
import type { PlateRead } from '../../../src/domain/read.js';
import { foldVrm, type MatchKey } from '../../../src/domain/vrm.js';
import { Reading } from '../../../src/passages/reading.js';
import { glimpse } from '../../../src/passages/text.js';
import { Recogniser } from '../../../src/plates/recogniser.js';
import { seededRandom } from '../clip/random.js';
import { isOn, moved } from '../reading/measure.js';
import { assemble, mosaicFor } from '../reading/mosaic.js';
import { drawPlateScene } from '../reading/plate-scene.js';
import { atMoment, type Trouble, type TroubledPlate, troubledPlate } from './conditions.js';

/** What the device read on a drawn plate, and what stands there. */
export interface DrawnRead {
  /** Folded. */
  readonly truth: MatchKey;
  readonly trouble: Trouble;
  /** Frames that were fused; of one alone, the second look is part of it. */
  readonly frames: number;
  readonly read: PlateRead;
  /** As probable as a read must be to leave the device: others are matched with nothing. */
  readonly isReported: boolean;
}

/** Frames that a vehicle is seen in: at a glance, or passing by. Dealt out in turn, mosaic by mosaic. */
const FRAME_COUNTS = [1, 3] as const;
/** 2 March 2026: every mark that is drawn was issued by then. */
const SEEN_AT_MS = Date.UTC(2026, 2, 2);
const FRAME_EVERY_MS = 80;
const MOSAIC = mosaicFor(20);
const PLATES_A_MOSAIC = MOSAIC.columns * MOSAIC.rows;

/**
 * Draws vehicles as they come by and reads them with the shipped models in the default
 * configuration: detector, reader, second look, fusion, calibration. A plate that is not found, or
 * on which nothing is read, gives nothing.
 * @param count vehicles. The same seed gives the same reads with the same models.
 * @param modelsFolder of other models than the shipped ones.
 * @throws DeviceError models.*, addon.missing
 */
export async function* drawnReads(
  seed: string,
  count: number,
  modelsFolder?: string,
): AsyncGenerator<DrawnRead> {
  const config = platesSchema.parse(modelsFolder === undefined ? {} : { modelsFolder });
  const recogniser = new Recogniser({
    config: { ...config, mostReadsPerFrame: PLATES_A_MOSAIC, secondLooksPerFrame: PLATES_A_MOSAIC },
  });
  await recogniser.start();
  try {
    for (let first = 0; first < count; first += PLATES_A_MOSAIC) {
      const vehicles = Array.from({ length: Math.min(PLATES_A_MOSAIC, count - first) }, (_, index) =>
        troubledPlate(seededRandom(`${seed}/vehicle ${first + index}`)),
      );
      const frames = FRAME_COUNTS[(first / PLATES_A_MOSAIC) % FRAME_COUNTS.length] as number;
      const readings = vehicles.map(() => new Reading(recogniser.calibration));
      for (let moment = 0; moment < frames; moment++) {
        const seen = await observe(recogniser, `${seed}/${first}`, vehicles, moment, frames === 1);
        seen.forEach((observation, index) => {
          if (observation !== undefined) addTo(readings[index] as Reading, observation);
        });
      }
      for (const [index, { plate, trouble }] of vehicles.entries()) {
        const { read } = readings[index] as Reading;
        if (read === undefined) continue;
        const isReported = read.probability >= config.readThreshold;
        yield { truth: foldVrm(plate.mark.vrm), trouble, frames, read, isReported };
      }
    }
  } finally {
    await recogniser.stop();
  }
}

/** What is found of each vehicle at one moment. */
async function observe(
  recogniser: Recogniser,
  seed: string,
  vehicles: readonly TroubledPlate[],
  moment: number,
  looksAgain: boolean,
): Promise<(Observation | undefined)[]> {
  const scenes = vehicles.map((vehicle, index) => {
    const place = `${seed}/${index}`;
    const plate = atMoment(vehicle, moment, seededRandom(`${place}/moment ${moment}`));
    return drawPlateScene(plate, MOSAIC, place, moment);
  });
  const frame: Frame = {
    ...assemble(
      MOSAIC,
      scenes.map(({ picture }) => picture),
    ),
    index: moment,
    capturedAtMs: SEEN_AT_MS + FRAME_EVERY_MS * moment,
    capturedMonoMs: FRAME_EVERY_MS * moment,
  };
  const first = await recogniser.read(frame, await recogniser.detect(frame));
  const found = looksAgain ? await recogniser.lookAgain(frame, first, PLATES_A_MOSAIC) : first;
  const quads = scenes.map(({ quad }, index): Quad => moved(quad, MOSAIC, index));
  return quads.map((quad) =>
    found.find((observation) => observation.lattice !== undefined && isOn(quad, observation.quad)),
  );
}

function addTo(reading: Reading, { quad, lattice, sharpness, ...when }: Observation): void {
  if (lattice === undefined || sharpness === undefined) return;
  reading.add({
    monoMs: when.capturedMonoMs,
    capturedAtMs: when.capturedAtMs,
    lattice,
    glimpse: glimpse(lattice),
    heightPx: plateSize(quad).heightPx,
    sharpness,
  });
}
