import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';

/** What the built `scripts/soak` found; `scripts/test` has built it. */
export interface SoakResult {
  readonly exitCode: number | null;
  readonly figures: Readonly<Record<string, { readonly value: number; readonly ok: boolean }>>;
  /** Its progress, and why it failed. */
  readonly stderr: string;
}

const PROGRAM = resolve(import.meta.dirname, '../../dist/scripts/src/soak.js');

export async function runSoak(...args: string[]): Promise<SoakResult> {
  const child = spawn(process.execPath, [PROGRAM, ...args, '--json'], { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  await once(child, 'close');
  if (stdout === '') throw new Error(`it found nothing:\n${stderr}`);
  return { exitCode: child.exitCode, figures: JSON.parse(stdout).figures, stderr };
}
