/**
 * Every operational error the device can meet, in one catalogue.
 *
 * A bug is thrown as a plain Error and crashes the process (systemd restarts it). An expected
 * outcome is a union value. What is left - the world outside did something wrong - is a
 * DeviceError: it says what was wrong, what was expected, and what to do.
 */
export const ERROR_CODES = {
  'config.invalid': { retryable: false },
  'config.unreadable': { retryable: false },
  'capture.open-failed': { retryable: true },
  'capture.lost': { retryable: true },
  'capture.silent': { retryable: true },
  'capture.bad-frame': { retryable: true },
  'capture.bad-picture': { retryable: false },
  'capture.controls-unavailable': { retryable: true },
  'models.manifest-invalid': { retryable: false },
  'models.checksum-mismatch': { retryable: false },
  'models.load-failed': { retryable: false },
  'addon.missing': { retryable: false },
  'hotlist.unreadable': { retryable: false },
  'hotlist.header-invalid': { retryable: false },
  'hotlist.store-failed': { retryable: true },
  'hotlist.row-invalid': { retryable: false },
  'hotlist.package-invalid': { retryable: false },
  'hotlist.signature-invalid': { retryable: false },
  'hotlist.replayed': { retryable: false },
  'hotlist.gap': { retryable: true },
  'hotlist.would-shrink': { retryable: false },
  'hotlist.publish-failed': { retryable: true },
  'store.open-failed': { retryable: false },
  'store.write-failed': { retryable: true },
  'store.newer-schema': { retryable: false },
  'store.key-missing': { retryable: false },
  'store.key-wrong': { retryable: false },
  'store.key-not-made': { retryable: false },
  'evidence.key-missing': { retryable: false },
  'evidence.key-not-made': { retryable: false },
  'evidence.export-failed': { retryable: true },
  'evidence.stream-unreadable': { retryable: false },
  'evidence.stream-invalid': { retryable: false },
  'uplink.connect-failed': { retryable: true },
  'uplink.refused': { retryable: false },
  'position.survey-invalid': { retryable: false },
  'position.receiver-failed': { retryable: true },
  'position.unseal-failed': { retryable: false },
  'position.centre-key-missing': { retryable: false },
  'position.centre-key-not-made': { retryable: false },
  'gpio.unavailable': { retryable: true },
  'gpio.line-failed': { retryable: true },
  'display.no-such-hit': { retryable: false },
  'display.not-shown': { retryable: true },
  'vision.exited': { retryable: true },
  'control.not-opened': { retryable: true },
  'control.unreachable': { retryable: true },
  'control.refused': { retryable: false },
  'labels.invalid': { retryable: false },
} as const satisfies Record<string, { retryable: boolean }>;

export type ErrorCode = keyof typeof ERROR_CODES;

export interface DeviceErrorOptions {
  /** What was wrong and what was expected, without a VRM, a place or a picture in it. */
  readonly message: string;
  /** What the person reading it should do. */
  readonly hint: string;
  readonly cause?: unknown;
}

export class DeviceError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;

  constructor(code: ErrorCode, options: DeviceErrorOptions) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'DeviceError';
    this.code = code;
    this.hint = options.hint;
  }

  get retryable(): boolean {
    return ERROR_CODES[this.code].retryable;
  }
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
