import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Calibration, UNCALIBRATED } from '../domain/calibration.js';
import { DeviceError, messageOf } from '../lib/errors.js';
import {
  type DetectorSpecification,
  INSTALL_HINT,
  type ReaderSpecification,
  readManifest,
  resolveModelsFolder,
} from './manifest.js';

/**
 * The trained models and their manifest.
 *
 * A model is its numbers and how they are to be used; the manifest keeps both together. A file
 * whose bytes are not those that were measured is refused: a half-copied model finds plates
 * nearly as well, and nobody would notice.
 */

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

/**
 * Reads `manifest.json` in a folder and the models that it names.
 * @throws DeviceError models.manifest-invalid, models.checksum-mismatch, models.load-failed
 */
export async function loadModels(modelsFolder: string): Promise<Models> {
  const folder = resolveModelsFolder(modelsFolder);
  const { detector, reader, calibration } = await readManifest(folder);
  return {
    detector: await readModel(folder, detector),
    reader: await readModel(folder, reader),
    calibration: calibration ?? UNCALIBRATED,
  };
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
