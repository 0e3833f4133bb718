import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Box } from '../domain/geometry.js';
import { parseVrm, type Vrm } from '../domain/vrm.js';
import { DeviceError, messageOf } from '../lib/errors.js';

/** What is known of a plate in a picture. */
export interface LabelledPlate {
  readonly text?: Vrm;
  readonly box?: Box;
}

export interface LabelledPicture {
  /** Relative to the folder. */
  readonly file: string;
  readonly plates: readonly LabelledPlate[];
}

const SHAPE = '{"file": "images/1.jpg", "plates": [{"text": "AB12CDE", "box": [x, y, width, height]}]}';
const HINT = `Mend the line, or remove it. One JSON object a line: ${SHAPE}; text and box may be left out.`;

const lineSchema = z.object({
  file: z.string().min(1),
  plates: z.array(
    z.object({
      text: z
        .string()
        .transform((text, context) => {
          const vrm = parseVrm(text);
          if (vrm === undefined) {
            context.addIssue({ code: 'custom', message: 'expected 1 to 12 letters A-Z and digits' });
            return z.NEVER;
          }
          return vrm;
        })
        .nullish(),
      box: z
        .tuple([z.number(), z.number(), z.number().positive(), z.number().positive()])
        .transform(([x, y, width, height]): Box => ({ x, y, width, height }))
        .nullish(),
    }),
  ),
});

/**
 * Reads `labels.jsonl` of a folder.
 * @throws DeviceError labels.invalid, naming the first bad line by its number.
 */
export async function loadLabels(folder: string): Promise<LabelledPicture[]> {
  const path = join(folder, 'labels.jsonl');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new DeviceError('labels.invalid', {
      message: `cannot read ${path}: ${messageOf(cause)}`,
      hint: `Name a folder that holds labels.jsonl and the pictures. One JSON object a line: ${SHAPE}.`,
      cause,
    });
  }
  const pictures = parseLabels(text, path);
  if (pictures.length > 0) return pictures;
  throw new DeviceError('labels.invalid', {
    message: `${path} is empty: expected a line a picture`,
    hint: HINT,
  });
}

/** @param path only named in errors. */
export function parseLabels(text: string, path: string): LabelledPicture[] {
  return text
    .split('\n')
    .flatMap((line, index) => (line.trim() === '' ? [] : [parseLine(line, index + 1, path)]));
}

function parseLine(line: string, number: number, path: string): LabelledPicture {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch (cause) {
    throw invalid(path, number, `it is no JSON (${messageOf(cause)})`, cause);
  }
  const parsed = lineSchema.safeParse(json);
  if (!parsed.success) {
    const faults = parsed.error.issues.map(
      (issue) => `${issue.path.join('.') || 'the whole'}: ${issue.message}`,
    );
    throw invalid(path, number, faults.join('; '), parsed.error);
  }
  return {
    file: parsed.data.file,
    plates: parsed.data.plates.map(({ text, box }) => ({
      ...(text == null ? {} : { text }),
      ...(box == null ? {} : { box }),
    })),
  };
}

function invalid(path: string, line: number, problem: string, cause: unknown): DeviceError {
  return new DeviceError('labels.invalid', {
    message: `${path}, line ${line}: ${problem}`,
    hint: HINT,
    cause,
  });
}
