/** What systemctl status shows of a device in one line. Codes and counts: every user of the machine reads it. */
export interface StatusFacts {
  readonly cameras: { readonly total: number; readonly withFrames: number };
  readonly isConnected: boolean;
  /** Hits that the broker does not have yet. */
  readonly hitsWaiting: number;
  /** Codes of the warnings that are visible, most severe first. */
  readonly warnings: readonly string[];
}

const MOST_CODES = 4;

/** Says states, not counters: the line changes when something is different, not with every vehicle. */
export function statusLine({ cameras, isConnected, hitsWaiting, warnings }: StatusFacts): string {
  const codes = [...new Set(warnings)];
  const more = codes.length > MOST_CODES ? ` and ${codes.length - MOST_CODES} more` : '';
  return [
    `${cameras.withFrames} of ${cameras.total} ${cameras.total === 1 ? 'camera' : 'cameras'}`,
    isConnected ? 'connected' : 'no broker',
    ...(hitsWaiting > 0 ? ['hits wait'] : []),
    codes.length === 0 ? 'no warnings' : `warnings: ${codes.slice(0, MOST_CODES).join(', ')}${more}`,
  ].join('; ');
}
