import type { Clock } from '../lib/clock.js';
import type { Logger } from '../lib/log.js';

/**
 * Everything that can be wrong with a device that still runs, in one catalogue: the page, the
 * command line, the MQTT status and the log show the same state in the same words.
 *
 * `visibleAfterMs`: a state that often mends itself within that time is not shown before.
 * `fadesAfterMs`: an event rather than a state; it is over when it has not come again for so long.
 */
export const WARNINGS = {
  'camera-lost': {
    title: 'Camera gives no frames',
    remedy: 'Check its power, cable and address; it is reopened by itself and this clears.',
    severity: 'high',
    visibleAfterMs: 0,
  },
  'vision-failed': {
    title: 'Vision process does not start',
    remedy: 'See the detail; the models folder and the installation are the usual causes.',
    severity: 'high',
    visibleAfterMs: 0,
  },
  'vision-restarted': {
    title: 'Vision process was replaced',
    remedy: 'Nothing to do once; if it comes back, report it with the log.',
    severity: 'medium',
    visibleAfterMs: 0,
    fadesAfterMs: 600_000,
  },
  'hotlist-missing': {
    title: 'No hotlist: reads are matched against nothing',
    remedy: 'Import one: anprctl hotlist import FILE.csv --list ID.',
    severity: 'high',
    visibleAfterMs: 0,
  },
  'hotlist-over-age': {
    title: 'List is older than allowed; hits on it are marked',
    remedy: 'Check the link and that its owner still publishes it: anprctl hotlist status.',
    severity: 'medium',
    visibleAfterMs: 0,
  },
  'hotlist-expired': {
    title: 'List has expired: nothing on it is matched',
    remedy: 'Ask its owner for a new revision.',
    severity: 'high',
    visibleAfterMs: 0,
  },
  'hotlist-refused': {
    title: 'A revision of a list was refused; the one in force stays',
    remedy: 'See the detail; a wrong signature means a wrong key, or somebody else at the broker.',
    severity: 'high',
    visibleAfterMs: 0,
  },
  'hotlist-failing': {
    title: 'A revision of a list cannot be taken over; the one in force stays',
    remedy: 'See the detail; it is tried again by itself.',
    severity: 'medium',
    visibleAfterMs: 30_000,
  },
  'clock-doubtful': {
    title: 'The clock cannot be right: weed dates and list ages are not applied',
    remedy: 'Check the time source (timedatectl); it clears by itself.',
    severity: 'high',
    visibleAfterMs: 0,
  },
  'broker-away': {
    title: 'No connection to the broker; records wait in the store',
    remedy: 'Do what the detail says, and check the link; it is retried by itself, and nothing is lost.',
    severity: 'medium',
    visibleAfterMs: 10_000,
  },
  'link-unsteady': {
    title: 'The connection to the broker is lost again and again',
    remedy:
      'Check reception and the log of the broker, and that no other device has the same unit.id; nothing is lost.',
    severity: 'medium',
    visibleAfterMs: 0,
    fadesAfterMs: 60_000,
  },
  'broker-refuses': {
    title: 'The broker refuses messages of this unit; they wait in the store',
    remedy: 'Mend the access rules or limits of the broker; they are sent again by themselves.',
    severity: 'high',
    visibleAfterMs: 0,
    // Between two tries none counts as refused.
    fadesAfterMs: 30_000,
  },
  'broker-fallback': {
    title: 'The first broker of the list is away; another one is used',
    remedy: 'Do what the detail says; the first one is tried again by itself.',
    severity: 'low',
    visibleAfterMs: 60_000,
  },
  'certificate-expiring': {
    title: 'A certificate of the link expires soon, or has expired',
    remedy: 'Put a new one in its place; it is read again at the next connection, without a restart.',
    severity: 'high',
    visibleAfterMs: 0,
  },
  'certificate-unused': {
    title: 'A new certificate cannot be used; the link goes on with the one before',
    remedy: 'See the detail; put certificate and key there together, readable for the service.',
    severity: 'high',
    visibleAfterMs: 15_000,
  },
  'meter-spent': {
    title: 'The hour of the metered link is spent; what is not a hit waits',
    remedy: 'Nothing to do; raise mqtt.metering where it happens every day.',
    severity: 'low',
    visibleAfterMs: 0,
  },
  'store-failing': {
    title: 'Records cannot be written',
    remedy: 'Check for a full, read-only or failing disk below store.path.',
    severity: 'high',
    visibleAfterMs: 0,
  },
  'store-in-memory': {
    title: 'Records are kept in memory only: a loss of power loses them',
    remedy: 'Mend the disk below store.path; they move there by themselves when it can be written again.',
    severity: 'high',
    visibleAfterMs: 0,
  },
  'store-damaged': {
    title: 'The store was damaged; what could be read was taken over',
    remedy: 'See the detail for what was lost; replace the disk, and keep a file that was set aside.',
    severity: 'high',
    visibleAfterMs: 0,
  },
  'store-over-budget': {
    title: 'The store is full: what the broker has not taken is being dropped',
    remedy: 'Mend the link, or raise store.mostMegabytes and store.lanes; hits are never dropped.',
    severity: 'high',
    visibleAfterMs: 0,
    fadesAfterMs: 3_600_000,
  },
  'position-silent': {
    title: 'The receiver of positions says nothing that can be understood',
    remedy: 'Check its plug, its power and position.receiver; it is reopened by itself.',
    severity: 'medium',
    visibleAfterMs: 10_000,
  },
  'position-searching': {
    title: 'The receiver has no fix; records bear an older position, or none',
    remedy: 'Check that its antenna sees the sky; in a tunnel or a garage wait.',
    severity: 'low',
    visibleAfterMs: 120_000,
  },
  'position-unsealed': {
    title: 'There is no key to seal positions to: records bear none',
    remedy: 'Set position.centrePublicKey; the centre makes it with anprctl centre-key.',
    severity: 'medium',
    visibleAfterMs: 0,
  },
  'position-moved': {
    title: 'The device is not where it was surveyed',
    remedy: 'See that it is still in its place; survey it again where it was moved on purpose.',
    severity: 'high',
    visibleAfterMs: 0,
  },
  'lines-unavailable': {
    title: 'Lines of the cabinet or vehicle cannot be used',
    remedy:
      'See the detail; check lines.board, and that the service may use GPIO. They are tried again by themselves.',
    severity: 'high',
    visibleAfterMs: 0,
  },
  'tamper-open': {
    title: 'The cabinet is open',
    remedy: 'Send somebody, unless work is going on there; check the switch if it is shut.',
    severity: 'high',
    visibleAfterMs: 0,
  },
  'lens-dirty': {
    title: 'Pictures have lost contrast: the lens or the window may be dirty',
    remedy: 'Look at a picture; clean the window.',
    severity: 'medium',
    visibleAfterMs: 0,
  },
  'out-of-focus': {
    title: 'Plates are not sharp',
    remedy: 'Look at a picture; set the focus again, for the infrared light if it is night.',
    severity: 'medium',
    visibleAfterMs: 0,
  },
  'plates-too-small': {
    title: 'Plates are smaller than can be read well',
    remedy:
      'Bring the camera closer to the road, or its zoom; see models/figures for what height in pixels is needed.',
    severity: 'medium',
    visibleAfterMs: 0,
  },
  'illuminator-failed': {
    title: 'Plates stay dark although the illuminator is switched on',
    remedy: 'Check the illuminator, its fuse and its line.',
    severity: 'high',
    visibleAfterMs: 0,
  },
  'camera-moved': {
    title: 'The camera looks elsewhere than it did',
    remedy: 'Look at a picture; aim it again, or restart anprd to accept the new view.',
    severity: 'high',
    visibleAfterMs: 0,
  },
  'exposure-uncontrolled': {
    title: "The camera's exposure cannot be set",
    remedy: 'See the detail; switch exposure.control off for a camera whose driver does not offer it.',
    severity: 'low',
    visibleAfterMs: 0,
  },
  'metrics-unserved': {
    title: 'Metrics cannot be served',
    remedy:
      'See what else listens at that port (ss -ltnp), or choose another health.metricsPort, and restart.',
    severity: 'low',
    visibleAfterMs: 0,
  },
  'clock-unsynchronised': {
    title: 'The clock is not synchronised; records say so',
    remedy: 'Check the time service (timedatectl, chronyc tracking) and its sources.',
    severity: 'medium',
    visibleAfterMs: 120_000,
  },
  'clock-disagrees': {
    title: 'The clock and the time of the satellites differ',
    remedy: 'Check the time service (timedatectl, chronyc sources): one of its sources is wrong.',
    severity: 'high',
    visibleAfterMs: 10_000,
  },
  'too-hot': {
    title: 'The processor is hot: fewer frames are taken in',
    remedy: 'Check the fan, the vents and the sun on the cabinet; it clears by itself.',
    severity: 'medium',
    visibleAfterMs: 0,
  },
  throttled: {
    title: 'The processor slows itself down',
    remedy: 'See the detail: heat, or too little voltage; frames are skipped meanwhile.',
    severity: 'high',
    visibleAfterMs: 0,
    fadesAfterMs: 60_000,
  },
  'under-voltage': {
    title: 'The supply voltage is too low',
    remedy: 'Check the power supply and its cable; a Raspberry Pi needs 5.1 V at its plug.',
    severity: 'high',
    visibleAfterMs: 0,
    fadesAfterMs: 60_000,
  },
  'disk-worn': {
    title: 'The card or disk is near the end of its life',
    remedy: 'Replace it at the next visit.',
    severity: 'medium',
    visibleAfterMs: 0,
  },
  'disk-low': {
    title: 'Little room is left on the disk',
    remedy: 'See what fills it; records are given up for room below store.leaveFreeMegabytes.',
    severity: 'medium',
    visibleAfterMs: 0,
  },
} as const satisfies Record<
  string,
  {
    title: string;
    remedy: string;
    severity: 'high' | 'medium' | 'low';
    visibleAfterMs: number;
    fadesAfterMs?: number;
  }
