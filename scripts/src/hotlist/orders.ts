/** What the bench tells the device that it measures, and is told. */
export type DeviceOrder =
  | {
      readonly kind: 'start';
      /** The hotlist's database. */
      readonly path: string;
      readonly keyFile: string;
      readonly publicKey: string;
      /** The package, as its owner publishes it. */
      readonly folder: string;
      /** A JSON array of PlateRead. */
      readonly readsFile: string;
    }
  | { readonly kind: 'take-over'; readonly revision: number }
  | { readonly kind: 'stop' };

export interface TakenOver {
  /** From the manifest's coming to its revision being matched against. */
  readonly tookMs: number;
  /** CPU time of the whole process meanwhile, the checks included. */
  readonly cpuMs: number;
  /** What a read waited for its answer meanwhile. */
  readonly pauseP99Ms: number;
  readonly pauseMostMs: number;
  /** Of the process, afterwards. */
  readonly residentBytes: number;
  /** The same, at most, while it went on. */
  readonly peakBytes: number;
}

export type DeviceReport =
  | { readonly kind: 'started'; readonly residentBytes: number }
  | ({ readonly kind: 'taken-over' } & TakenOver);
