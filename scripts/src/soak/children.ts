import type { ChildProcess } from 'node:child_process';

/** What was started ends with us, however we end; what ended before is forgotten. */
const alive = new Set<ChildProcess>();

process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

export function endWithUs(child: ChildProcess): ChildProcess {
  alive.add(child);
  child.once('exit', () => alive.delete(child));
  return child;
}
