import type { DisplayMessage } from '../../display/messages.js';
import type { ShownHit } from '../../display/profiles.js';
import type { Profile } from '../../domain/display-profile.js';
import { lineOf } from './hit-lines.js';
import { printable } from './terminal-text.js';

/**
 * What is told, a line each, for whatever is no screen: a pipe, a reader that speaks. A hit is told once, and again when
 * it has changed, also over lost connections.
 */
export class PlainLines {
  readonly #told = new Map<string, string>();
  #profile: Profile | undefined;
  #warnings = '';

  linesFor(message: DisplayMessage): readonly string[] {
    switch (message.kind) {
      case 'snapshot':
        return [
          ...this.#profileLine(message.profile),
          ...this.#warningLines(message.warnings),
          ...[...message.hits].reverse().flatMap((hit) => this.#hitLine(hit)),
        ];
      case 'hit':
        return this.#hitLine(message.hit);
      case 'gone':
        this.#told.delete(message.id);
        return [];
      case 'heartbeat':
        return [...this.#profileLine(message.profile), ...this.#warningLines(message.warnings)];
      case 'stopping':
        return [`stopping: ${message.reason}`];
    }
  }

  #profileLine(profile: Profile): readonly string[] {
    if (profile === this.#profile) return [];
    this.#profile = profile;
    return [`profile: ${profile}`];
  }

  #warningLines(
    warnings: readonly { readonly title: string; readonly subject: string }[],
  ): readonly string[] {
    const lines = warnings.map(({ title, subject }) =>
      printable(`warning: ${title}${subject === '' ? '' : ` [${subject}]`}`),
    );
    const text = lines.join('\n');
    if (text === this.#warnings) return [];
    this.#warnings = text;
    return lines.length === 0 ? ['no warnings'] : lines;
  }

  /** Told anew where it says more, or other things; that a profile shows less of it is no news of the hit. */
  #hitLine(hit: ShownHit): readonly string[] {
    const said = `${hit.state} ${hit.stands !== false} ${hit.vrm !== undefined}`;
    const before = this.#told.get(hit.id);
    const isLess = hit.vrm === undefined && before?.startsWith(`${hit.state} `);
    if (said === before || isLess) return [];
    this.#told.set(hit.id, said);
    return [lineOf(hit)];
  }
}
