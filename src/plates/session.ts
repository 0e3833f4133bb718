import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { DeviceError, messageOf } from '../lib/errors.js';
import type { Model } from './models.js';

/**
 * ONNX Runtime, loaded when the first model is (it is 30 MB, and anprctl mostly does without).
 * `run` blocks the thread it is called on; that is why plates live in the vision process.
 */
export interface OpenSession {
  readonly session: InferenceSession;
  readonly Tensor: typeof Tensor;
}

const HINT =
  'The model does not fit this version of anprd or of ONNX Runtime: restore the models folder of the same release.';

/**
 * @param threads for the model; more than one only helps where cores are idle.
 * @throws DeviceError models.load-failed where it is no model, or one with other inputs or outputs.
 */
export async function openSession(
  model: Model<unknown>,
  names: { readonly input: string; readonly outputs: readonly string[] },
  threads: number,
): Promise<OpenSession> {
  const runtime = await loadRuntime();
  let session: InferenceSession;
  try {
    session = await runtime.InferenceSession.create(model.onnx, {
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      // Next to nothing: the runtime writes to stderr in a form that no log reader knows, and its
      // errors come back as exceptions too.
      logSeverityLevel: 4,
    });
  } catch (cause) {
    throw new DeviceError('models.load-failed', {
      message: `ONNX Runtime cannot load ${model.path}: ${messageOf(cause)}`,
      hint: HINT,
      cause,
    });
  }
  const { inputNames, outputNames } = session;
  if (inputNames.join() !== names.input || names.outputs.some((name) => !outputNames.includes(name))) {
    await session.release();
    throw new DeviceError('models.load-failed', {
      message: `the model ${model.path} has input ${inputNames.join(', ')} and outputs ${outputNames.join(', ')}, expected input ${names.input} and outputs ${names.outputs.join(', ')}`,
      hint: HINT,
    });
  }
  return { session, Tensor: runtime.Tensor };
}

/**
 * From 1.29 on, its Linux builds report to their maker over HTTPS: what models run where, how often, under
 * a mark of this machine that they keep on the disk. Nothing of that leaves or marks a camera of ours. The
 * word is heard once, when the library is loaded.
 */
function loadRuntime(): Promise<typeof import('onnxruntime-node')> {
  process.env.ORT_DISABLE_TELEMETRY = '1';
  return import('onnxruntime-node');
}

/**
 * Runs the model into tensors of the shape that is expected of it, so that a model of another
 * shape is refused and no memory is allocated.
 * @throws DeviceError models.load-failed
 */
export async function runInto(
  { session }: OpenSession,
  model: Model<unknown>,
  feeds: InferenceSession.OnnxValueMapType,
  fetches: InferenceSession.OnnxValueMapType,
): Promise<void> {
  try {
    await session.run(feeds, fetches);
  } catch (cause) {
    throw new DeviceError('models.load-failed', {
      message: `the model ${model.path} cannot be run as the manifest says: ${messageOf(cause)}`,
      hint: HINT,
      cause,
    });
  }
}