>;

export type WarningCode = keyof typeof WARNINGS;

export interface ActiveWarning {
  readonly code: WarningCode;
  /** What it is about, such as a camera's id; '' for the device. */
  readonly subject: string;
  readonly title: string;
  readonly remedy: string;
  readonly severity: 'high' | 'medium' | 'low';
  readonly detail: string;
  /** UTC, milliseconds. */
  readonly sinceMs: number;
  /** UTC, milliseconds: raised last. */
  readonly lastMs: number;
}

/** With the monotonic times that go with the UTC ones: setting the clock shows or ends nothing. */
interface Held {
  readonly warning: ActiveWarning;
  readonly sinceMono: number;
  readonly lastMono: number;
  isLogged: boolean;
}

export class Warnings {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #active = new Map<string, Held>();

  constructor(options: { readonly clock: Clock; readonly log: Logger }) {
    this.#clock = options.clock;
    this.#log = options.log;
  }

  /** Raised again it keeps its time and takes the new detail; it is logged once, when it is first shown. */
  raise(code: WarningCode, subject: string, detail: string): void {
    const { title, remedy, severity } = WARNINGS[code];
    const key = `${code} ${subject}`;
    const before = this.#active.get(key);
    const lastMono = this.#clock.monoMs();
    const lastMs = this.#clock.nowMs();
    const sinceMs = before?.warning.sinceMs ?? lastMs;
    const held: Held = {
      warning: { code, subject, title, remedy, severity, detail, sinceMs, lastMs },
      sinceMono: before?.sinceMono ?? lastMono,
      lastMono,
      isLogged: before?.isLogged ?? false,
    };
    this.#active.set(key, held);
    this.#show(held, lastMono);
  }

