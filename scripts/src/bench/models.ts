import { existsSync } from 'node:fs';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { encodeJpeg, loadGreyPicture } from '../../../src/capture/picture.js';
import { loadLabels } from '../../../src/cli/labels.js';
import { platesSchema } from '../../../src/config/schema.js';
import { foldVrm, parseVrm } from '../../../src/domain/vrm.js';
import { DeviceError } from '../../../src/lib/errors.js';
import { packageRoot } from '../../../src/lib/package-root.js';
import { fuse } from '../../../src/passages/fuse.js';
import { loadModels } from '../../../src/plates/models.js';
import { Recogniser } from '../../../src/plates/recogniser.js';
import { measurePeer } from './peer.js';
import { type AreaReport, describeMachine } from './report.js';

/**
 * Finding and reading in real grey pictures against a peer, on one thread each and in one run: CPU
 * time a picture (preparing the input included, decoding the picture not), and marks read right.
 * Both are judged leniently: any text of a picture may be the mark that is asked for.
 */
const MOST_PICTURES = 80;
const JPEG_QUALITY = 95;
const MEGABYTE = 1e6;

export async function benchModels(say: (line: string) => void): Promise<AreaReport> {
  const data = process.env.ANPRD_DATA ?? resolve(packageRoot(import.meta.dirname), '../shared/data');
  const folder = join(data, 'eval-uk');
  if (!existsSync(folder)) {
    throw new DeviceError('labels.invalid', {
      message: `there are no labelled pictures in ${folder}`,
      hint: 'Set ANPRD_DATA to the folder that holds eval-uk.',
    });
  }
  const labelled = (await loadLabels(folder))
    .filter(({ plates }) => plates.some(({ text }) => text !== undefined))
    .slice(0, MOST_PICTURES);
  const work = await mkdtemp(join(tmpdir(), 'anprd-bench-'));
  try {
    const config = platesSchema.parse({});
    const recogniser = new Recogniser({ config });
    await recogniser.start();
    say(`reading ${labelled.length} pictures`);
    let ownMs = 0;
    let ownRight = 0;
    const greyFiles: string[] = [];
    for (const [index, { file, plates }] of labelled.entries()) {
      const picture = await loadGreyPicture(join(folder, file));
      const greyFile = join(work, `${index}.jpg`);
      await writeFile(greyFile, encodeJpeg(picture, JPEG_QUALITY));
      greyFiles.push(greyFile);
      const frame = { ...picture, index, capturedAtMs: 0, capturedMonoMs: 0 };
      const began = cpuMs();
      const first = await recogniser.read(frame, await recogniser.detect(frame));
      const observations = await recogniser.lookAgain(frame, first, first.length);
      const reads = observations.map(({ lattice }) => lattice && fuse([{ lattice, weight: 1 }]));
      ownMs += cpuMs() - began;
      if (
        isAmong(
          plates,
          reads.flatMap((read) => (read === undefined ? [] : [read.vrm])),
        )
      )
        ownRight++;
    }
    await recogniser.stop();

    say('installing the peer, and reading with it');
    const peer = await measurePeer(greyFiles);
    const peerMs = peer.reduce((sum, { cpuMs: ms }) => sum + ms, 0);
    const peerRight = peer.filter(({ lines }, index) => isAmong(labelled[index]?.plates ?? [], lines)).length;

    const { detector, reader } = await loadModels(config.modelsFolder);
    const bytes = (await stat(detector.path)).size + (await stat(reader.path)).size;
    const count = labelled.length;
    return {
      area: 'models',
      machine: describeMachine(),
      figures: {
        pictures: { value: count, unit: 'pictures' },
        'anprd: CPU': { value: ownMs / count, unit: 'ms a picture' },
        'PP-OCRv4 mobile: CPU': { value: peerMs / count, unit: 'ms a picture' },
        'CPU against PP-OCRv4': {
          value: ownMs / peerMs,
          unit: 'times',
          bar: { is: 'at most', value: 1 / 15 },
        },
        'anprd: read right': { value: (100 * ownRight) / count, unit: '%' },
        'PP-OCRv4 mobile: read right, its texts as they are': { value: (100 * peerRight) / count, unit: '%' },
        'both models': { value: bytes / MEGABYTE, unit: 'MB', bar: { is: 'at most', value: 4 } },
      },
    };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function isAmong(
  plates: readonly { readonly text?: string | undefined }[],
  texts: readonly string[],
): boolean {
  const found = new Set(texts.flatMap((text) => keyOf(text) ?? []));
  return plates.some(({ text }) => text !== undefined && found.has(keyOf(text) ?? ''));
}

function keyOf(text: string): string | undefined {
  const vrm = parseVrm(text);
  return vrm && foldVrm(vrm);
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
