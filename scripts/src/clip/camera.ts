import type { Point } from '../../../src/domain/geometry.js';

/** Metres: x to the right across the road, y along it away from the camera, z up from the road. */
export interface Place {
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

/** A pinhole camera beside the road. */
export interface Camera {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly position: Place;
  /** Where a place is in the picture; undefined behind the camera. */
  project(place: Place): Point | undefined;
  /** The place on the road that a picture point shows; undefined at and above the horizon. */
  onRoad(point: Point): Place | undefined;
}

export interface CameraOptions {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly position: Place;
  readonly focalPx: number;
  /** Degrees: to the right, down, and leaning clockwise. */
  readonly yawDegrees: number;
  readonly pitchDegrees: number;
  readonly rollDegrees: number;
}

/** On a pole at the left kerb, looking along the road and a little across it. */
export const KERB_CAMERA: CameraOptions = {
  widthPx: 1280,
  heightPx: 720,
  position: { x: -3.4, y: 0, z: 3.4 },
  focalPx: 2800,
  yawDegrees: 15.3,
  pitchDegrees: 12,
  rollDegrees: 1.2,
};

type Triple = readonly [number, number, number];

export function pinhole(options: CameraOptions): Camera {
  const { widthPx, heightPx, position, focalPx } = options;
  const [right, down, forward] = axes(options);
  return {
    widthPx,
    heightPx,
    position,
    project({ x, y, z }) {
      const offset: Triple = [x - position.x, y - position.y, z - position.z];
      const depth = dot(offset, forward);
      if (depth < 0.1) return undefined;
      return {
        x: widthPx / 2 + (focalPx * dot(offset, right)) / depth,
        y: heightPx / 2 + (focalPx * dot(offset, down)) / depth,
      };
    },
    onRoad({ x, y }) {
      const across = (x - widthPx / 2) / focalPx;
      const below = (y - heightPx / 2) / focalPx;
      const ray = [0, 1, 2].map(
        (i) => (forward[i] as number) + across * (right[i] as number) + below * (down[i] as number),
      ) as unknown as Triple;
      if (ray[2] >= -1e-6) return undefined;
      const length = -position.z / ray[2];
      return { x: position.x + length * ray[0], y: position.y + length * ray[1], z: 0 };
    },
  };
}

/** The camera's own right, down and forward in road coordinates. */
function axes({ yawDegrees, pitchDegrees, rollDegrees }: CameraOptions): [Triple, Triple, Triple] {
  const [yaw, pitch, roll] = [yawDegrees, pitchDegrees, rollDegrees].map(
    (degrees) => (degrees * Math.PI) / 180,
  ) as [number, number, number];
  const forward: Triple = [
    Math.sin(yaw) * Math.cos(pitch),
    Math.cos(yaw) * Math.cos(pitch),
    -Math.sin(pitch),
  ];
  const level: Triple = [Math.cos(yaw), -Math.sin(yaw), 0];
  const below: Triple = [
    -Math.sin(yaw) * Math.sin(pitch),
    -Math.cos(yaw) * Math.sin(pitch),
    -Math.cos(pitch),
  ];
  const turn = (a: Triple, b: Triple, cos: number, sin: number): Triple =>
    [0, 1, 2].map((i) => cos * (a[i] as number) + sin * (b[i] as number)) as unknown as Triple;
  return [
    turn(level, below, Math.cos(roll), -Math.sin(roll)),
    turn(below, level, Math.cos(roll), Math.sin(roll)),
    forward,
  ];
}

function dot(a: Triple, b: Triple): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}
