import { readFileSync } from 'node:fs';

/** How a consumer reaches its brokers: by certificate, as config/mosquitto and config/rabbitmq have it. */
export interface Access {
  /** mqtts://… or amqps://…, all of one kind; the first one that answers is used. */
  readonly urls: readonly string[];
  readonly caFile?: string | undefined;
  readonly certificateFile?: string | undefined;
  readonly keyFile?: string | undefined;
}

/** A connection to the centre's broker that is made again for as long as it is not closed. */
export interface Source {
  /** Settles only when it fails for good: a commit failed, or the broker refuses it. */
  readonly failed: Promise<never>;
  /** Leaves what is not acknowledged to the broker. */
  close(): Promise<void>;
}

export function tlsFiles({ caFile, certificateFile, keyFile }: Access): {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
} {
  return {
    ...(caFile !== undefined && { ca: readFileSync(caFile) }),
    ...(certificateFile !== undefined && { cert: readFileSync(certificateFile) }),
    ...(keyFile !== undefined && { key: readFileSync(keyFile) }),
  };
}
