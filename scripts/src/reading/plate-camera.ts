import type { Point, Quad } from '../../../src/domain/geometry.js';

/** How a plate is turned before the camera, degrees; all zero: square to it. */
export interface Pose {
  /** About the upright axis: positive shows the plate's left end larger. */
  readonly yawDegrees: number;
  /** Positive leans its top away. */
  readonly pitchDegrees: number;
  /** Clockwise in the picture. */
  readonly rollDegrees: number;
}

/** The plate's own plane as a pinhole camera sees it. */
export interface PlateCamera {
  /** Picture pixels a millimetre, in the plate's middle and square to the view. */
  readonly pxPerMm: number;
  /** Corners of the plate, top left first as it is read. */
  readonly quad: Quad;
  /** Where a place of the plate's plane is in the picture: mm right and down from the plate's middle. */
  at(rightMm: number, downMm: number): Point;
}

/** Of a telephoto lens over a 1280 px wide sensor, as beside a road: characters of 20 px are 11 m away. */
const FOCAL_PX = 2800;

/**
 * Looks at a plate, or at any other flat sign.
 * @param pxPerMm in its middle, were it square to the view: turning narrows it, as it does on the road
 * @param middle where its middle is in the picture
 */
export function lookAt(
  { widthMm, heightMm }: { readonly widthMm: number; readonly heightMm: number },
  pxPerMm: number,
  pose: Pose,
  middle: Point,
): PlateCamera {
  const distanceMm = FOCAL_PX / pxPerMm;
  const [yaw, pitch, roll] = [pose.yawDegrees, pose.pitchDegrees, pose.rollDegrees].map(
    (degrees) => (degrees * Math.PI) / 180,
  ) as [number, number, number];
  const at = (rightMm: number, downMm: number): Point => {
    const x = Math.cos(roll) * rightMm - Math.sin(roll) * downMm;
    const y = Math.sin(roll) * rightMm + Math.cos(roll) * downMm;
    const leaning = -Math.sin(pitch) * y;
    const depth = distanceMm + Math.sin(yaw) * x + Math.cos(yaw) * leaning;
    return {
      x: middle.x + (FOCAL_PX * (Math.cos(yaw) * x - Math.sin(yaw) * leaning)) / depth,
      y: middle.y + (FOCAL_PX * Math.cos(pitch) * y) / depth,
    };
  };
  const [right, down] = [widthMm / 2, heightMm / 2];
  return { pxPerMm, at, quad: [at(-right, -down), at(right, -down), at(right, down), at(-right, down)] };
}
