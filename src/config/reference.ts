import { stringify } from 'yaml';
import { configJsonSchema, type OptionSchema } from './hints.js';

/**
 * config/anprd.yaml, written from the declaration: every option under its own sentence, set to its
 * default. Options without a default, and the other kinds of a choice, stand as comments.
 */
export function renderReferenceYaml(): string {
  const head = [
    'Every option of anprd with its default. Copy this to /etc/anprd/anprd.yaml and change what differs;',
    'what is left out has the value shown here. Generated from src/config/schema.ts by',
    'npm run generate:config: change it there.',
  ];
  const lines = [...head.map((line) => `# ${line}`), ''];
  for (const [name, section] of Object.entries(configJsonSchema().properties ?? {})) {
    lines.push(...commentOf(section), ...renderOption(name, section), '');
  }
  return `${lines.join('\n').trimEnd()}\n`;
}

function renderOption(name: string, option: OptionSchema): string[] {
  if (option.properties !== undefined) {
    const fields = indent(renderFields(option));
    // With nothing but comments below it, a bare name would mean null.
    const isBare = fields.every((line) => line.trimStart().startsWith('#'));
    return [isBare ? `${name}: {}` : `${name}:`, ...fields];
  }
  // A list of plain values is its default; what an entry has to be stands in the sentence above.
  if (option.items !== undefined && option.items.properties === undefined) {
    return [`${name}: ${JSON.stringify(option.default)}`];
  }
  if (option.items !== undefined && Array.isArray(option.default) && option.default.length === 0) {
    return [`${name}: []`, ...renderExample(option.items)];
  }
  if (option.items !== undefined) {
    const [first = '', ...rest] = indent(renderFields(option.items));
    const opening = first.trimStart().startsWith('#') ? ['  -', `  ${first}`] : [`  - ${first.trimStart()}`];
    return [`${name}:`, ...opening, ...rest.map((line) => (line === '' ? '' : `  ${line}`))];
  }
  if (option.oneOf !== undefined) return [`${name}:`, ...indent(renderChoice(option))];
  if (option.default === undefined) return [`# ${name}:`];
  return [`${name}: ${stringify(option.default).trimEnd()}`];
}

function renderFields(option: OptionSchema): string[] {
  return Object.entries(option.properties ?? {}).flatMap(([name, field]) => [
    ...commentOf(field),
    ...renderOption(name, field),
  ]);
}

/** What an entry of a list that is empty as a rule looks like, as a comment. */
function renderExample(item: OptionSchema): string[] {
  const fields = Object.entries(item.properties ?? {}).flatMap(([name, field]) => [
    ...commentOf(field),
    `${name}: ${JSON.stringify(field.default ?? EXAMPLES[name])}`,
  ]);
  return ['# for example', '# -', ...fields.map((line) => `#   ${line}`)];
}

/** The default's kind is set; the other kinds follow as comments. */
function renderChoice(option: OptionSchema): string[] {
  const chosen = (option.default as { kind: string }).kind;
  return (option.oneOf ?? []).flatMap((kind) => {
    const name = kind.properties?.kind?.const as string;
    const fields = Object.entries(kind.properties ?? {}).flatMap(([key, field]) => [
      ...commentOf(field),
      `${key}: ${key === 'kind' ? name : stringify(valueIn(option, chosen, name, key, field)).trimEnd()}`,
    ]);
    return name === chosen
      ? fields
      : ['# or', ...fields.map((line) => (line.startsWith('#') ? `# ${line}` : `#   ${line}`))];
  });
}

function valueIn(
  option: OptionSchema,
  chosen: string,
  name: string,
  key: string,
  field: OptionSchema,
): unknown {
  if (name === chosen) return (option.default as Record<string, unknown>)[key];
  return field.default ?? EXAMPLES[key];
}

/** For options that have no default. */
const EXAMPLES: Readonly<Record<string, string | number | readonly string[]>> = {
  id: 'stolen',
  publicKeys: ['iyxDYnNhYbBfKKLO2Zd5FUpUYbYTiaXfwEGpQRyR3hU='],
  maximumAgeHours: 24,
  publishFrom: 0.001,
  alertFrom: 0.5,
  listedShare: 0.01,
  url: 'rtsp://192.0.2.10:554/stream',
  pipeline: 'libcamerasrc ! videoconvert ! video/x-raw,format=GRAY8 ! appsink',
  path: '/srv/recording.mp4',
  folder: '/srv/pictures',
  chipLabel: 'pinctrl-bcm2711',
};

function commentOf(option: OptionSchema): string[] {
  return option.description === undefined ? [] : [`# ${option.description}`];
}

function indent(lines: readonly string[]): string[] {
  return lines.map((line) => (line === '' ? '' : `  ${line}`));
}
