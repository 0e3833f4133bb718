import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { platesSchema } from '../../../src/config/schema.js';
import { packageRoot } from '../../../src/lib/package-root.js';
import { loadModels } from '../../../src/plates/models.js';
import { lineChart } from '../chart/line-chart.js';
import { backgroundFolders, cutBackgrounds } from '../reading/backgrounds.js';
import { CURVES, chartOf, type MeasuredCurve, measureCurve, TWO_LINES } from '../reading/curves.js';
import { DevicePath } from '../reading/device-path.js';
import {
  drawNegatives,
  measureNegatives,
  NEGATIVE_MOSAIC,
  type NegativeOutcome,
  ratesOf,
} from '../reading/hard-negatives.js';
import { renderCurve, renderForms, renderNegatives, renderTwins } from '../reading/markdown.js';
import { measurePlates, measureReader } from '../reading/measure.js';
import type { Carrier } from '../reading/plate-sets.js';
import { type Rate, rateOf } from '../reading/rate.js';
import { measureTwins, pointsLost } from '../reading/side-by-side.js';
import { SIGN_KINDS } from '../reading/sign-texts.js';
import { type AreaReport, describeMachine, type Figure } from './report.js';

/**
 * Reading drawn plates through the device's own path: the renderer of the demo clip, which trains
 * no model, under conditions that get harder. Writes the curves to models/figures.
 */
const SEED = 'bench reading';
const SIGNS = 500;
const MOST_BACKGROUNDS = 250;

export async function benchReading(say: (line: string) => void, count: number): Promise<AreaReport> {
  const path = await DevicePath.open();
  try {
    const forms = await measureForms(path, count, say);
    say('characters side by side');
    const twins = await measureTwins(path, count, SEED);
    const negatives = await measureEveryNegative(path, say);
    const curves: MeasuredCurve[] = [];
    for (const curve of CURVES) curves.push(await measureCurve(path, curve, count, SEED, say));
    const fair = negatives.filter(({ isMarkLike }) => !isMarkLike);
    await writeFigures(curves, count, { forms, twins, negatives: ratesOf(fair), curves });
    const twoLines = rateOf(
      forms.filter(({ isTwoLines }) => isTwoLines).flatMap(({ outcomes }) => outcomes),
      ({ right }) => right,
    );
    return {
      area: 'reading',
      machine: describeMachine(),
      figures: {
        'two lines, 20 px': percent(twoLines, { is: 'at least', value: 95 }),
        'one line, 15 px': percent(pointOf(curves, 'resolution', 'one line', 15), {
          is: 'at least',
          value: 95,
        }),
        'two lines, 15 px': percent(pointOf(curves, 'resolution', 'two lines', 15)),
        'lost by 11, 1I, O0 side by side': {
          value: pointsLost(twins),
          unit: 'points',
          bar: { is: 'at most', value: 2 },
        },
        'hard negatives': { value: fair.length, unit: 'pictures', bar: { is: 'at least', value: 500 } },
        'hard negatives reported': percent(ratesOf(fair).reported, { is: 'at most', value: 1 }),
      },
      appendix: [
        renderForms(forms),
        renderTwins(twins),
        renderNegatives(negativeGroups(negatives)),
        ...CURVES.map((curve, index) => renderCurve(curve, curves[index] as MeasuredCurve)),
        falseReadsOf(fair),
      ].join('\n\n'),
    };
  } finally {
    await path.close();
  }
}

const FORM_SETS: readonly { readonly name: string; readonly carriers: readonly Carrier[] }[] = [
  { name: 'one line, 520 x 111 mm', carriers: ['one line'] },
  { name: 'square, 285 x 203 mm', carriers: ['square'] },
  { name: 'lorry, 285 x 203 mm', carriers: ['lorry'] },
  { name: 'motorcycle, 245 x 180 mm', carriers: ['motorcycle'] },
];

