import { type Camera, pinhole } from '../clip/camera.js';
import type { Face } from '../clip/face.js';
import type { Random } from '../clip/random.js';
import type { Canvas } from '../clip/raster.js';
import { drawScene } from '../clip/scene.js';
import type { VehiclePlan } from '../clip/traffic.js';

/** Where a camera stands, and the empty road that it sees. */
export interface Viewpoint {
  readonly camera: Camera;
  readonly background: Canvas;
}

/** Metres from the middle of the road and above it: over the lane, at the kerb, and well aside. */
const POSTS = [
  { x: 0.4, z: 5.2 },
  { x: -3.4, z: 3.4 },
  { x: -6.6, z: 2.6 },
] as const;
export const POST_COUNT = POSTS.length;

const WIDTH_PX = 960;
const HEIGHT_PX = 540;
/** A plate of 520 mm is 45 px wide at 26 m and 100 px at 12 m. */
const FOCAL_PX = 2400;
/** Distance that the camera is aimed at, in the middle of the vehicle's lane, metres. */
const AIM_M = 16;
const LANE_X = { towards: 1.5, away: -1.6 };

/**
 * The camera at a post, aimed at the lane of a direction: from over the lane it sees plates nearly
 * from ahead, from aside they are turned by up to 35 degrees, and more the nearer they come.
 */
export function viewpointAt(
  post: number,
  direction: VehiclePlan['direction'],
  face: Face,
  random: Random,
): Viewpoint {
  const position = POSTS[post];
  if (position === undefined) throw new RangeError(`expected a post below ${POST_COUNT}, got ${post}`);
  const degrees = (radians: number) => (radians * 180) / Math.PI;
  const camera = pinhole({
    widthPx: WIDTH_PX,
    heightPx: HEIGHT_PX,
    position: { ...position, y: 0 },
    focalPx: FOCAL_PX,
    yawDegrees: degrees(Math.atan2(LANE_X[direction] - position.x, AIM_M)),
    pitchDegrees: degrees(Math.atan2(position.z - 0.6, AIM_M)),
    rollDegrees: 1,
  });
  return { camera, background: drawScene(camera, face, random) };
}
