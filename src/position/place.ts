import type { Place } from '../domain/position.js';

const METRES_A_DEGREE = 111_195;
/** What receivers without a fix are known to send as if it were one. */
const NOWHERE: Place = { latitudeDeg: 0, longitudeDeg: 0 };

/**
 * Whether a place can be meant: on the globe, and not 0,0, which is open sea and what cheap receivers
 * call a place they do not know.
 */
export function isPlace({ latitudeDeg, longitudeDeg }: Place): boolean {
  if (latitudeDeg === NOWHERE.latitudeDeg && longitudeDeg === NOWHERE.longitudeDeg) return false;
  return Math.abs(latitudeDeg) <= 90 && Math.abs(longitudeDeg) <= 180;
}

/** Metres between two places on a sphere; within 0.6 % of the ellipsoid's. */
export function metresBetween(one: Place, other: Place): number {
  const [phi, psi] = [radians(one.latitudeDeg), radians(other.latitudeDeg)];
  const halfNorth = Math.sin((psi - phi) / 2);
  const halfEast = Math.sin(radians(turnBetween(one.longitudeDeg, other.longitudeDeg)) / 2);
  const haversine = halfNorth ** 2 + Math.cos(phi) * Math.cos(psi) * halfEast ** 2;
  return 2 * ((METRES_A_DEGREE * 180) / Math.PI) * Math.asin(Math.min(1, Math.sqrt(haversine)));
}

/** The place a share (0 to 1) of the way from one to another, which are seconds of driving apart. */
export function placeBetween(one: Place, other: Place, share: number): Place {
  const latitudeDeg = one.latitudeDeg + (other.latitudeDeg - one.latitudeDeg) * share;
  const eastDeg = turnBetween(one.longitudeDeg, other.longitudeDeg) * share;
  return { latitudeDeg, longitudeDeg: wrapped(one.longitudeDeg + eastDeg) };
}

/** The course a share of the shorter turn from one to another, 0 to 360. */
export function courseBetween(oneDeg: number, otherDeg: number, share: number): number {
  return (oneDeg + turnBetween(oneDeg, otherDeg) * share + 360) % 360;
}

/** The shorter turn from one angle to another, -180 to 180 degrees. */
function turnBetween(fromDeg: number, toDeg: number): number {
  return wrapped(toDeg - fromDeg);
}

/** An angle as -180 to 180 degrees. */
function wrapped(deg: number): number {
  return deg > 180 ? deg - 360 : deg < -180 ? deg + 360 : deg;
}

function radians(deg: number): number {
  return (deg * Math.PI) / 180;
}
