import { join } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { DeviceError } from '../lib/errors.js';
import { calibrationError, type Forecast, reliabilityBins } from '../lib/reliability.js';
import { type Interval, wilson } from '../lib/wilson.js';
import { type Band, bandsOf } from './bands.js';
import { type LabelledPicture, loadLabels } from './labels.js';
import { type Failure, type JudgedRead, type PictureRating, ratePicture } from './rating.js';
import { PictureRecogniser, type PlatesOptions, platesConfigFor, type ReadOverrides } from './recognition.js';

export interface Rates {
  readonly pictures: number;
  readonly plates: number;
  readonly platesWithText: number;
  readonly captured: number;
  readonly readRight: number;
  readonly wrongReads: number;
  readonly falseReads: number;
  /** Pictures that could not be opened; they and their plates are in no other figure. */
  readonly unreadablePictures: number;
  /** 95 % (Wilson): of the plates, of the plates with a text, and of the pictures. */
  readonly intervals: {
    readonly captured: Interval;
    readonly readRight: Interval;
    readonly picturesWithFalseRead: Interval;
  };
  readonly picturesWithFalseRead: number;
  /** Read rates of small, of large, and of slanted or square plates. */
  readonly bands: readonly Band[];
  /** How far stated probabilities are from the truth, over all reads, sure or not. */
  readonly calibration: {
    /** Reads on plates whose text is known. */
    readonly onPlates: CalibrationFigure;
    /** Those and the reads on no labelled plate, which count as wrong though some may be right. */
    readonly everywhere: CalibrationFigure;
  };
  readonly failures: readonly Failure[];
}

export interface CalibrationFigure {
  readonly reads: number;
  /** Expected calibration error over ten bins of equal width, 0 to 1. */
  readonly error: number;
}

interface RatesOptions extends PlatesOptions {
  readonly json?: boolean;
  readonly limit?: number;
}

export function register(program: Command): void {
  program
    .command('rates')
    .description('measure capture rate, read rate and false reads on a folder of labelled pictures')
    .argument('<folder>', 'folder with labels.jsonl and the pictures that it names')
    .option('--json', 'print the figures and failures as JSON')
    .option('--limit <count>', 'only the first pictures', wholeNumber)
    .option(
      '--threshold <probability>',
      'least probability of a read, instead of plates.readThreshold',
      probability,
    )
    .option('--config <file>', 'configuration whose plates part is used (without it: the defaults)')
    .option('--models <folder>', 'models to use')
    .action(async (folder: string, options: RatesOptions) => {
      const rates = await measureRates(folder, options, progressTo(process.stderr));
      process.stdout.write(options.json ? `${JSON.stringify(rates, null, 2)}\n` : renderRates(folder, rates));
      if (rates.unreadablePictures > 0) process.exitCode = 1;
    });
}

/** Told after each picture; `problem` is why one could not be opened. */
export type Progress = (done: number, of: number, problem?: string) => void;

/**
 * @param overrides what to make of the reader's scores, instead of what the device does.
 * @throws DeviceError labels.invalid, models.*, config.*
 */
export async function measureRates(
  folder: string,
  options: RatesOptions,
  progress: Progress = () => undefined,
  overrides: ReadOverrides = {},
): Promise<Rates> {
  const config = await platesConfigFor(options);
  const pictures = (await loadLabels(folder)).slice(0, options.limit);
  const recogniser = new PictureRecogniser(config, overrides);
  await recogniser.start();
  const ratings: PictureRating[] = [];
  try {
    for (const [index, picture] of pictures.entries()) {
      const rating = await ratePictureFile(recogniser, folder, picture);
      if (rating instanceof DeviceError)
        progress(index + 1, pictures.length, `${rating.message}\n  ${rating.hint}`);
      else {
        ratings.push(rating);
        progress(index + 1, pictures.length);
      }
    }
  } finally {
    await recogniser.stop();
  }
  return summarise(ratings, pictures.length - ratings.length);
}

async function ratePictureFile(
  recogniser: PictureRecogniser,
  folder: string,
  picture: LabelledPicture,
): Promise<PictureRating | DeviceError> {
  try {
    const { plates } = await recogniser.recognise(join(folder, picture.file));
    return ratePicture(picture, plates);
  } catch (error) {
    if (error instanceof DeviceError && error.code === 'capture.bad-picture') return error;
    throw error;
  }
}

