import { type ChildProcess, execFileSync, spawn } from 'node:child_process';

/** A program on a pseudo-terminal of its own, made by script(1). */
export interface OnTerminal {
  readonly child: ChildProcess;
  /** Types keys. */
  type(keys: string): void;
  /** All that the program has written, as it came. */
  output(): string;
  /** The exit code of the program, once it has ended. */
  readonly ended: Promise<number | null>;
}

/** What is missing for it; undefined: nothing. */
export function withoutPty(): string | undefined {
  try {
    execFileSync('script', ['--version'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'script(1) of util-linux is not there';
  }
}

export function onTerminal(
  command: readonly string[],
  options: {
    readonly columns: number;
    readonly rows: number;
    readonly env?: Readonly<Record<string, string>>;
  },
): OnTerminal {
  const { columns, rows, env } = options;
  const quoted = command.map((part) => `'${part}'`).join(' ');
  const child = spawn('script', ['-qefc', `stty cols ${columns} rows ${rows}; exec ${quoted}`, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, TERM: 'xterm-256color', ...env },
  });
  let written = '';
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (text: string) => {
    written += text;
  });
  return {
    child,
    type: (keys) => child.stdin.write(keys),
    output: () => written,
    ended: new Promise((resolve) => child.on('close', resolve)),
  };
}
