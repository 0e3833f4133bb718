/** What the bench tells the processes that it measures, and is told. */

export interface Pictures {
  readonly patchBytes: number;
  readonly overviewBytes: number;
}

export type DeviceOrder =
  | {
      readonly kind: 'open';
      /** Holds the store and the keys; they are made where there are none. */
      readonly folder: string;
      readonly mostMegabytes: number;
    }
  | { readonly kind: 'commit'; readonly count: number; readonly pictures?: Pictures }
  /** Commits, each beside a bare insert of as many bytes into a table of an encrypted file of its own. */
  | { readonly kind: 'commit-cost'; readonly count: number; readonly pictures?: Pictures }
  /** Renders what waits as it would be published, into a file, and leaves it waiting. */
  | { readonly kind: 'sample'; readonly count: number; readonly path: string }
  /** Connects and sends so many items, with a hit committed on top now and then. */
  | {
      readonly kind: 'drain';
      readonly url: string;
      readonly window: number;
      readonly count: number;
      readonly hitEveryMs?: number;
    }
  /** The same, with reads committed as they go, so that some always wait. */
  | { readonly kind: 'flow'; readonly url: string; readonly window: number; readonly count: number }
  | { readonly kind: 'stop' };

export interface Opened {
  /** From the start of opening to the first item that could be sent. */
  readonly tookMs: number;
  readonly waiting: number;
}

export interface CommitCost {
  readonly commitMedianMs: number;
  readonly commitP99Ms: number;
  readonly bareMedianMs: number;
}

export interface Drained {
  /** Acknowledged by the broker. */
  readonly items: number;
  /** From the connection to the last acknowledgement. */
  readonly tookMs: number;
  readonly cpuMs: number;
  readonly resent: number;
  /** What the meter counted. */
  readonly meteredBytes: number;
  /** Of each hit from before its commit to its acknowledgement. */
  readonly hitMs: readonly number[];
}

export interface Flowed {
  readonly items: number;
  readonly tookMs: number;
  /** Resident memory at the end of each tenth: the median of that tenth's samples. */
  readonly residentBytes: readonly number[];
}

export type DeviceReport =
  | ({ readonly kind: 'opened' } & Opened)
  | { readonly kind: 'committed' }
  | ({ readonly kind: 'commit-cost' } & CommitCost)
  | { readonly kind: 'sampled' }
  | ({ readonly kind: 'drained' } & Drained)
  | ({ readonly kind: 'flowed' } & Flowed)
  | { readonly kind: 'progress'; readonly text: string };

/** To the process that is nothing but MQTT.js. */
export interface BareOrder {
  readonly url: string;
  readonly window: number;
  readonly count: number;
  /** Written by the device; sent over and over up to `count`. */
  readonly path: string;
}

export interface BareReport {
  /** From the connection to the last acknowledgement. */
  readonly tookMs: number;
  readonly cpuMs: number;
}

/** A rendered message in the sample's file, one JSON line each. */
export interface SampledMessage {
  readonly topic: string;
  readonly payload: string;
  readonly contentType?: string;
  readonly userProperties?: Readonly<Record<string, string>>;
}
