import { createHash } from 'node:crypto';
import { cp, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { platesSchema } from '../../src/config/schema.js';
import { UNCALIBRATED } from '../../src/domain/calibration.js';
import { NO_CONFUSIONS } from '../../src/domain/confusion.js';
import { DeviceError } from '../../src/lib/errors.js';
import { loadConfusions, resolveModelsFolder } from '../../src/plates/manifest.js';
import { loadModels } from '../../src/plates/models.js';
import { Recogniser } from '../../src/plates/recogniser.js';

/** The shipped models, and what becomes of the device when they are not what they should be. */
const SHIPPED = resolve(import.meta.dirname, '../../models');

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'anprd-models-'));
  for (const file of ['manifest.json', 'detector.onnx', 'reader.onnx'])
    await cp(join(SHIPPED, file), join(folder, file));
});
afterEach(() => rm(folder, { recursive: true }));

const start = async () => {
  const recogniser = new Recogniser({ config: platesSchema.parse({ modelsFolder: folder }) });
  await recogniser.start();
  await recogniser.stop();
};

/** Starts with the models as they are now, which must fail; gives what the operator is told. */
async function failure(): Promise<DeviceError> {
  const error = await start().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(DeviceError);
  expect((error as DeviceError).message).toContain(folder);
  expect((error as DeviceError).hint).toMatch(/models/);
  return error as DeviceError;
}

interface Manifest {
  detector: Record<string, unknown>;
  reader: Record<string, unknown>;
  calibration?: unknown;
  confusions?: unknown;
}

async function changeManifest(change: (manifest: Manifest) => void): Promise<void> {
  const path = join(folder, 'manifest.json');
  const manifest = JSON.parse(await readFile(path, 'utf8')) as Manifest;
  change(manifest);
  await writeFile(path, JSON.stringify(manifest));
}