export function summarise(ratings: readonly PictureRating[], unreadablePictures: number): Rates {
  const sum = (of: (rating: PictureRating) => number) =>
    ratings.reduce((total, rating) => total + of(rating), 0);
  const plates = sum((rating) => rating.plates);
  const platesWithText = sum((rating) => rating.platesWithText);
  const captured = sum((rating) => rating.captured);
  const readRight = sum((rating) => rating.readRight);
  const judged = ratings.flatMap(({ judgedReads }) => judgedReads);
  const picturesWithFalseRead = sum((rating) => (rating.falseReads > 0 ? 1 : 0));
  return {
    pictures: ratings.length,
    plates,
    platesWithText,
    captured,
    readRight,
    wrongReads: sum((rating) => rating.wrongReads),
    falseReads: sum((rating) => rating.falseReads),
    unreadablePictures,
    picturesWithFalseRead,
    intervals: {
      captured: wilson(captured, plates),
      readRight: wilson(readRight, platesWithText),
      picturesWithFalseRead: wilson(picturesWithFalseRead, ratings.length),
    },
    bands: bandsOf(ratings.flatMap(({ ratedPlates }) => ratedPlates)),
    calibration: {
      onPlates: calibrationOf(judged, ['right', 'wrong']),
      everywhere: calibrationOf(judged, ['right', 'wrong', 'elsewhere']),
    },
    failures: ratings.flatMap((rating) => rating.failures),
  };
}

function calibrationOf(
  judged: readonly JudgedRead[],
  verdicts: readonly JudgedRead['verdict'][],
): CalibrationFigure {
  const forecasts = judged
    .filter(({ verdict }) => verdicts.includes(verdict))
    .map(({ read, verdict }): Forecast => ({ probability: read.probability, right: verdict === 'right' }));
  return { reads: forecasts.length, error: calibrationError(reliabilityBins(forecasts)) };
}

const NAME_WIDTH = 20;

export function renderRates(folder: string, rates: Rates): string {
  const { pictures, plates, platesWithText, captured, readRight, wrongReads, falseReads, intervals } = rates;
  const line = (name: string, count: number, of: number, interval: Interval) =>
    `${name.padEnd(NAME_WIDTH)} ${percent(of === 0 ? 0 : count / of).padStart(7)}  (${count} of ${of}; 95 % interval ${percent(interval.low)} to ${percent(interval.high)})`;
  const lines = [
    `${folder}: ${pictures} pictures, ${plates} plates`,
    line('captured', captured, plates, intervals.captured),
    line('read right', readRight, platesWithText, intervals.readRight),
    ...rates.bands.map(({ name, readRight: right, plates: of, interval }) =>
      line(`  ${name}`, right, of, interval),
    ),
    `${'wrong reads'.padEnd(NAME_WIDTH)} ${String(wrongReads).padStart(7)}  (reads of a labelled plate that are not its text)`,
    `${'false reads'.padEnd(NAME_WIDTH)} ${(pictures === 0 ? 0 : falseReads / pictures).toFixed(3).padStart(7)}  a picture (${falseReads} in all; ${rates.picturesWithFalseRead} pictures have one: 95 % interval ${percent(intervals.picturesWithFalseRead.low)} to ${percent(intervals.picturesWithFalseRead.high)})`,
  ];
  lines.push(renderCalibration(rates.calibration));
  if (rates.unreadablePictures > 0) {
    lines.push(`${rates.unreadablePictures} pictures could not be opened and are in no figure above`);
  }
  if (rates.failures.length > 0) {
    lines.push('', `${'file'.padEnd(24)} ${'expected'.padEnd(12)} ${'got'.padEnd(12)} why`);
    for (const { file, expected, got, unsure, reason } of rates.failures) {
      const why = unsure === null ? reason : `${reason} (unsure: ${unsure})`;
      lines.push(`${file.padEnd(24)} ${(expected ?? '-').padEnd(12)} ${(got ?? '-').padEnd(12)} ${why}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

function renderCalibration({ onPlates, everywhere }: Rates['calibration']): string {
  return `${'probability off'.padEnd(NAME_WIDTH)} ${percent(onPlates.error).padStart(7)}  on average (${onPlates.reads} reads of plates whose text is known; ${percent(everywhere.error)} with the ${everywhere.reads - onPlates.reads} on no labelled plate, taken as wrong)`;
}

function percent(rate: number): string {
  return `${(rate * 100).toFixed(1)} %`;
}

const PROGRESS_STEP = 25;

/** A line that overwrites itself on a terminal, and now and then a line elsewhere. */
function progressTo(stream: NodeJS.WriteStream): Progress {
  return (done, of, problem) => {
    if (problem !== undefined) stream.write(`${stream.isTTY ? '\r' : ''}${problem}\n`);
    if (stream.isTTY) stream.write(`\r${done} of ${of} pictures${done === of ? '\n' : ''}`);
    else if (done % PROGRESS_STEP === 0 || done === of) stream.write(`${done} of ${of} pictures\n`);
  };
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError('Expected a whole number from 1.');
  return value;
}

function probability(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 1)) throw new InvalidArgumentError('Expected 0 to 1.');
  return value;
}
