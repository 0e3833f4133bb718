import { parseArgs } from 'node:util';
import { messageOf } from '../../../src/lib/errors.js';

export interface FleetArguments {
  readonly kind: 'run';
  /** `urls`: brokers that run already. */
  readonly broker: 'mosquitto' | 'rabbitmq' | 'urls';
  readonly deviceUrls: readonly string[];
  readonly consumerUrls: readonly string[];
  /** With ca.pem, and NAME.pem and NAME.key of each unit and of `consumer`. */
  readonly certificatesFolder: string | undefined;
  readonly prefix: string;
  readonly devices: number;
  readonly minutes: number;
  readonly vehiclesPerHour: number;
  readonly failEverySeconds: number;
  readonly consumers: number;
  readonly killNode: boolean;
  readonly seed: string;
  readonly json: boolean;
}

const OPTIONS = {
  broker: { type: 'string', multiple: true },
  'consume-from': { type: 'string', multiple: true },
  certificates: { type: 'string' },
  prefix: { type: 'string' },
  devices: { type: 'string' },
  minutes: { type: 'string' },
  vehicles: { type: 'string' },
  'fail-every': { type: 'string' },
  consumers: { type: 'string' },
  'kill-node': { type: 'boolean' },
  seed: { type: 'string' },
  json: { type: 'boolean' },
} as const;

class Wrong extends Error {}

/** @param argv as scripts/fleet has it. */
export function parseFleetArguments(
  argv: readonly string[],
): FleetArguments | { readonly kind: 'wrong'; readonly problem: string } {
  try {
    return parsed(argv);
  } catch (error) {
    // What parseArgs throws names the option as well.
    return { kind: 'wrong', problem: messageOf(error) };
  }
}

function parsed(argv: readonly string[]): FleetArguments {
  const { values } = parseArgs({ args: [...argv], options: OPTIONS });
  const named = values.broker ?? ['mosquitto'];
  const [first] = named;
  const broker = first === 'mosquitto' || first === 'rabbitmq' ? first : 'urls';
  const deviceUrls = broker === 'urls' ? named : [];
  const areUrls = deviceUrls.every((url) => /^(mqtts?|wss?):\/\/./.test(url));
  if (!areUrls || (broker !== 'urls' && named.length > 1)) {
    throw new Wrong('expected --broker mosquitto, rabbitmq, or one or more URLs such as mqtts://broker:8883');
  }
  const killNode = values['kill-node'] ?? false;
  if (killNode && broker !== 'rabbitmq') throw new Wrong('--kill-node is for --broker rabbitmq');
  // The rights of the brokers that are started here are for topics below `anpr`.
  if (values.prefix !== undefined && broker !== 'urls') throw new Wrong('--prefix is for --broker URL');
  const whole = (
    name: keyof typeof OPTIONS & keyof typeof values,
    fallback: number,
    least: number,
    most: number,
  ) => {
    const number = Number(values[name] ?? fallback);
    if (Number.isInteger(number) && number >= least && number <= most) return number;
    throw new Wrong(`expected --${name} ${least} to ${most}, got ${values[name]}`);
  };
  const minutes = Number(values.minutes ?? 5);
  if (!(minutes >= 0.1 && minutes <= 1440)) {
    throw new Wrong(`expected --minutes 0.1 to 1440, got ${values.minutes}`);
  }
  return {
    kind: 'run',
    broker,
    deviceUrls,
    consumerUrls: values['consume-from'] ?? deviceUrls,
    certificatesFolder: values.certificates,
    prefix: values.prefix ?? 'anpr',
    devices: whole('devices', 200, 1, 2_000),
    minutes,
    vehiclesPerHour: whole('vehicles', 300, 1, 1_500),
    failEverySeconds: whole('fail-every', 120, 0, 86_400),
    consumers: whole('consumers', 2, 1, 16),
    killNode,
    seed: values.seed ?? 'fleet',
    json: values.json ?? false,
  };
}
