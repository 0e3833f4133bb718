import { Command } from 'commander';
import { vi } from 'vitest';
import { reportFailure } from '../../src/cli/failure.js';

export interface CommandOutcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command of anprctl in this process, as main does. */
export async function runCommand(
  register: (program: Command) => void,
  args: readonly string[],
): Promise<CommandOutcome> {
  const written: Record<'out' | 'err', string[]> = { out: [], err: [] };
  const into = (stream: 'out' | 'err') => (text: string | Uint8Array) =>
    written[stream].push(String(text)) > 0;
  const program = new Command('anprctl').exitOverride();
  program.configureOutput({ writeErr: into('err') });
  register(program);
  const stdout = vi.spyOn(process.stdout, 'write').mockImplementation(into('out'));
  const stderr = vi.spyOn(process.stderr, 'write').mockImplementation(into('err'));
  process.exitCode = undefined;
  try {
    await program.parseAsync(args, { from: 'user' });
    return { code: Number(process.exitCode ?? 0), out: written.out.join(''), err: written.err.join('') };
  } catch (error) {
    const code = reportFailure(error);
    return { code, out: written.out.join(''), err: written.err.join('') };
  } finally {
    stdout.mockRestore();
    stderr.mockRestore();
    process.exitCode = undefined;
  }
}
