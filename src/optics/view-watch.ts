import type { ViewLook } from '../domain/optics.js';
import type { GreyPixels } from '../native/kernels.js';
import {
  bestShift,
  decodeView,
  encodeView,
  likeness,
  type Shift,
  signatureOf,
  toGrid,
  type ViewSignature,
} from './view-signature.js';

/** How often a picture is taken into account, and how many make a view: a minute's worth. */
export const SAMPLE_EVERY_MS = 2_000;
export const SAMPLES_A_VIEW = 30;

/**
 * Views that are so alike show the same place. On drawn roads by day and night, with shadows that
 * wandered or half of it behind a lorry, the same place has 0.45 and more, another one at most 0.2.
 */
const SAME = 0.3;
/** Less alike than this, and the same place: other light, which is worth remembering. */
const FAMILIAR = 0.8;
/** By how much better a view fits when it is moved, to be taken for one that was. */
const BETTER_MOVED = 0.12;
/** Cells, an eightieth of the picture's width each: looked for where a view is like none, and to see it creep. */
const MOST_SHIFT = { columns: 12, rows: 8, least: 1 };
const CREEP = { columns: 4, rows: 4, least: 2 };
/** Share of cells with an edge under which a picture says nothing: fog, a dark road without light. */
const LEAST_TEXTURE = 0.03;
/** Views in a row that must be alike before one of them is what the camera looks at. */
const LEARNED_AFTER = 3;
/** Views in a row that say moved by the same way; and that show another place altogether. */
const MOVED_AFTER = 4;
const ELSEWHERE_AFTER = 12;
const BACK_AFTER = 2;
/** Day, night, dusk, lamps on and off, wet, dry. */
const MOST_VIEWS = 12;

/**
 * Whether a camera still looks where it did, from what stands still in its pictures (pure).
 *
 * A view is what stood still for about a minute. Light changes by and by: each view is like the
 * one before, and is remembered. A camera that was knocked is seen at once not to be like any, and
 * to fit when its view is moved, or to fit nothing. It is believed after minutes, so that a lorry
 * that stops in front of it says nothing. A camera in a car that drives never learns a view, and
 * never says anything.
 */
export class ViewWatch {
  readonly #onViews: (views: readonly Uint8Array[]) => void;
  /** The newest last, but for the first, which stays: what moves a little again and again is seen by it. */
  #views: ViewSignature[];
  #grids: GreyPixels[] = [];
  #sampledAtMono = Number.NEGATIVE_INFINITY;
  #before: ViewSignature | undefined;
  #alike = 0;
  #same = 0;
  #elsewhere = 0;
  #shifted: { readonly shift: Shift; readonly views: number } | undefined;
  #look: ViewLook = { state: 'learning' };

  /**
   * @param options.views what another process learned of the same camera.
   * @param options.onViews told when there is something new to hand to the next process.
   */
  constructor(options: {
    readonly views?: readonly Uint8Array[];
    readonly onViews: (views: readonly Uint8Array[]) => void;
  }) {
    this.#views = (options.views ?? []).map(decodeView);
    this.#onViews = options.onViews;
  }

  get look(): ViewLook {
    return this.#look;
  }

  /** Takes a frame into account if it is time. */
  observe(picture: GreyPixels, monoMs: number): void {
    if (monoMs - this.#sampledAtMono < SAMPLE_EVERY_MS) return;
    this.#sampledAtMono = monoMs;
    const grid = toGrid(picture);
    if (grid.heightPx !== this.#grids[0]?.heightPx) this.#grids = [];
    this.#grids.push(grid);
    if (this.#grids.length < SAMPLES_A_VIEW) return;
    const view = signatureOf(this.#grids);
    this.#grids = [];
    this.#take(view);
    this.#before = view;
  }

  #take(view: ViewSignature): void {
    if (view.texture < LEAST_TEXTURE) {
      this.#unclear();
      return;
    }
    if (this.#views.length === 0) this.#learn(view);
    else this.#compare(view);
  }

  #learn(view: ViewSignature): void {
    this.#alike = this.#before !== undefined && likeness(this.#before, view) >= SAME ? this.#alike + 1 : 0;
    if (this.#alike < LEARNED_AFTER - 1) return;
    this.#remember(view);
    this.#look = { state: 'same' };
  }

  #compare(view: ViewSignature): void {
    const likest = this.#likest(view);
    if (likest.likeness >= SAME) {
      const { columns, rows } = bestShift(likest.view, view, 1);
      // A view that is off by a cell would, remembered, hide that the next is off by another.
      if (likest.likeness < FAMILIAR && columns === 0 && rows === 0) this.#remember(view);
      const creep = shiftBetween(this.#views[0] as ViewSignature, view, CREEP);
      if (creep === undefined) this.#seenSame();
      else this.#seenShifted(creep);
      return;
    }
    const shift =
      shiftBetween(likest.view, view, MOST_SHIFT) ??
      shiftBetween(this.#views.at(-1) as ViewSignature, view, MOST_SHIFT);
    if (shift !== undefined) this.#seenShifted(shift);
    else if (this.#before !== undefined && likeness(this.#before, view) >= SAME) this.#seenElsewhere();
    else this.#unclear();
  }

  #likest(view: ViewSignature): { readonly view: ViewSignature; readonly likeness: number } {
    return this.#views
      .map((each) => ({ view: each, likeness: likeness(each, view) }))
      .reduce((best, each) => (each.likeness > best.likeness ? each : best));
  }

  #seenSame(): void {
    this.#shifted = undefined;
    this.#elsewhere = 0;
    this.#same++;
    if (this.#look.state !== 'moved' || this.#same >= BACK_AFTER) this.#look = { state: 'same' };
  }

  #seenShifted(shift: Shift): void {
    this.#same = 0;
    this.#elsewhere++;
    const before = this.#shifted;
    const isAsBefore =
      before !== undefined &&
      Math.abs(before.shift.columns - shift.columns) <= 1 &&
      Math.abs(before.shift.rows - shift.rows) <= 1;
    this.#shifted = { shift, views: isAsBefore ? before.views + 1 : 1 };
    if (this.#shifted.views >= MOVED_AFTER) {
      this.#look = {
        state: 'moved',
        shiftShare: Math.hypot(shift.columns, shift.rows) / (this.#views[0] as ViewSignature).columns,
      };
    }
  }

  #seenElsewhere(): void {
    this.#same = 0;
    this.#shifted = undefined;
    this.#elsewhere++;
    if (this.#elsewhere >= ELSEWHERE_AFTER) this.#look = { state: 'moved' };
    else if (this.#look.state !== 'moved') this.#look = { state: 'unclear' };
  }

  /** Says nothing, for or against. */
  #unclear(): void {
    this.#same = 0;
    if (this.#views.length > 0 && this.#look.state !== 'moved') this.#look = { state: 'unclear' };
  }

  #remember(view: ViewSignature): void {
    this.#views.push(view);
    if (this.#views.length > MOST_VIEWS) this.#views.splice(1, 1);
    this.#onViews(this.#views.map(encodeView));
  }
}

/** How a view is shifted against one that is known, if it clearly is. */
function shiftBetween(known: ViewSignature, view: ViewSignature, most: typeof MOST_SHIFT): Shift | undefined {
  const shift = bestShift(known, view, most.columns, most.rows);
  const isClear =
    shift.likeness >= SAME && shift.likeness >= Math.max(0, likeness(known, view)) + BETTER_MOVED;
  return isClear && Math.hypot(shift.columns, shift.rows) >= most.least ? shift : undefined;
}
