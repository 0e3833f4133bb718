/** A read's stated probability, 0 to 1, and whether it was right. */
export interface Answer {
  readonly probability: number;
  readonly isRight: boolean;
}

const BINS = 10;

/** Expected calibration error, 0 to 1: stated and true share of right answers apart, over ten even bins. */
export function expectedCalibrationError(answers: readonly Answer[]): number {
  const gaps = new Float64Array(BINS);
  for (const { probability, isRight } of answers) {
    const bin = Math.min(BINS - 1, Math.floor(probability * BINS));
    gaps[bin] = (gaps[bin] as number) + probability - (isRight ? 1 : 0);
  }
  return gaps.reduce((sum, gap) => sum + Math.abs(gap), 0) / Math.max(1, answers.length);
}
