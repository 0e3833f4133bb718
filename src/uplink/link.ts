import type { WireMessage } from './payloads.js';

/** What whoever sends needs of the connection to the broker, whichever broker it is. */
export interface Link {
  readonly connected: boolean;
  /** Of the present connection; without one, that of the last or of the next attempt. */
  readonly protocolVersion: 4 | 5;
  /** Messages without acknowledgement at most: the configuration's, or fewer where the broker asks for it. */
  readonly windowMessages: number;
  /** The network that leads to the broker, such as eth0; undefined without a connection. */
  readonly networkInterface: string | undefined;
  /** Bytes that were published and that the kernel has not taken yet. */
  readonly unsentBytes: number;
  /**
   * Publishes with QoS 1 and waits for the acknowledgement.
   * @throws DeviceError uplink.connect-failed without a connection or when it is lost on the way;
   *   uplink.refused when the broker does not take this message.
   */
  publish(message: WireMessage): Promise<void>;
  /** Gives the connection up; the next attempt follows at once where this one was sound. */
  drop(reason: string): void;
}
