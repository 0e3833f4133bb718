import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { SourceConfig } from '../../../src/config/schema.js';
import { hitLine, readLine, TABLE_HEAD } from './report.js';
import { Session } from './session.js';

/** Prints what a camera sees until the signal; returns the exit code. */
export async function runLive(
  options: { readonly root: string; readonly source: SourceConfig; readonly hotlistPath: string | undefined },
  stop: AbortSignal,
): Promise<number> {
  const resultsFolder = join(options.root, '.run/demo');
  const session = new Session();
  const began = Date.now();
  const seconds = () => (Date.now() - began) / 1000;
  try {
    const device = await session.open({
      root: options.root,
      resultsFolder,
      source: options.source,
      listener: {
        onRead: (read) => console.log(readLine(seconds(), read)),
        onHit: (hit) => console.log(hitLine(seconds(), hit)),
        onImage: () => undefined,
        onStatus: (state) => console.log(`the unit is ${state}`),
      },
    });
    if (options.hotlistPath !== undefined) console.log(await device.importHotlist(options.hotlistPath));
    device.start();
    console.log(`reading plates until Ctrl-C; the daemon's log is ${join(resultsFolder, 'daemon.log')}`);
    console.log(TABLE_HEAD);
    let told = '';
    while (!stop.aborted) {
      const source = (await device.status())?.cameras[0]?.vision.source;
      const state = source === undefined ? 'starting' : `${source.state}: ${source.detail}`;
      if (state !== told) console.log(`the camera is ${state}`);
      told = state;
      await delay(1_000, undefined, { signal: stop }).catch(() => undefined);
    }
    return 0;
  } finally {
    await session.close();
  }
}
