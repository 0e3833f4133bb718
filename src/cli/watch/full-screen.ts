import { tellControl } from '../../control/crew-client.js';
import type { DisplayMessage } from '../../display/messages.js';
import type { HitCategory } from '../../domain/hit-category.js';
import { systemClock } from '../../lib/clock.js';
import { DeviceError } from '../../lib/errors.js';
import { commandsIn, type WatchCommand } from './keys.js';
import { WatchModel } from './model.js';
import { renderScreen } from './screen.js';
import { BETWEEN_STROKES_MS, type Paint, SIGNS } from './signs.js';
import type { Terminal } from './terminal.js';

export interface FullScreenOptions {
  readonly terminal: Terminal;
  readonly socketPath: string;
  readonly paint: Paint;
  readonly onQuit: () => void;
  /** The terminal is no more. */
  readonly onGone: () => void;
}

/** Remaining times on the screen are told to the second. */
const REDRAW_MS = 1_000;

/** The screen, its keys and its bell, between what the daemon says and the model. */
export class FullScreen {
  readonly #options: FullScreenOptions;
  readonly #model = new WatchModel();
  readonly #strokes = new Set<NodeJS.Timeout>();
  #redrawing: NodeJS.Timeout | undefined;

  constructor(options: FullScreenOptions) {
    this.#options = options;
  }

  open(): void {
    this.#options.terminal.open({
      onTyped: (typed) => {
        for (const command of commandsIn(typed)) this.#obey(command);
        this.#draw();
      },
      onResize: () => this.#draw(),
      onGone: this.#options.onGone,
    });
    this.#redrawing = setInterval(() => this.#draw(), REDRAW_MS);
    this.#draw();
  }

  close(): void {
    clearInterval(this.#redrawing);
    for (const stroke of this.#strokes) clearTimeout(stroke);
    this.#options.terminal.close();
  }

  show(message: DisplayMessage): void {
    const category = this.#model.apply(message, systemClock.monoMs());
    if (category !== undefined) this.#ring(category);
    this.#draw();
  }

  disconnected(why: string): void {
    this.#model.disconnect(why, systemClock.monoMs());
    this.#draw();
  }

  #obey(command: WatchCommand): void {
    const nowMono = systemClock.monoMs();
    switch (command) {
      case 'confirm':
      case 'reject': {
        const hit = this.#model.takeDecision(nowMono);
        if (hit !== undefined) void this.#tell(`/hits/${hit.id}/${command}`, `${command}ed`);
        return;
      }
      case 'next':
        this.#model.move(1, nowMono);
        return;
      case 'previous':
        this.#model.move(-1, nowMono);
        return;
      case 'top':
        this.#model.moveToTop(nowMono);
        return;
      case 'mute':
        void this.#tell('/mute', 'muted');
        return;
      case 'quit':
        this.#options.onQuit();
    }
  }

  /** @param done what is said when it is; the hit is not named, for the notice may outlast the profile. */
  async #tell(path: string, done: string): Promise<void> {
    try {
      await tellControl(this.#options.socketPath, path);
      this.#model.notify(`${done}.`, systemClock.monoMs());
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      this.#model.notify(`NOT ${done}: ${error.message}. ${error.hint}`, systemClock.monoMs());
    }
    this.#draw();
  }

  #ring(category: HitCategory): void {
    for (let i = 0; i < SIGNS[category].strokes; i++) {
      const stroke = setTimeout(() => {
        this.#strokes.delete(stroke);
        this.#options.terminal.ring();
      }, i * BETWEEN_STROKES_MS);
      this.#strokes.add(stroke);
    }
  }

  #draw(): void {
    const { terminal, paint } = this.#options;
    terminal.draw(renderScreen(this.#model, systemClock.monoMs(), terminal.size, paint));
  }
}
