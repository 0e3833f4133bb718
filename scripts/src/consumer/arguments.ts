import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { gatheredKeys } from '../../../src/cli/verify/trusted-keys.js';
import type { TrustedKey } from '../../../src/evidence/verify.js';
import { messageOf } from '../../../src/lib/errors.js';
import type { Access } from './source.js';

export type ConsumerArguments =
  | { readonly kind: 'wrong'; readonly problem: string }
  | { readonly kind: 'gaps'; readonly database: string }
  | { readonly kind: 'export'; readonly database: string; readonly path: string }
  | {
      readonly kind: 'mqtt' | 'amqp';
      readonly database: string;
      readonly access: Access;
      readonly keys: readonly TrustedKey[];
      readonly prefix: string;
      readonly group: string;
      readonly name: string;
      readonly connections: number;
    };

const OPTIONS = {
  database: { type: 'string' },
  broker: { type: 'string', multiple: true },
  ca: { type: 'string' },
  cert: { type: 'string' },
  'cert-key': { type: 'string' },
  key: { type: 'string', multiple: true },
  keys: { type: 'string' },
  prefix: { type: 'string' },
  group: { type: 'string' },
  name: { type: 'string' },
  connections: { type: 'string' },
  gaps: { type: 'boolean' },
  export: { type: 'string' },
} as const;

/** @param argv as scripts/consumer has it; each problem says what was expected. */
export function parseConsumerArguments(argv: readonly string[]): ConsumerArguments {
  try {
    return parsed(argv);
  } catch (error) {
    return wrong(messageOf(error));
  }
}

function parsed(argv: readonly string[]): ConsumerArguments {
  const { values } = parseArgs({ args: [...argv], options: OPTIONS });
  const { database, broker: urls = [] } = values;
  if (database === undefined) return wrong('expected --database FILE');
  if (values.gaps) return { kind: 'gaps', database };
  if (values.export !== undefined) return { kind: 'export', database, path: values.export };
  const kinds = new Set(urls.map(kindOf));
  const [kind] = kinds;
  if (kind === undefined || kinds.size > 1) {
    return wrong(
      'expected --broker with mqtt://, mqtts://, amqp:// or amqps://, all of one kind, for example mqtts://broker:8884',
    );
  }
  const words = { group: values.group ?? 'centre', name: values.name ?? '1' };
  for (const [option, word] of Object.entries(words)) {
    // They become parts of a topic and of a client id.
    if (!/^[\w-]{1,32}$/.test(word))
      return wrong(`expected --${option} with 1 to 32 letters, digits, - or _`);
  }
  const connections = Number(values.connections ?? '8');
  if (!Number.isInteger(connections) || connections < 1 || connections > 64) {
    return wrong(`expected --connections 1 to 64, got ${values.connections}`);
  }
  return {
    kind,
    database,
    access: { urls, caFile: values.ca, certificateFile: values.cert, keyFile: values['cert-key'] },
    keys: keysOf(values.key ?? [], values.keys),
    prefix: values.prefix ?? 'anpr',
    ...words,
    connections,
  };
}

function kindOf(url: string): 'mqtt' | 'amqp' | undefined {
  const [, kind] = /^(mqtt|amqp)s?:\/\/./.exec(url) ?? [];
  return kind as 'mqtt' | 'amqp' | undefined;
}

function keysOf(single: readonly string[], file: string | undefined): TrustedKey[] {
  const listed = file === undefined ? [] : readFileSync(file, 'utf8').split('\n').filter(Boolean);
  return [...single, ...listed].reduce<TrustedKey[]>((keys, text) => gatheredKeys(text, keys), []);
}

function wrong(problem: string): ConsumerArguments {
  return { kind: 'wrong', problem };
}
