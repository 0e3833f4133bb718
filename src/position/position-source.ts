import type { Fix } from '../domain/position.js';

/** Who is told what a receiver says. Nothing of it may be logged. */
export interface PositionListener {
  /** A fix takes the place of one with the same `atMono` told before. */
  onFix(fix: Fix): void;
  /** The receiver has no fix at this moment; one told with this `atMono` was wrong. */
  onNoFix(atMono: number): void;
  /** A sentence came: understood, or wrong, cut off or no sentence at all. */
  onSentence(isUnderstood: boolean): void;
}

/** A receiver of positions, behind whatever line. */
export interface PositionSource {
  readonly kind: 'serial' | 'gpsd';
  /** Found or configured; of a serial receiver that has been understood. */
  readonly baudRate: number | undefined;
  /**
   * Opens the receiver and listens until the signal is aborted; it is closed before this settles, however
   * it ends.
   * @throws DeviceError position.receiver-failed: it is not there, went away or fell silent. It may be run again.
   */
  run(listener: PositionListener, signal: AbortSignal): Promise<void>;
}
