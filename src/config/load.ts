import { readFile } from 'node:fs/promises';
import { LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { DeviceError, messageOf } from '../lib/errors.js';
import { type ConfigIssue, crossChecks, type Issue, writePath } from './cross-checks.js';
import { hintFor } from './hints.js';
import { configSchema, type DeviceConfig } from './schema.js';

export const DEFAULT_CONFIG_PATH = '/etc/anprd/anprd.yaml';

/** Every issue of a configuration at once: an operator mends them in one go. */
export class ConfigError extends DeviceError {
  readonly issues: readonly ConfigIssue[];

  constructor(file: string, issues: readonly ConfigIssue[]) {
    const lines = issues.map((issue) => {
      const where = issue.line === undefined ? issue.path : `${issue.path} (line ${issue.line})`;
      return `  ${where}: ${issue.problem}\n      ${issue.hint}`;
    });
    const count = issues.length === 1 ? '1 fault' : `${issues.length} faults`;
    super('config.invalid', {
      message: `${file}: ${count} in the configuration\n${lines.join('\n')}`,
      hint: 'Mend what is listed; anprctl config check FILE checks it without starting anything.',
    });
    this.issues = issues;
  }
}

/**
 * Reads and checks a configuration file (YAML).
 * @throws ConfigError with every issue; DeviceError config.unreadable when there is no such file.
 */
export async function loadConfig(path: string = DEFAULT_CONFIG_PATH): Promise<DeviceConfig> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new DeviceError('config.unreadable', {
      message: `cannot read the configuration ${path}: ${messageOf(cause)}`,
      hint: 'Name the file with --config FILE, or copy config/anprd.yaml there and edit it.',
      cause,
    });
  }
  return parseConfig(text, path);
}

/** Checks the text of a configuration; `file` is only named in errors. */
export function parseConfig(text: string, file: string): DeviceConfig {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  if (document.errors.length > 0) {
    throw new ConfigError(
      file,
      document.errors.map((error) => ({
        path: '(file)',
        line: lineCounter.linePos(error.pos[0]).line,
        problem: `not valid YAML: ${error.message}`,
        hint: 'Indent with spaces, put a space after each colon, and quote texts that hold : or #.',
      })),
    );
  }
  const value: unknown = document.toJS() ?? {};
  const parsed = configSchema.safeParse(value);
  const issues = parsed.success ? [] : parsed.error.issues.flatMap((issue) => explain(issue, value));
  if (parsed.success) issues.push(...crossChecks(parsed.data));
  if (issues.length > 0) {
    throw new ConfigError(
      file,
      issues.map(({ keys, ...issue }) => {
        const node = document.getIn(keys as unknown[], true) as
          | { range?: [number, number, number] }
          | undefined;
        return node?.range === undefined
          ? issue
          : { ...issue, line: lineCounter.linePos(node.range[0]).line };
      }),
    );
  }
  return (parsed as z.ZodSafeParseSuccess<DeviceConfig>).data;
}

function explain(issue: z.core.$ZodIssue, value: unknown): Issue[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      keys: [...issue.path, key],
      path: writePath([...issue.path, key]),
      problem: 'no such option',
      hint: hintFor(issue.path, key),
    }));
  }
  const given = valueAt(value, issue.path);
  const found = given === undefined ? 'missing' : `found ${shorten(withoutLogin(JSON.stringify(given)))}`;
  return [
    {
      keys: issue.path,
      path: writePath(issue.path),
      problem: `${found}; ${issue.message.replace(/^(Invalid input|Too (big|small)): /, '')}`,
      hint: hintFor(issue.path),
    },
  ];
}

function valueAt(value: unknown, keys: readonly PropertyKey[]): unknown {
  return keys.reduce<unknown>(
    (inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key],
    value,
  );
}

/** Whoever put a password into a URL must not find it in the journal. */
function withoutLogin(text: string): string {
  return text.replace(/(\w+:\/\/)[^"\s]*@/g, '$1...@');
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
