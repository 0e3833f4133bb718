import { readFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { z } from 'zod';
import { type Confusions, NO_CONFUSIONS } from '../domain/confusion.js';
import { CHARSET } from '../domain/lattice.js';
import { DeviceError, messageOf } from '../lib/errors.js';
import { packageRoot } from '../lib/package-root.js';

/**
 * What is known of the trained models: how they are used, what their scores are worth, how they
 * err. Read apart from the models, because matching wants to know how they err and runs none.
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

const rate = z.number().min(0).max(1);
const character = z.string().regex(/^[0-9A-HJ-NP-Z]$/, 'expected one character, O as 0 and I as 1');
const rates = z.record(character, rate);
const confusionsSchema = z.object({
  substituted: z.record(character, rates),
  lost: rates,
  added: rates,
  merged: z.record(
    z.string().regex(/^[0-9A-HJ-NP-Z]{2}$/, 'expected two characters, O as 0 and I as 1'),
    rates,
  ),
  counted: z.number().int().min(0),
});

const manifestSchema = z.object({
  detector: detectorSchema,
  reader: readerSchema,
  calibration: calibrationSchema.optional(),
  confusions: confusionsSchema.optional(),
});

export type Manifest = z.infer<typeof manifestSchema>;
export type DetectorSpecification = z.infer<typeof detectorSchema>;
export type ReaderSpecification = z.infer<typeof readerSchema>;

export const INSTALL_HINT =
  'Restore the models folder from the release (or with git), or point plates.modelsFolder to a whole one; models/training makes new ones.';

/** A relative folder is one of the installation's, wherever the daemon was started. */
export function resolveModelsFolder(folder: string): string {
  return isAbsolute(folder) ? folder : join(packageRoot(import.meta.dirname), folder);
}

/**
 * Reads `manifest.json` in the models' folder.
 * @throws DeviceError models.manifest-invalid
 */
export async function readManifest(modelsFolder: string): Promise<Manifest> {
  const path = join(resolveModelsFolder(modelsFolder), 'manifest.json');
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

/**
 * How the reader errs, as the manifest says; where it does not, nothing is confused with anything.
 * @throws DeviceError models.manifest-invalid
 */
export async function loadConfusions(modelsFolder: string): Promise<Confusions> {
  return (await readManifest(modelsFolder)).confusions ?? NO_CONFUSIONS;
}