/** Replaces a model, and tells the manifest. */
async function replaceModel(part: 'detector' | 'reader', bytes: Uint8Array): Promise<void> {
  await writeFile(join(folder, `${part}.onnx`), bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  await changeManifest((manifest) => Object.assign(manifest[part], { sha256, bytes: bytes.length }));
}

describe('the shipped models', () => {
  it('are whole, and run', async () => {
    const { detector, reader } = await loadModels(folder);
    expect(detector.onnx.length).toBe(detector.specification.bytes);
    expect(reader.onnx.length).toBe(reader.specification.bytes);
    await start();
  });

  it('are found from a relative folder, wherever the process was started', () => {
    expect(resolveModelsFolder('models')).toBe(SHIPPED);
    expect(resolveModelsFolder('/srv/models')).toBe('/srv/models');
  });
});

describe('a manifest', () => {
  it('that is missing is said so', async () => {
    await rm(join(folder, 'manifest.json'));
    expect(await failure()).toMatchObject({
      code: 'models.manifest-invalid',
      message: expect.stringMatching(/manifest\.json: ENOENT.*expected a JSON object/),
    });
  });

  it('that is cut short is said so', async () => {
    await truncate(join(folder, 'manifest.json'), 40);
    expect(await failure()).toMatchObject({ code: 'models.manifest-invalid' });
  });

  it('that lacks a part, or has it in another form, is refused with every fault', async () => {
    await changeManifest((manifest) => {
      manifest.detector.stride = 'eight';
      delete manifest.reader.steps;
    });
    const { code, message } = await failure();
    expect(code).toBe('models.manifest-invalid');
    expect(message).toMatch(/detector\.stride: .*number/);
    expect(message).toMatch(/reader\.steps: /);
  });

  it('of a reader with other characters is refused: it would read every plate wrong', async () => {
    await changeManifest((manifest) => Object.assign(manifest.reader, { charset: 'ABC' }));
    expect(await failure()).toMatchObject({
      code: 'models.manifest-invalid',
      message: expect.stringContaining('reader.charset: expected "0123456789ABC'),
    });
  });

  it('may say what the scores are worth; without that they are taken at their word', async () => {
    const calibration = {
      read: { slope: 0.9, bias: -0.4, noDigit: -1, noLetter: -1, short: -0.5 },
      character: { temperature: 1.2 },
    };
    await changeManifest((manifest) => Object.assign(manifest, { calibration }));
    expect((await loadModels(folder)).calibration).toEqual(calibration);
    await changeManifest((manifest) => {
      delete manifest.calibration;
    });
    expect((await loadModels(folder)).calibration).toEqual(UNCALIBRATED);
  });

  it('with a calibration that would turn probabilities round is refused', async () => {
    await changeManifest((manifest) =>
      Object.assign(manifest, { calibration: { read: { slope: -1, bias: 'none' }, character: {} } }),
    );
    const { code, message } = await failure();
    expect(code).toBe('models.manifest-invalid');
    expect(message).toMatch(/calibration\.read\.slope: .*calibration\.read\.bias: /);
    expect(message).toMatch(/calibration\.character\.temperature: /);
  });

  it('may say how the reader errs, and is asked for that without any model', async () => {
    const confusions = {
      substituted: { B: { 8: 0.004 } },
      lost: { 1: 0.003 },
      added: { 1: 0.001 },
      merged: { 11: { H: 0.002 } },
      counted: 70_000,
    };
    await rm(join(folder, 'reader.onnx'));
    await changeManifest((manifest) => Object.assign(manifest, { confusions }));
    expect(await loadConfusions(folder)).toEqual(confusions);
    await changeManifest((manifest) => {
      delete manifest.confusions;
    });
    expect(await loadConfusions(folder)).toEqual(NO_CONFUSIONS);
  });

  it('with confusions of what is no folded character, or no probability, is refused', async () => {
    const confusions = {
      substituted: { O: { D: 0.004 }, B: { 8: 4 } },
      lost: {},
      added: {},
      merged: { 111: { H: 0.002 } },
      counted: -1,
    };
    await changeManifest((manifest) => Object.assign(manifest, { confusions }));
    const { code, message } = await failure();
    expect(code).toBe('models.manifest-invalid');
    for (const at of ['substituted.O', 'substituted.B.8', 'merged.111', 'counted'])
      expect(message).toContain(`confusions.${at}: `);
  });

  it('cannot name a file outside its folder', async () => {
    await changeManifest((manifest) => Object.assign(manifest.reader, { file: '../reader.onnx' }));
    expect(await failure()).toMatchObject({ code: 'models.manifest-invalid' });
  });

  it('may say more than this version knows', async () => {
    await changeManifest((manifest) => Object.assign(manifest, { madeOn: 'a Tuesday' }));
    await start();
  });
});

describe('a model file', () => {
  it('of which a byte changed is refused', async () => {
    const path = join(folder, 'reader.onnx');
    const bytes = await readFile(path);
    const middle = bytes.length >> 1;
    bytes[middle] = (bytes[middle] as number) ^ 1;
    await writeFile(path, bytes);
    const { code, message } = await failure();
    expect(code).toBe('models.checksum-mismatch');
    expect(message).toMatch(
      /reader\.onnx .*as expected, but other ones; SHA-256 is [0-9a-f]{64}, expected [0-9a-f]{64}/,
    );
  });

  it('that was copied in part is refused with both sizes', async () => {
    await truncate(join(folder, 'detector.onnx'), 1000);
    expect(await failure()).toMatchObject({
      code: 'models.checksum-mismatch',
      message: expect.stringMatching(/detector\.onnx .*: 1000 bytes, expected \d+/),
    });
  });

  it('that is missing is said so', async () => {
    await rm(join(folder, 'reader.onnx'));
    expect(await failure()).toMatchObject({
      code: 'models.load-failed',
      message: expect.stringMatching(/reader\.onnx: ENOENT/),
    });
  });

  it('that is no model is refused', async () => {
    await replaceModel('reader', Buffer.from('this is no model'));
    expect(await failure()).toMatchObject({
      code: 'models.load-failed',
      message: expect.stringMatching(/cannot load .*reader\.onnx/),
    });
  });

  it('that is the other model is refused with the names of its inputs and outputs', async () => {
    await replaceModel('detector', await readFile(join(folder, 'reader.onnx')));
    expect(await failure()).toMatchObject({
      code: 'models.load-failed',
      message: expect.stringMatching(
        /has input crops and outputs logits, expected input image and outputs heat, corners/,
      ),
    });
  });

  it.each([
    ['steps', { steps: 20 }],
    ['rows', { rows: 1 }],
    ['crop size', { input: { name: 'crops', type: 'uint8', heightPx: 48, widthPx: 96 } }],
  ])('of another shape than the manifest says (%s) is refused', async (_, change) => {
    await changeManifest((manifest) => Object.assign(manifest.reader, change));
    expect(await failure()).toMatchObject({
      code: 'models.load-failed',
      message: expect.stringMatching(/reader\.onnx cannot be run as the manifest says/),
    });
  });

  it('whose stride is another than the manifest says is refused', async () => {
    await changeManifest((manifest) => Object.assign(manifest.detector, { stride: 16 }));
    expect(await failure()).toMatchObject({ code: 'models.load-failed' });
  });
});