  /** Raises it with a detail, clears it without: for a state that is looked at again and again. */
  tell(code: WarningCode, subject: string, detail: string | undefined): void {
    if (detail === undefined) this.clear(code, subject);
    else this.raise(code, subject, detail);
  }

  clear(code: WarningCode, subject: string): void {
    const key = `${code} ${subject}`;
    if (this.#active.get(key)?.isLogged) this.#log.info({ code, subject }, `over: ${WARNINGS[code].title}`);
    this.#active.delete(key);
  }

  /** Those to be shown now, the most severe and then the oldest first. To be called every second or so. */
  visible(): ActiveWarning[] {
    const nowMono = this.#clock.monoMs();
    this.#fade(nowMono);
    const order = { high: 0, medium: 1, low: 2 };
    return [...this.#active.values()]
      .filter((held) => this.#show(held, nowMono))
      .sort((a, b) => order[a.warning.severity] - order[b.warning.severity] || a.sinceMono - b.sinceMono)
      .map(({ warning }) => warning);
  }

  /** What mends itself within `visibleAfterMs` is in no log either. @returns whether it is to be shown. */
  #show(held: Held, nowMono: number): boolean {
    const { code, subject, detail, remedy, title } = held.warning;
    if (nowMono - held.sinceMono < WARNINGS[code].visibleAfterMs) return false;
    if (!held.isLogged) this.#log.warn({ code, subject, detail, remedy }, title);
    held.isLogged = true;
    return true;
  }

  #fade(nowMono: number): void {
    for (const { warning, lastMono } of this.#active.values()) {
      const { code, subject } = warning;
      const entry = WARNINGS[code];
      if ('fadesAfterMs' in entry && nowMono - lastMono > entry.fadesAfterMs) this.clear(code, subject);
    }
  }
}
