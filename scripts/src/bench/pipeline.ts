import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createSource } from '../../../src/capture/create-source.js';
import { encodeJpeg, resizeGrey } from '../../../src/capture/picture.js';
import { configSchema } from '../../../src/config/schema.js';
import type { Frame } from '../../../src/domain/frame.js';
import { systemClock } from '../../../src/lib/clock.js';
import { packageRoot } from '../../../src/lib/package-root.js';
import { Optics } from '../../../src/optics/optics.js';
import { ViewWatch } from '../../../src/optics/view-watch.js';
import { Passages } from '../../../src/passages/passages.js';
import { loadModels } from '../../../src/plates/models.js';
import { Recogniser } from '../../../src/plates/recogniser.js';
import { openSession, runInto } from '../../../src/plates/session.js';
import { RENDERER_VERSION, renderClip } from '../clip/render-clip.js';
import { planTraffic } from '../clip/traffic.js';
import { type AreaReport, describeMachine, type Figure } from './report.js';

/**
 * The way of a 720p frame through the vision process, stage by stage, against bare inference: the
 * same models on ready tensors, as often as they were run, in the same process. What the ratio has
 * above 1 is the price of everything around the models. CPU time of the process, so that a busy
 * machine changes it little; frames a second are by the wall clock, for one camera on one thread.
 */
const SEED = 'bench';
const VEHICLES = 6;
const WARM_UP_FRAMES = 20;

interface Spent {
  decodeMs: number;
  detectMs: number;
  readMs: number;
  opticsMs: number;
  passagesMs: number;
}

export async function benchPipeline(say: (line: string) => void): Promise<AreaReport> {
  const path = await clip(say);
  const {
    plates,
    passages: passagesConfig,
    cameras,
  } = configSchema.parse({
    cameras: [{ source: { kind: 'file', path, pace: 'fast' } }],
  });
  const camera = cameras[0] as (typeof cameras)[number];
  const source = createSource(camera.source, {
    clock: systemClock,
    silentAfterMs: 5_000,
    onWarning: (warning) => say(warning.message),
    onStuck: () => undefined,
  });
  const recogniser = new Recogniser({ config: plates });
  await recogniser.start();
  const passages = new Passages({
    cameraId: camera.id,
    config: passagesConfig,
    readProbability: plates.readThreshold,
    minimumPlateHeightPx: plates.minimumPlateHeightPx,
    mostReadsPerFrame: plates.mostReadsPerFrame,
    tools: { encodeJpeg, resizeGrey },
  });

  say('running the pipeline');
  await source.open(0);
  const optics = new Optics({ view: new ViewWatch({ onViews: () => undefined }) });
  const spent: Spent = { decodeMs: 0, detectMs: 0, readMs: 0, opticsMs: 0, passagesMs: 0 };
  const batches: number[] = [];
  let frames = 0;
  let wallMs = 0;
  let frame: Frame | undefined;
  for (let index = 0; ; index++) {
    const isCounted = index >= WARM_UP_FRAMES;
    const add = (stage: keyof Spent, ms: number) => {
      if (isCounted) spent[stage] += ms;
    };
    const beganMs = performance.now();
    let mark = cpuMs();
    const lap = (stage: keyof Spent) => {
      const now = cpuMs();
      add(stage, now - mark);
      mark = now;
    };
    frame = await source.next();
    if (frame === undefined) break;
    lap('decodeMs');
    const detections = await recogniser.detect(frame);
    lap('detectMs');
    const quads = detections.map(({ quad }) => quad);
    const chosen = passages.chooseReads(frame, quads);
    lap('passagesMs');
    const read = await recogniser.read(
      frame,
      chosen.map((place) => detections[place] as (typeof detections)[number]),
    );
    lap('readMs');
    const measured = read.map((observation) => optics.plate(observation));
    optics.frame(frame);
    lap('opticsMs');
    const readOf = new Map(chosen.map((place, order) => [place, measured[order]]));
    const { index: frameIndex, capturedAtMs, capturedMonoMs } = frame;
    passages.observe(
      frame,
      detections.map(
        ({ quad, score }, place) =>
          readOf.get(place) ?? { frameIndex, capturedAtMs, capturedMonoMs, quad, detectionScore: score },
      ),
    );
    lap('passagesMs');
    if (!isCounted) continue;
    frames++;
    wallMs += performance.now() - beganMs;
    if (chosen.length > 0) batches.push(chosen.length);
  }
  const residentMegabytes = process.memoryUsage().rss / 1e6;
  await source.close();
  await recogniser.stop();

  say('running the models alone');
  const bareMs = await bareInferenceMs(plates.modelsFolder, plates.detectorWidthPx, frames, batches);
  const perFrame = (ms: number) => ms / frames;
  const totalMs = Object.values(spent).reduce((sum, each) => sum + each, 0);
  const ms = (value: number): Figure => ({ value: perFrame(value), unit: 'ms a frame' });
  return {
    area: 'pipeline',
    machine: describeMachine(),
    figures: {
      decode: ms(spent.decodeMs),
      detect: ms(spent.detectMs),
      read: ms(spent.readMs),
      optics: ms(spent.opticsMs),
      passages: ms(spent.passagesMs),
      whole: ms(totalMs),
      'bare inference': ms(bareMs),
      'detect and read against bare inference': {
        value: (spent.detectMs + spent.readMs) / bareMs,
        unit: 'times',
        bar: { is: 'at most', value: 1.5 },
      },
      'whole against bare inference': {
        value: totalMs / bareMs,
        unit: 'times',
        bar: { is: 'at most', value: 2.5 },
      },
      'plates read': { value: batches.reduce((sum, count) => sum + count, 0) / frames, unit: 'a frame' },
      'frames of 720p': { value: (frames * 1000) / wallMs, unit: 'a second' },
      'resident memory': { value: residentMegabytes, unit: 'MB', bar: { is: 'at most', value: 500 } },
    },
  };
}

