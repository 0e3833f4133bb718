import { passagesSchema, platesSchema } from '../../../src/config/schema.js';
import type { Frame } from '../../../src/domain/frame.js';
import { boundingBox, iou, plateSize, type Quad } from '../../../src/domain/geometry.js';
import type { Observation } from '../../../src/domain/observation.js';
import type { Passage } from '../../../src/domain/passage.js';
import { foldVrm, type MatchKey } from '../../../src/domain/vrm.js';
import { Passages } from '../../../src/passages/passages.js';
import type { ReadFrame } from '../../../src/passages/reading.js';
import { glimpse } from '../../../src/passages/text.js';
import type { Recogniser } from '../../../src/plates/recogniser.js';
import { FRAMES_A_PASSAGE, type RenderedPassage } from './rendered-passage.js';

/** What the product saw of a rendered passage. */
export interface SeenPassage {
  /** What its plate says, folded. */
  readonly truth: MatchKey;
  /** In the order of time; undefined where the plate was not found. */
  readonly frames: readonly (ReadFrame | undefined)[];
  /** What the whole way reported in the end: one closed report, if all is well. */
  readonly closed: readonly Passage[];
}

/** 2 March 2026: after every mark that the renderer gives was issued. */
const SEEN_AT_MS = Date.UTC(2026, 2, 2);
const SAME_PLATE_IOU = 0.3;

/**
 * Takes the frames of a passage through detector and reader, and through the tracker as the vision
 * process does, but for second looks at doubtful plates: what fusing gives is measured here. Each
 * frame is detected and read once, whoever asks for it.
 */
export async function readPassage(recogniser: Recogniser, passage: RenderedPassage): Promise<SeenPassage> {
  const plates = platesSchema.parse({});
  const passages = new Passages({
    cameraId: 'cam-1',
    config: passagesSchema.parse({}),
    readProbability: plates.readThreshold,
    minimumPlateHeightPx: plates.minimumPlateHeightPx,
    mostReadsPerFrame: plates.mostReadsPerFrame,
    calibration: recogniser.calibration,
    // Nobody looks at these pictures.
    tools: {
      encodeJpeg: () => new Uint8Array(1),
      resizeGrey: (_, widthPx, heightPx) => ({
        pixels: new Uint8Array(widthPx * heightPx),
        widthPx,
        heightPx,
      }),
    },
  });
  await watchEmptyRoad(recogniser, passages, passage);
  const frames: (ReadFrame | undefined)[] = [];
  const reports: Passage[] = [];
  for (let index = 0; index < FRAMES_A_PASSAGE; index++) {
    const { picture, quad, atS } = passage.frame(index);
    const frame: Frame = {
      ...picture,
      index,
      capturedAtMs: SEEN_AT_MS + 1000 * atS,
      capturedMonoMs: 1000 * atS,
    };
    const observations = await recogniser.read(frame, await recogniser.detect(frame));
    frames.push(frameOf(observations, quad));
    const chosen = new Set(
      passages.chooseReads(
        frame,
        observations.map((each) => each.quad),
      ),
    );
    reports.push(
      ...passages.observe(
        frame,
        observations.map((each, place) => (chosen.has(place) ? each : withoutRead(each))),
      ),
    );
  }
  reports.push(...passages.flush());
  return {
    truth: foldVrm(passage.vrm),
    frames,
    closed: reports.filter(({ phase }) => phase === 'closed'),
  };
}

/**
 * A camera has seen its road for a while when a vehicle comes, and knows the signs beside it. One
 * look serves for all of the while.
 */
async function watchEmptyRoad(
  recogniser: Recogniser,
  passages: Passages,
  passage: RenderedPassage,
): Promise<void> {
  const picture = passage.emptyRoad();
  const look: Frame = { ...picture, index: 0, capturedAtMs: SEEN_AT_MS, capturedMonoMs: 0 };
  const observations = await recogniser.read(look, await recogniser.detect(look));
  for (let index = -WATCHED_FRAMES; index < 0; index++) {
    const time = { capturedAtMs: SEEN_AT_MS + 100 * index, capturedMonoMs: 100 * index };
    passages.observe(
      { ...look, ...time, index },
      observations.map((observation) => ({ ...observation, ...time, frameIndex: index })),
    );
  }
}

const WATCHED_FRAMES = 30;

/** The read of the plate that lies where it was drawn. */
function frameOf(observations: readonly Observation[], drawn: Quad): ReadFrame | undefined {
  const box = boundingBox(drawn);
  const found = observations
    .map((observation) => ({ observation, overlap: iou(boundingBox(observation.quad), box) }))
    .filter(({ overlap }) => overlap >= SAME_PLATE_IOU)
    .sort((a, b) => b.overlap - a.overlap)[0]?.observation;
  if (found?.lattice === undefined || found.sharpness === undefined) return undefined;
  return {
    monoMs: found.capturedMonoMs,
    capturedAtMs: found.capturedAtMs,
    lattice: found.lattice,
    glimpse: glimpse(found.lattice),
    heightPx: plateSize(found.quad).heightPx,
    sharpness: found.sharpness,
  };
}

function withoutRead({ lattice: _, sharpness: __, ...found }: Observation): Observation {
  return found;
}
