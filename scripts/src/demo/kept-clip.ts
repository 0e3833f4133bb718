import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ClipTruth, RENDERER_VERSION, renderClip } from '../clip/render-clip.js';
import { planTraffic } from '../clip/traffic.js';

export interface KeptClip {
  readonly path: string;
  readonly truth: ClipTruth;
}

/** Renders a clip, or takes the one that an earlier run rendered. */
export async function keptClip(
  folder: string,
  seed: string,
  vehicles: number,
  say: (text: string) => void,
): Promise<KeptClip> {
  mkdirSync(folder, { recursive: true });
  const name = `${seed}-${vehicles}-v${RENDERER_VERSION}`;
  const path = join(folder, `${name}.avi`);
  const truthPath = join(folder, `${name}.json`);
  // The truth is written last: where it is, the clip is whole.
  if (existsSync(truthPath) && existsSync(path)) {
    return { path, truth: JSON.parse(readFileSync(truthPath, 'utf8')) as ClipTruth };
  }
  const unfinished = join(folder, `.${name}-${process.pid}.avi`);
  let told = Date.now();
  const truth = await renderClip(
    unfinished,
    { seed, vehicles: planTraffic(seed, vehicles) },
    (frame, count) => {
      if (Date.now() - told < 2_000 && frame !== count) return;
      told = Date.now();
      say(`rendering the clip: ${Math.floor((100 * frame) / count)} %`);
    },
  );
  renameSync(unfinished, path);
  writeFileSync(truthPath, JSON.stringify(truth));
  return { path, truth };
}
