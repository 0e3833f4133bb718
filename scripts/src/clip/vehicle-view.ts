import type { Point } from '../../../src/domain/geometry.js';
import type { Camera } from './camera.js';
import { disc } from './plate-texture.js';
import { addGlow, type Canvas, fillPolygons, type Polygon } from './raster.js';
import { distanceAt, type VehicleKind, type VehiclePlan } from './traffic.js';

/**
 * A vehicle as a few flat panels, dark under the illuminator. Its outline from the side, from the
 * end that shows the plate (front or rear) to the other: metres along it and above the road, and
 * what the panel that starts there is made of.
 */
interface Shape {
  readonly widthM: number;
  readonly outline: readonly (readonly [number, number, 'body' | 'glass'])[];
  /** Lamps: metres from the middle, above the road, radius. */
  readonly lamp: readonly [number, number, number];
}

const SHAPES: Readonly<Record<VehicleKind, Readonly<Record<'towards' | 'away', Shape>>>> = {
  car: {
    towards: {
      widthM: 1.78,
      outline: [
        [0, 0.22, 'body'],
        [0, 0.72, 'body'],
        [0.95, 0.95, 'glass'],
        [1.65, 1.42, 'body'],
        [3.3, 1.44, 'glass'],
        [4.1, 0.95, 'body'],
        [4.3, 0.25, 'body'],
      ],
      lamp: [0.66, 0.66, 0.085],
    },
    away: {
      widthM: 1.78,
      outline: [
        [0, 0.25, 'body'],
        [0, 0.95, 'glass'],
        [0.5, 1.4, 'body'],
        [2.2, 1.44, 'glass'],
        [2.9, 0.96, 'body'],
        [4.0, 0.75, 'body'],
        [4.2, 0.25, 'body'],
      ],
      lamp: [0.72, 0.88, 0.07],
    },
  },
  van: {
    towards: {
      widthM: 1.95,
      outline: [
        [0, 0.25, 'body'],
        [0, 0.95, 'body'],
        [0.6, 1.15, 'glass'],
        [1.3, 1.85, 'body'],
        [4.8, 1.95, 'body'],
        [4.9, 0.3, 'body'],
      ],
      lamp: [0.74, 0.8, 0.09],
    },
    away: {
      widthM: 1.95,
      outline: [
        [0, 0.3, 'body'],
        [0, 1.2, 'glass'],
        [0.05, 1.7, 'body'],
        [0.1, 1.95, 'body'],
        [4.6, 1.85, 'body'],
        [4.9, 0.3, 'body'],
      ],
      lamp: [0.86, 1.0, 0.07],
    },
  },
  lorry: {
    towards: {
      widthM: 2.4,
      outline: [
        [0, 0.3, 'body'],
        [0, 1.3, 'glass'],
        [0.1, 2.1, 'body'],
        [0.4, 2.7, 'body'],
        [7.5, 2.8, 'body'],
        [7.5, 0.5, 'body'],
      ],
      lamp: [0.92, 0.7, 0.1],
    },
    away: {
      widthM: 2.4,
      outline: [
        [0, 0.5, 'body'],
        [0, 2.8, 'body'],
        [7.5, 2.8, 'body'],
        [7.5, 0.5, 'body'],
      ],
      lamp: [1.0, 0.75, 0.08],
    },
  },
  motorcycle: {
    towards: {
      widthM: 0.5,
      outline: [
        [0, 0.4, 'body'],
        [0, 1.1, 'body'],
        [0.4, 1.6, 'body'],
        [0.9, 1.6, 'body'],
        [1.9, 0.9, 'body'],
        [1.9, 0.3, 'body'],
      ],
      lamp: [0, 0.95, 0.09],
    },
    away: {
      widthM: 0.42,
      outline: [
        [0, 0.45, 'body'],
        [0, 0.95, 'body'],
        [0.5, 1.6, 'body'],
        [0.8, 1.65, 'body'],
        [1.8, 0.9, 'body'],
        [1.9, 0.3, 'body'],
      ],
      lamp: [0, 0.92, 0.06],
    },
  },
};

/** How brightly the illuminator beside the camera lights what is that far away. */
export function illumination(distanceM: number): number {
  return Math.min(1.15, Math.max(0.3, (14 / Math.max(1, distanceM)) ** 0.9));
}