async function measureForms(path: DevicePath, count: number, say: (line: string) => void) {
  const rows = [];
  for (const { name, carriers } of FORM_SETS) {
    say(`${name}, 20 px`);
    const outcomes = await measurePlates(path, { seed: SEED, count, carriers, characterHeightPx: 20 });
    const isTwoLines = carriers.every((carrier) => TWO_LINES.includes(carrier));
    rows.push({
      name: `${name}, characters of 20 px`,
      rate: rateOf(outcomes, ({ right }) => right),
      outcomes,
      isTwoLines,
    });
  }
  for (const characterHeightPx of [15, 20]) {
    say(`two lines, ${characterHeightPx} px, reader alone`);
    const set = { seed: SEED, count, carriers: TWO_LINES, characterHeightPx };
    const outcomes = await measureReader(path, set);
    const name = `two lines of ${characterHeightPx} px, the reader alone at the true corners`;
    rows.push({ name, rate: rateOf(outcomes, ({ right }) => right), outcomes, isTwoLines: false });
  }
  return rows;
}

async function measureEveryNegative(
  path: DevicePath,
  say: (line: string) => void,
): Promise<NegativeOutcome[]> {
  say('hard negatives');
  const folders = backgroundFolders();
  if (folders.length === 0)
    say('no backgrounds: set ANPRD_DATA to the folder that holds the training scenes');
  const backgrounds = await cutBackgrounds(NEGATIVE_MOSAIC, MOST_BACKGROUNDS, SEED);
  return [
    ...(await measureNegatives(path, drawNegatives(SIGNS, SEED))),
    ...(await measureNegatives(path, backgrounds)),
  ];
}

function negativeGroups(outcomes: readonly NegativeOutcome[]): [string, NegativeOutcome[]][] {
  const fair = outcomes.filter(({ isMarkLike }) => !isMarkLike);
  return [
    ['all', fair],
    ...([...SIGN_KINDS, 'grille', 'background'] as const).map((kind): [string, NegativeOutcome[]] => [
      kind,
      fair.filter((outcome) => outcome.kind === kind),
    ]),
    ['exactly the form of a UK mark (not in the first row)', outcomes.filter(({ isMarkLike }) => isMarkLike)],
  ];
}

function falseReadsOf(outcomes: readonly NegativeOutcome[]): string {
  const lines = outcomes.flatMap(({ kind, text, falseReads }) =>
    falseReads.map((vrm) => `- ${kind}${text === '' ? '' : ` ${text}`}: ${vrm}`),
  );
  return ['Reported from what is no plate:', ...(lines.length === 0 ? ['- nothing'] : lines)].join('\n');
}

async function writeFigures(curves: readonly MeasuredCurve[], count: number, figures: object): Promise<void> {
  const folder = join(packageRoot(import.meta.dirname), 'models', 'figures');
  await mkdir(folder, { recursive: true });
  for (const [index, curve] of CURVES.entries()) {
    const chart = chartOf(curve, curves[index] as MeasuredCurve, count);
    await writeFile(join(folder, `${curve.name}.svg`), await lineChart(chart));
  }
  const { detector, reader } = await loadModels(platesSchema.parse({}).modelsFolder);
  const measured = {
    platesAPoint: count,
    detector: detector.specification.sha256,
    reader: reader.specification.sha256,
    ...figures,
  };
  const withoutPlates = (key: string, value: unknown) => (key === 'outcomes' ? undefined : value);
  await writeFile(join(folder, 'reading.json'), `${JSON.stringify(measured, withoutPlates, 2)}\n`);
}

function pointOf(curves: readonly MeasuredCurve[], curve: string, series: string, x: number): Rate {
  const rate = curves
    .find(({ name }) => name === curve)
    ?.series.find(({ name }) => name === series)
    ?.points.find((point) => point.x === x)?.rate;
  if (rate === undefined) throw new Error(`${curve} has no point ${x} of ${series}`);
  return rate;
}

function percent({ share }: Rate, bar?: NonNullable<Figure['bar']>): Figure {
  return { value: 100 * share, unit: '%', ...(bar === undefined ? {} : { bar }) };
}