async function clip(say: (line: string) => void): Promise<string> {
  const folder = join(packageRoot(import.meta.dirname), '.run');
  const path = join(folder, `bench-${RENDERER_VERSION}.avi`);
  if (existsSync(path)) return path;
  say('rendering a clip');
  await mkdir(folder, { recursive: true });
  await renderClip(path, { seed: SEED, vehicles: planTraffic(SEED, VEHICLES) });
  return path;
}

/** CPU time of the detector once a frame and of the reader once a batch, on tensors that are ready. */
async function bareInferenceMs(
  modelsFolder: string,
  widthPx: number,
  frames: number,
  batches: readonly number[],
): Promise<number> {
  const { detector, reader } = await loadModels(modelsFolder);
  const { input, outputs, stride } = detector.specification;
  const find = await openSession(detector, { input: input.name, outputs }, 1);
  const heightPx = Math.ceil((widthPx * 9) / 16 / input.sizeMultiple) * input.sizeMultiple;
  const cells = (heightPx / stride) * (widthPx / stride);
  const shape = [heightPx / stride, widthPx / stride];
  const findFeeds = {
    [input.name]: new find.Tensor('uint8', new Uint8Array(widthPx * heightPx).fill(60), [
      1,
      1,
      heightPx,
      widthPx,
    ]),
  };
  const findFetches = {
    heat: new find.Tensor('float32', new Float32Array(cells), [1, 1, ...shape]),
    corners: new find.Tensor('float32', new Float32Array(8 * cells), [1, 8, ...shape]),
  };
  const specification = reader.specification;
  const spell = await openSession(
    reader,
    { input: specification.input.name, outputs: [specification.output] },
    1,
  );
  const cropBytes = specification.input.widthPx * specification.input.heightPx;
  const logitsEach = specification.rows * specification.steps * (specification.charset.length + 1);
  const spellFor = (count: number) => ({
    feeds: {
      [specification.input.name]: new spell.Tensor('uint8', new Uint8Array(count * cropBytes).fill(60), [
        count,
        1,
        specification.input.heightPx,
        specification.input.widthPx,
      ]),
    },
    fetches: {
      [specification.output]: new spell.Tensor('float32', new Float32Array(count * logitsEach), [
        count,
        specification.rows,
        specification.steps,
        specification.charset.length + 1,
      ]),
    },
  });
  const prepared = new Map([...new Set(batches)].map((count) => [count, spellFor(count)]));
  for (let i = 0; i < WARM_UP_FRAMES; i++) await runInto(find, detector, findFeeds, findFetches);
  const began = cpuMs();
  for (let i = 0; i < frames; i++) await runInto(find, detector, findFeeds, findFetches);
  for (const count of batches) {
    const { feeds, fetches } = prepared.get(count) as ReturnType<typeof spellFor>;
    await runInto(spell, reader, feeds, fetches);
  }
  return cpuMs() - began;
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
