import type { Frame } from '../domain/frame.js';
import { plateSize } from '../domain/geometry.js';
import type { Observation } from '../domain/observation.js';
import type { VehicleLook } from '../domain/optics.js';
import { type ExposureLook, NO_OPTICS, type OpticsLook, type PictureLook } from '../domain/optics.js';
import type { Passage } from '../domain/passage.js';
import { pictureLook, plateLook } from './looks.js';
import type { ViewWatch } from './view-watch.js';

/** More than go by in a second: whoever looks every second misses none. */
const VEHICLES_SHOWN = 8;

/** Measures one camera's pictures while its frames go through: the frame, its plates, its vehicles, its view. */
export class Optics {
  readonly #view: ViewWatch;
  #picture: PictureLook | undefined;
  #vehicles: VehicleLook[] = [];
  #platesMeasured = 0;

  constructor(options: { readonly view: ViewWatch }) {
    this.#view = options.view;
  }

  /** To be called with every frame. */
  frame(frame: Frame): PictureLook {
    this.#picture = pictureLook(frame);
    this.#view.observe(frame, frame.capturedMonoMs);
    return this.#picture;
  }

  /** @returns the observation with how its plate looks, where it was read. */
  plate(observation: Observation): Observation {
    if (observation.crop === undefined) return observation;
    this.#platesMeasured++;
    return { ...observation, look: plateLook(observation.crop, observation.quad) };
  }

  /** A vehicle has gone by. @param atMono monotonic milliseconds. */
  vehicle({ look, quad }: Passage, atMono: number): void {
    const { heightPx } = look ?? plateSize(quad);
    this.#vehicles.push({ atMono, heightPx, ...(look && { plate: look }) });
    if (this.#vehicles.length > VEHICLES_SHOWN) this.#vehicles.shift();
  }

  look(exposure: ExposureLook = NO_OPTICS.exposure): OpticsLook {
    return {
      ...(this.#picture && { picture: this.#picture }),
      vehicles: [...this.#vehicles],
      platesMeasured: this.#platesMeasured,
      view: this.#view.look,
      exposure,
    };
  }
}
