import type { Command } from 'commander';
import { drawMarks, type Mark } from '../capture/picture.js';
import { DeviceError } from '../lib/errors.js';
import { type FoundPlate, type PictureFindings, PictureRecogniser, platesConfigFor } from './recognition.js';

interface ReadOptions {
  readonly json?: boolean;
  readonly draw?: string;
  readonly config?: string;
  readonly models?: string;
}

export function register(program: Command): void {
  program
    .command('read')
    .description('find and read the plates in pictures; exits 1 when a picture could not be read')
    .argument('<picture...>', 'picture files (JPEG, PNG, ...)')
    .option('--json', 'print an array with one object a picture')
    .option(
      '--draw <out.png>',
      'draw what was found; with several pictures their number is added to the name',
    )
    .option('--config <file>', 'configuration whose plates part is used (without it: the defaults)')
    .option('--models <folder>', 'models to use')
    .action(readPictures);
}

/** Reads each picture; one that is broken is named on stderr, and the others are read all the same. */
export async function readPictures(pictures: readonly string[], options: ReadOptions): Promise<void> {
  const config = await platesConfigFor(options);
  const recogniser = new PictureRecogniser(config);
  await recogniser.start();
  const results: object[] = [];
  try {
    for (const [index, file] of pictures.entries()) {
      try {
        const findings = await recogniser.recognise(file);
        if (options.json) results.push(describePicture(file, findings));
        else process.stdout.write(renderPicture(file, findings));
        if (options.draw !== undefined) {
          await drawMarks(file, numbered(options.draw, index, pictures.length), findings.plates.map(markOf));
        }
      } catch (error) {
        if (!(error instanceof DeviceError)) throw error;
        process.stderr.write(`${file}: ${error.message}\n  ${error.hint}\n`);
        results.push({ file, error: { code: error.code, message: error.message, hint: error.hint } });
        process.exitCode = 1;
      }
    }
  } finally {
    await recogniser.stop();
  }
  if (options.json) process.stdout.write(`${JSON.stringify(results, null, 2)}\n`);
}

/** plates.png -> plates-2.png for the second of several. */
function numbered(path: string, index: number, count: number): string {
  return count === 1 ? path : path.replace(/(\.[^.]*)?$/, `-${index + 1}$1`);
}

function describePicture(file: string, { widthPx, heightPx, plates }: PictureFindings): object {
  return {
    file,
    widthPx,
    heightPx,
    plates: plates.map(({ quad, box, detectionScore, read, accepted, hints }) => ({
      text: read?.vrm ?? null,
      probability: read?.probability ?? 0,
      accepted,
      hints,
      ...(read === undefined
        ? {}
        : { lines: read.lines, ukClass: read.ukClass ?? null, characters: read.characters }),
      detectionScore,
      quad: quad.map(({ x, y }) => [x, y]),
      box: [box.x, box.y, box.width, box.height],
    })),
  };
}

/** A line for the picture, and one for each plate: text, how sure, what else, where. */
export function renderPicture(file: string, { plates }: PictureFindings): string {
  const count = plates.length === 1 ? '1 plate' : `${plates.length} plates`;
  return `${file}: ${plates.length === 0 ? 'no plate' : count}\n${plates.map(renderPlate).join('')}`;
}

function renderPlate({ box, detectionScore, read, accepted, hints }: FoundPlate): string {
  const where = `${Math.round(box.width)}x${Math.round(box.height)} at ${Math.round(box.x)},${Math.round(box.y)}`;
  const text = read === undefined ? '-' : read.lines.join(' / ');
  const sure =
    read === undefined ? 'no text' : `${accepted ? 'read' : 'unsure'} ${read.probability.toFixed(2)}`;
  const lines = [
    `  ${text.padEnd(14)} ${sure.padEnd(12)} found ${detectionScore.toFixed(2)}  ${where}${read?.ukClass === undefined ? '' : `  ${read.ukClass}`}`,
  ];
  const doubts = (read?.characters ?? []).flatMap(({ character, probability, alternatives }, place) => {
    const [other] = alternatives;
    if (other === undefined || other.probability < 0.05) return [];
    return `${place + 1}: ${character} ${probability.toFixed(2)}, ${other.character} ${other.probability.toFixed(2)}`;
  });
  if (doubts.length > 0) lines.push(`  ${' '.repeat(14)} ${doubts.join('; ')}`);
  if (hints.length > 0) lines.push(`  ${' '.repeat(14)} worth a look: ${hints.join(', ')}`);
  return `${lines.join('\n')}\n`;
}

function markOf({ quad, detectionScore, read, accepted }: FoundPlate): Mark {
  return {
    quad,
    label:
      read === undefined ? `? ${detectionScore.toFixed(2)}` : `${read.vrm} ${read.probability.toFixed(2)}`,
    tone: accepted ? 'good' : 'doubtful',
  };
}
