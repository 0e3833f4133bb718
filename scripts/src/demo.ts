import { packageRoot } from '../../src/lib/package-root.js';
import { parseDemoArguments } from './demo/arguments.js';
import { runClipDemo } from './demo/clip-demo.js';
import { runLive } from './demo/live.js';

/** scripts/demo after the set-up: reads its arguments, turns signals into a clean end. */
async function main(): Promise<number> {
  const parsed = parseDemoArguments(process.argv.slice(2));
  if (parsed.kind === 'wrong') {
    process.stderr.write(`demo: ${parsed.problem}\n  scripts/demo --help says more.\n`);
    return 2;
  }
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());
  const root = packageRoot(import.meta.dirname);
  return parsed.kind === 'live'
    ? runLive({ root, ...parsed }, stop.signal)
    : runClipDemo({ root, ...parsed }, stop.signal);
}

process.exitCode = await main().catch((error: unknown) => {
  process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`);
  return 1;
});
