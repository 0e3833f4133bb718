import { hintFor } from './hints.js';
import type { DeviceConfig } from './schema.js';

/** One thing that is wrong with a configuration. */
export interface ConfigIssue {
  /** Such as `cameras[0].source.device`; `(file)` for what concerns the whole. */
  readonly path: string;
  /** Line in the file from 1, where it is known. */
  readonly line?: number;
  /** What was wrong, and what was expected. */
  readonly problem: string;
  readonly hint: string;
}

export type Issue = ConfigIssue & { readonly keys: readonly PropertyKey[] };

/** What no single option can know. */
export function crossChecks(config: DeviceConfig): Issue[] {
  const issues: Issue[] = [
    ...repeatedIds(['cameras'], config.cameras, 'camera'),
    ...repeatedIds(['hotlist', 'lists'], config.hotlist.lists, 'list'),
  ];
  if ((config.mqtt.certificateFile === undefined) !== (config.mqtt.keyFile === undefined)) {
    issues.push({
      keys: ['mqtt'],
      path: 'mqtt',
      problem: 'expected certificateFile and keyFile together, or neither',
      hint: 'A client certificate is of no use without its key.',
    });
  }
  if (config.plates.lookWithoutMotionSeconds > config.passages.lostAfterSeconds / 2) {
    issues.push({
      keys: ['plates', 'lookWithoutMotionSeconds'],
      path: 'plates.lookWithoutMotionSeconds',
      problem: `found ${config.plates.lookWithoutMotionSeconds}; expected at most half of passages.lostAfterSeconds (${config.passages.lostAfterSeconds})`,
      hint: 'A vehicle that stands still would otherwise be taken for one that has gone.',
    });
  }
  for (const name of ['platePatchMostBytes', 'overviewMostBytes'] as const) {
    const found = config.passages[name];
    // In base64, as MQTT 3.1.1 and compound captures have it.
    const most = Math.floor((3 / 4) * (config.mqtt.mostPacketBytes - ENVELOPE_BYTES));
    if (found <= most) continue;
    issues.push({
      keys: ['passages', name],
      path: `passages.${name}`,
      problem: `found ${found}; expected at most ${most}, three quarters of mqtt.mostPacketBytes (${config.mqtt.mostPacketBytes})`,
      hint: 'A larger picture would be kept and never sent: raise mqtt.mostPacketBytes as well.',
    });
  }
  return [...issues, ...siteChecks(config)];
}

/** Of exposure, lines and heat. */
function siteChecks({ cameras, lines, power, passages, mqtt }: DeviceConfig): Issue[] {
  const issues: Issue[] = cameras.flatMap(({ exposure }, index) => {
    if (!exposure.alternate || exposure.control) return [];
    const keys = ['cameras', index, 'exposure', 'alternate'];
    const problem = 'found true; expected exposure.control: true with it';
    return [{ keys, path: writePath(keys), problem, hint: 'Only an exposure that is set can alternate.' }];
  });
  if (power.coolCelsius >= power.hotCelsius) {
    issues.push({
      keys: ['power', 'coolCelsius'],
      path: 'power.coolCelsius',
      problem: `found ${power.coolCelsius}; expected less than power.hotCelsius (${power.hotCelsius})`,
      hint: 'Some degrees apart, or frames would be limited and let go all the time.',
    });
  }
  const leastFramesPerSecond = 2 / passages.lostAfterSeconds;
  if (power.hotFramesPerSecond < leastFramesPerSecond) {
    issues.push({
      keys: ['power', 'hotFramesPerSecond'],
      path: 'power.hotFramesPerSecond',
      problem: `found ${power.hotFramesPerSecond}; expected ${Math.ceil(10 * leastFramesPerSecond) / 10} at least, two within passages.lostAfterSeconds (${passages.lostAfterSeconds})`,
      hint: 'A vehicle would otherwise be taken for another one in every frame.',
    });
  }
  const stopSeconds = lines.ignitionOffSeconds + mqtt.drainSeconds;
  if (lines.ignition.line !== undefined && stopSeconds > MOST_IGNITION_STOP_SECONDS) {
    issues.push({
      keys: ['lines', 'ignitionOffSeconds'],
      path: 'lines.ignitionOffSeconds',
      problem: `found ${lines.ignitionOffSeconds}, and mqtt.drainSeconds ${mqtt.drainSeconds}; expected ${MOST_IGNITION_STOP_SECONDS} together at most`,
      hint: 'The clean stop has to be over within 20 s of ignition off, and cameras need up to 10 s of it.',
    });
  }
  const named = LINE_NAMES.filter((name) => lines[name].line !== undefined);
  if (lines.board.kind === 'none' && named.length > 0) {
    issues.push({
      keys: ['lines', 'board'],
      path: 'lines.board',
      problem: `found none, and a number for ${named.join(', ')}; expected the board that they are on`,
      hint: "Set lines.board, to kind: onoff for the kernel's GPIO; or leave out the lines, which would do nothing.",
    });
  }
  const used = new Map<number, string>();
  for (const name of LINE_NAMES) {
    const { line } = lines[name];
    if (line === undefined) continue;
    const other = used.get(line);
    if (other !== undefined) {
      issues.push({
        keys: ['lines', name, 'line'],
        path: `lines.${name}.line`,
        problem: `found ${line}, which is lines.${other}.line as well; expected another one`,
        hint: hintFor(['lines', name, 'line']),
      });
    }
    used.set(line, name);
  }
  return issues;
}

const LINE_NAMES = ['illuminator', 'strobeEnable', 'tamper', 'ignition', 'lamp', 'buzzer', 'mute'] as const;
/** Of the 20 s: the rest is for cameras that are slow to end, and for closing the store. */
const MOST_IGNITION_STOP_SECONDS = 8;

/** What a message has around a picture. */
const ENVELOPE_BYTES = 2_048;

function repeatedIds(
  parent: readonly string[],
  items: readonly { readonly id: string }[],
  noun: string,
): Issue[] {
  return items.flatMap(({ id }, index) => {
    if (items.findIndex((other) => other.id === id) === index) return [];
    const keys = [...parent, index, 'id'];
    const problem = `found ${JSON.stringify(id)} twice; expected a different id for each ${noun}`;
    return [{ keys, path: writePath(keys), problem, hint: hintFor(keys) }];
  });
}

export function writePath(keys: readonly PropertyKey[]): string {
  if (keys.length === 0) return '(file)';
  return keys
    .map((key, i) => (typeof key === 'number' ? `[${key}]` : (i > 0 ? '.' : '') + String(key)))
    .join('');
}