/** Draws the body and lamps; the plate comes on top of it. */
export function drawVehicle(canvas: Canvas, plan: VehiclePlan, camera: Camera, atS: number): void {
  const shape = SHAPES[plan.kind][plan.direction];
  const near = distanceAt(plan, atS);
  const view = new View(canvas, camera, plan.laneX, near);
  const light = illumination(near);
  const body = plan.bodyGrey * light;
  const half = shape.widthM / 2;
  const lengthM = Math.max(...shape.outline.map(([along]) => along));

  view.fill(
    [
      [-half - 0.1, -0.05, 0],
      [-half - 0.1, lengthM, 0],
      [half + 0.1, lengthM, 0],
      [half + 0.1, -0.05, 0],
    ],
    6,
    0.75,
  );
  // The side towards the camera (it stands at the left kerb), then the panels from far to near.
  view.fill(shape.outline.map(([along, above]) => [-half, along, above] as const).reverse(), body * 0.55);
  for (const along of plan.kind === 'motorcycle' ? [0.15, 1.6] : [0.8, lengthM - 0.9]) {
    view.fill(
      disc(along, 0.32, 0.32).map(([y, z]) => [-half - 0.01, y, z] as const),
      9,
    );
  }
  for (let i = shape.outline.length - 2; i >= 0; i--) {
    const [fromAlong, fromAbove, material] = shape.outline[i] as (typeof shape.outline)[number];
    const [toAlong, toAbove] = shape.outline[i + 1] as (typeof shape.outline)[number];
    const inset = material === 'glass' ? 0.12 : 0;
    const panel = [
      [-half, fromAlong, fromAbove],
      [-half, toAlong, toAbove],
      [half, toAlong, toAbove],
      [half, fromAlong, fromAbove],
    ] as const;
    const slope = Math.abs(toAbove - fromAbove) / Math.hypot(toAlong - fromAlong, toAbove - fromAbove);
    view.fill(panel, body * (0.7 + 0.3 * slope));
    if (material === 'glass') {
      const pane = panel.map(([x, y, z]) => [x > 0 ? x - inset : x + inset, y, z] as const);
      view.fill(pane, 10 + 6 * light);
    }
  }
  drawFace(view, plan, half, light);
  drawLamps(view, plan, shape, light);
}

/** What surrounds the plate: a grille or a recess, darker than the body. */
function drawFace(view: View, plan: VehiclePlan, half: number, light: number): void {
  if (plan.kind === 'motorcycle') return;
  const wide = half * 0.78;
  const { plateZ } = plan;
  view.fill(
    [
      [-wide, -0.01, plateZ + 0.16],
      [wide, -0.01, plateZ + 0.16],
      [wide, -0.01, plateZ - 0.16],
      [-wide, -0.01, plateZ - 0.16],
    ],
    14 * light,
  );
}

function drawLamps(view: View, plan: VehiclePlan, { lamp }: Shape, light: number): void {
  const [aside, above, radius] = lamp;
  const towards = plan.direction === 'towards';
  for (const x of aside === 0 ? [0] : [-aside, aside]) {
    const middle = view.at(x, -0.03, above);
    const edge = view.at(x + radius, -0.03, above);
    if (middle === undefined || edge === undefined) continue;
    const radiusPx = Math.hypot(edge.x - middle.x, edge.y - middle.y);
    fillPolygons(view.canvas, [disc(middle.x, middle.y, radiusPx, 0.8)], towards ? 250 : 90 * light + 40);
    // An infrared camera's short exposure keeps the glow of a lamp small.
    addGlow(view.canvas, middle.x, middle.y, radiusPx * (towards ? 7 : 3), towards ? 130 : 40);
  }
  if (!towards) return;
  // The pool of its own light on the road ahead.
  const pool = view.at(0, -5, 0);
  if (pool !== undefined) addGlow(view.canvas, pool.x, pool.y, 150, 14);
}

/** The vehicle's own coordinates: across from its middle, along from its near end, above the road. */
class View {
  constructor(
    readonly canvas: Canvas,
    private readonly camera: Camera,
    private readonly laneX: number,
    private readonly near: number,
  ) {}

  at(x: number, along: number, above: number): Point | undefined {
    return this.camera.project({ x: this.laneX + x, y: this.near + along, z: above });
  }

  /**
   * Fills a panel whose corners run clockwise as seen from outside. One that faces away is hidden
   * by the rest of the vehicle; one that reaches behind the camera is below the picture.
   */
  fill(places: readonly (readonly [number, number, number])[], value: number, opacity = 1): void {
    const points = places.map(([x, along, above]) => this.at(x, along, above));
    if (points.some((point) => point === undefined)) return;
    const polygon: Polygon = (points as Point[]).map(({ x, y }) => [x, y]);
    if (signedArea(polygon) <= 0) return;
    fillPolygons(this.canvas, [polygon], value, opacity);
  }
}

/** Twice the area, positive where the corners run clockwise on the screen (y down). */
function signedArea(polygon: Polygon): number {
  let [fromX, fromY] = polygon[polygon.length - 1] as readonly [number, number];
  let sum = 0;
  for (const [x, y] of polygon) {
    sum += fromX * y - x * fromY;
    [fromX, fromY] = [x, y];
  }
  return sum;
}
