import { basename, join } from 'node:path';
import { type LabelledPicture, loadLabels } from '../../../src/cli/labels.js';
import { type JudgedRead, ratePicture } from '../../../src/cli/rating.js';
import { PictureRecogniser, platesConfigFor, type ReadOverrides } from '../../../src/cli/recognition.js';

/** All reads of a folder of labelled pictures, sure or not, each with the picture it is from. */
export async function judgeFolder(
  folder: string,
  models: string,
  overrides: ReadOverrides,
): Promise<{ readonly picture: LabelledPicture; readonly judged: readonly JudgedRead[] }[]> {
  const recogniser = new PictureRecogniser(await platesConfigFor({ models }), overrides);
  await recogniser.start();
  try {
    const results = [];
    for (const picture of await loadLabels(folder)) {
      const { plates } = await recogniser.recognise(join(folder, picture.file));
      results.push({ picture, judged: ratePicture(picture, plates).judgedReads });
    }
    return results;
  } finally {
    await recogniser.stop();
  }
}

/** The folder that a picture was gathered from: its kind of plates and cameras. */
export function originOf(folder: string, { file }: LabelledPicture): string {
  return file.includes('/') && !file.startsWith('images/')
    ? (file.split('/')[0] as string)
    : basename(folder);
}
