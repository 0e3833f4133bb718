import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { z } from 'zod';
import { type Calibration, UNCALIBRATED } from '../domain/calibration.js';
import { CHARSET } from '../domain/lattice.js';
import { DeviceError, messageOf } from '../lib/errors.js';
import { packageRoot } from '../lib/package-root.js';

/**
 * The trained models and their manifest.
 *
 * A model is its numbers and how they are to be used; the manifest keeps both together. A file
 * whose bytes are not those that were measured is refused: a half-copied model finds plates
 * nearly as well, and nobody would notice.
 */

const fileFields = {
  file: z.string().regex(/^[\w.-]+\.onnx$/, 'expected the name of an .onnx file beside the manifest'),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 hexadecimal digits'),
  bytes: z.number().int().positive(),
};

// Free-form members (licence, trainedOn, measured) and those of later versions are not ours to refuse.
const detectorSchema = z.object({
  ...fileFields,
  input: z.object({
    name: z.string(),
    type: z.literal('uint8'),
    channels: z.literal(1),
    sizeMultiple: z.number().int().positive(),
  }),
  outputs: z.tuple([z.literal('heat'), z.literal('corners')]),
  stride: z.number().int().positive(),
});

const readerSchema = z.object({
  ...fileFields,
  input: z.object({
    name: z.string(),
    type: z.literal('uint8'),
    heightPx: z.number().int().min(8).max(512),
    widthPx: z.number().int().min(8).max(2048),
  }),
  output: z.string(),
  charset: z.literal(CHARSET, `expected "${CHARSET}": this version of anprd knows no other characters`),
  rows: z.number().int().min(1).max(2),
  steps: z.number().int().min(1).max(400),
  cropMargin: z.object({ x: z.number().min(0).max(1), y: z.number().min(0).max(1) }),
  maxSubsamples: z.number().int().min(1).max(8),
});

/** Both models together: fitted on what they read, and of no use to others. */
const calibrationSchema = z.object({
  read: z.object({
    slope: z.number().positive(),
    bias: z.number(),
    noDigit: z.number(),
    noLetter: z.number(),
    short: z.number(),
  }),
  character: z.object({ temperature: z.number().positive() }),
});

const manifestSchema = z.object({
  detector: detectorSchema,
  reader: readerSchema,
  calibration: calibrationSchema.optional(),
});

export type DetectorSpecification = z.infer<typeof detectorSchema>;
export type ReaderSpecification = z.infer<typeof readerSchema>;

/** A model's checked bytes and how they are used. */
export interface Model<Specification> {
  readonly specification: Specification;
  readonly path: string;
  readonly onnx: Uint8Array;
}

export interface Models {
  readonly detector: Model<DetectorSpecification>;
  readonly reader: Model<ReaderSpecification>;
  /** That of the manifest; where it has none, scores are taken at their word. */
  readonly calibration: Calibration;
}

const INSTALL_HINT =
  'Restore the models folder from the release (or with git), or point plates.modelsFolder to a whole one; models/training makes new ones.';

/** A relative folder is one of the installation's, wherever the daemon was started. */
export function resolveModelsFolder(folder: string): string {
  return isAbsolute(folder) ? folder : join(packageRoot(import.meta.dirname), folder);
}

/**
 * Reads `manifest.json` in a folder and the models that it names.
 * @throws DeviceError models.manifest-invalid, models.checksum-mismatch, models.load-failed
 */
export async function loadModels(modelsFolder: string): Promise<Models> {
  const folder = resolveModelsFolder(modelsFolder);
  const { detector, reader, calibration } = await readManifest(join(folder, 'manifest.json'));
  return {
    detector: await readModel(folder, detector),
    reader: await readModel(folder, reader),
    calibration: calibration ?? UNCALIBRATED,
  };
}

async function readManifest(path: string): Promise<z.infer<typeof manifestSchema>> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new DeviceError('models.manifest-invalid', {
      message: `cannot read the models' manifest ${path}: ${messageOf(cause)}; expected a JSON object with "detector" and "reader"`,
      hint: INSTALL_HINT,
      cause,
    });
  }
  const parsed = manifestSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(
    (issue) => `${issue.path.join('.') || 'the whole'}: ${issue.message}`,
  );
  throw new DeviceError('models.manifest-invalid', {
    message: `the models' manifest ${path} is not as expected: ${faults.join('; ')}`,
    hint: INSTALL_HINT,
    cause: parsed.error,
  });
}

async function readModel<Specification extends { file: string; sha256: string; bytes: number }>(
  folder: string,
  specification: Specification,
): Promise<Model<Specification>> {
  const path = join(folder, specification.file);
  let onnx: Buffer;
  try {
    onnx = await readFile(path);
  } catch (cause) {
    throw new DeviceError('models.load-failed', {
      message: `cannot read the model ${path}: ${messageOf(cause)}; the manifest names it`,
      hint: INSTALL_HINT,
      cause,
    });
  }
  const sha256 = createHash('sha256').update(onnx).digest('hex');
  if (sha256 !== specification.sha256) {
    const size =
      onnx.length === specification.bytes
        ? `${onnx.length} bytes, as expected, but other ones`
        : `${onnx.length} bytes, expected ${specification.bytes}`;
    throw new DeviceError('models.checksum-mismatch', {
      message: `the model ${path} is not the one of the manifest: ${size}; SHA-256 is ${sha256}, expected ${specification.sha256}`,
      hint: `The file was damaged, copied in part, or is of another version. ${INSTALL_HINT}`,
    });
  }
  return { specification, path, onnx };
}
