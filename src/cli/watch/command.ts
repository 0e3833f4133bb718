import { type Command, Option } from 'commander';
import { DEFAULT_CONFIG_PATH, loadConfig } from '../../config/load.js';
import { PROFILES, type Profile } from '../../domain/display-profile.js';
import { systemClock } from '../../lib/clock.js';
import { followDisplay } from './follow-display.js';
import { FullScreen } from './full-screen.js';
import { PlainLines } from './plain.js';
import { inColour, withoutColour } from './signs.js';
import { Terminal } from './terminal.js';

interface WatchOptions {
  readonly config: string;
  readonly profile: Profile;
  readonly plain?: boolean;
}

export function register(program: Command): void {
  program
    .command('watch')
    .description('show hits as they come, and let the crew confirm or reject them')
    .option('--config <file>', 'the configuration of the daemon', DEFAULT_CONFIG_PATH)
    .addOption(
      new Option('--profile <name>', 'show no more than this, whatever the daemon allows')
        .choices(PROFILES)
        .default('stationary', 'as the daemon allows'),
    )
    .option('--plain', 'a line for each thing that happens, also on a terminal')
    .addHelpText('after', HELP)
    .action(async (options: WatchOptions) => {
      const { control } = await loadConfig(options.config);
      const { stdin, stdout } = process;
      const isScreen = stdin.isTTY && stdout.isTTY && process.env.TERM !== 'dumb';
      if (isScreen && !options.plain) await watchFullScreen(control.socketPath, options.profile);
      else await watchPlain(control.socketPath, options.profile);
    });
}

const HELP = `
On a terminal it takes the whole screen: c confirms and r rejects the hit that is marked with >, n and p
(or arrows) mark another one, t the first, m mutes the buzzer and the bell, q quits. A key that decides is not obeyed
within 0.6 s of the mark having moved by itself. NO_COLOR=1 leaves colours out.`;

async function watchFullScreen(socketPath: string, profile: Profile): Promise<void> {
  const ending = endingOnSignals();
  const screen = new FullScreen({
    terminal: new Terminal(process.stdin, process.stdout),
    socketPath,
    paint: hasColours() ? inColour : withoutColour,
    onQuit: () => ending.abort(),
    // As above; here nobody has sent the signal.
    onGone: () => process.kill(process.pid, 'SIGKILL'),
  });
  // Whatever ends this program, a bug too: the terminal is given back as it was.
  const giveBack = () => screen.close();
  process.once('exit', giveBack);
  screen.open();
  try {
    await followDisplay({
      socketPath,
      profile,
      clock: systemClock,
      signal: ending.signal,
      onMessage: (message) => screen.show(message),
      onLost: (why) => screen.disconnected(why),
    });
  } finally {
    giveBack();
    process.off('exit', giveBack);
  }
}

async function watchPlain(socketPath: string, profile: Profile): Promise<void> {
  const plain = new PlainLines();
  let isLost = false;
  const say = (lines: readonly string[]) => {
    if (lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`);
  };
  await followDisplay({
    socketPath,
    profile,
    clock: systemClock,
    signal: endingOnSignals().signal,
    onMessage: (message) => {
      if (isLost) say(['connected again']);
      isLost = false;
      say(plain.linesFor(message));
    },
    onLost: (why) => {
      if (!isLost) say([`no connection, hits may be missed: ${why}`]);
      isLost = true;
    },
  });
}

/** Not on SIGHUP: there is no terminal left to give back, and Node aborts, with a core dump, when it tries. */
function endingOnSignals(): AbortController {
  const ending = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ending.abort());
  return ending;
}

/** https://no-color.org: set to anything but nothing. */
function hasColours(): boolean {
  const { NO_COLOR, TERM } = process.env;
  return (NO_COLOR === undefined || NO_COLOR === '') && TERM !== 'vt100' && process.stdout.hasColors();
}
