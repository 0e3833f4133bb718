import { parseArgs } from 'node:util';
import type { SourceConfig } from '../../../src/config/schema.js';

export type DemoArguments =
  | { readonly kind: 'wrong'; readonly problem: string }
  | { readonly kind: 'clip'; readonly seed: string; readonly vehicles: number }
  | { readonly kind: 'live'; readonly source: SourceConfig; readonly hotlistPath: string | undefined };

export function parseDemoArguments(argv: readonly string[]): DemoArguments {
  let values: { live?: string; hotlist?: string; seed?: string; vehicles?: string };
  try {
    ({ values } = parseArgs({
      args: [...argv],
      options: {
        live: { type: 'string' },
        hotlist: { type: 'string' },
        seed: { type: 'string' },
        vehicles: { type: 'string' },
      },
    }));
  } catch (error) {
    return wrong(error instanceof Error ? error.message : String(error));
  }
  if (values.live !== undefined) {
    if (values.seed !== undefined || values.vehicles !== undefined) {
      return wrong('--seed and --vehicles are for the rendered clip, not for --live');
    }
    const source = liveSource(values.live);
    if (source === undefined)
      return wrong(`expected --live /dev/videoN or an rtsp:// address, got ${values.live}`);
    return { kind: 'live', source, hotlistPath: values.hotlist };
  }
  if (values.hotlist !== undefined)
    return wrong('--hotlist is for --live; the rendered clip has a list of its own');
  const seed = values.seed ?? 'demo';
  // It becomes part of a file's name.
  if (!/^[\w-]{1,32}$/.test(seed)) return wrong('expected --seed with 1 to 32 letters, digits, - or _');
  const vehicles = Number(values.vehicles ?? '16');
  if (!Number.isInteger(vehicles) || vehicles < 1 || vehicles > 100) {
    return wrong(`expected --vehicles 1 to 100, got ${values.vehicles}`);
  }
  return { kind: 'clip', seed, vehicles };
}

function wrong(problem: string): DemoArguments {
  return { kind: 'wrong', problem };
}

function liveSource(text: string): SourceConfig | undefined {
  if (/^rtsps?:\/\//.test(text)) return { kind: 'rtsp', url: text };
  if (!text.startsWith('/dev/')) return undefined;
  return { kind: 'v4l2', device: text, widthPx: 1280, heightPx: 720, framesPerSecond: 25 };
}
