/**
 * What pictures say of the camera itself: whether it sees sharply, brightly enough, and still the
 * same place. Numbers only; nothing in them shows a vehicle, a text or a place.
 */

/** How one plate looked in one frame. */
export interface PlateLook {
  /** Its height in the frame, pixels. */
  readonly heightPx: number;
  /** 90th percentile of its pixels, 0 to 255: its ground, whatever the characters cover. */
  readonly brightness: number;
  /** Share of its pixels that are as bright as can be, 0 to 1. */
  readonly saturatedShare: number;
  /** How much darker its characters are than its ground, 0 to 1; haze and dirt lower it. */
  readonly contrast: number;
  /** Width of its sharpest edges, pixels of the frame: one to two where the focus is right. */
  readonly edgePx: number;
}

/** How one vehicle's plate looked in the frame in which it was largest, and how bright it ever was. */
export interface VehicleLook {
  /** Monotonic milliseconds: when its passage was closed. */
  readonly atMono: number;
  readonly heightPx: number;
  /** Absent where its plate was never read, as one that is too small. */
  readonly plate?: PlateLook;
}

/** One whole picture. */
export interface PictureLook {
  /** Mean of its pixels, 0 to 255. */
  readonly brightness: number;
  /** Share of its pixels that are as bright as can be, 0 to 1. */
  readonly saturatedShare: number;
  /** From its 5th to its 95th percentile, grey levels. */
  readonly contrast: number;
}

export interface ViewLook {
  /**
   * learning: too few pictures yet; same: it looks where it did; moved: it has looked elsewhere for
   * minutes; unclear: too dark, too empty or too changeable to say.
   */
  readonly state: 'learning' | 'same' | 'moved' | 'unclear';
  /** Of moved, where it is known: by how much of the picture's width. */
  readonly shiftShare?: number;
}

export interface ExposureLook {
  /** off: not configured; uncontrolled: the camera does not let itself be set. */
  readonly state: 'off' | 'controlled' | 'uncontrolled';
  /** Why it is uncontrolled, and what to do. */
  readonly detail?: string;
  readonly exposureMs?: number;
  /** Share of the camera's range of gain, 0 to 1. */
  readonly gainShare?: number;
}

/** What one camera's pictures say of it; in every beat of its vision process. */
export interface OpticsLook {
  /** The newest; absent before the first. */
  readonly picture?: PictureLook;
  /** The newest vehicles, oldest first; a few, so that whoever looks every second misses none. */
  readonly vehicles: readonly VehicleLook[];
  /** Plates measured since the process began. */
  readonly platesMeasured: number;
  readonly view: ViewLook;
  readonly exposure: ExposureLook;
}

/** Before the first frame. */
export const NO_OPTICS: OpticsLook = {
  vehicles: [],
  platesMeasured: 0,
  view: { state: 'learning' },
  exposure: { state: 'off' },
};
