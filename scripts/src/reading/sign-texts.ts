import { restorePrintedForm } from '../../../src/domain/grammar/forms.js';
import { parseVrm } from '../../../src/domain/vrm.js';
import type { Random } from '../clip/random.js';

/** What is written beside roads, on vehicles and into pictures, and is no mark. */
export const SIGN_KINDS = ['words', 'telephone', 'price', 'overlay', 'badge', 'road sign'] as const;
export type SignKind = (typeof SIGN_KINDS)[number];

const WORDS =
  `SCAFFOLDING SKIPS HAULAGE REMOVALS TAXI MINICAB CATERING PLUMBERS GLAZING FENCING ROOFERS BAKERS FLOWERS
GROCERS BUTCHERS OPTICIANS DENTIST SURGERY LIBRARY MUSEUM STATION PLATFORM TICKETS ARRIVALS CAR PARK PAY HERE
EXIT ONLY NO ENTRY GIVE WAY STOP SLOW SCHOOL KEEP LEFT CLEAR AMBULANCE POLICE FIRE HIGHWAYS MAINTENANCE LONG
VEHICLE WIDE LOAD DANGER FLAMMABLE EMPTY TO LET SOLD NEW MENU OPEN LATE FRESH DAILY FAMILY BUTCHER EST TRADE
COUNTER VANS VALETING TYRES BATTERIES MOT WHILE YOU WAIT HOW AM DRIVING CHILD ON BOARD LOVE MY DOG TURBO SPORT
HYBRID QUATTRO LIMITED ESTATE EXPRESS LINE BROTHERS SONS LTD COUNCIL WATER GAS TELECOM PARCELS COURIERS`.split(
    /\s+/,
  );
const TOWNS = ['LEEDS', 'YORK', 'BATH', 'HULL', 'DERBY', 'DOVER', 'CREWE', 'THE NORTH', 'SERVICES', 'CITY'];
const LORRIES = ['SCANIA R', 'VOLVO FH ', 'DAF XF ', 'MAN TGX ', 'IVECO S-WAY ', 'ACTROS ', 'RENAULT T '];
const BADGES = [
  '2.0 TDI',
  '1.6 HDI',
  '320d xDrive',
  'C 220 d',
  'GTI',
  'XC90',
  'CR-V',
  'ECO 4x4',
  'MX-5',
  'A6 3.0',
];

export function signText(kind: SignKind, random: Random): string {
  const digits = (count: number) => Array.from({ length: count }, () => random.whole(0, 9)).join('');
  const word = () => random.pick(WORDS);
  switch (kind) {
    case 'words':
      return Array.from({ length: random.pick([1, 1, 2, 2, 3]) }, word).join(' ');
    case 'telephone':
      // Numbers that are kept for stories: nobody is called.
      return random.pick([
        `07700 900${digits(3)}`,
        `01632 960${digits(3)}`,
        `020 7946 0${digits(3)}`,
        `0808 157 0${digits(3)}`,
        `07700900${digits(3)}`,
        `+44 7700 900${digits(3)}`,
        `Tel: 0113 496 0${digits(3)}`,
      ]);
    case 'price':
      return random.pick([
        `${random.whole(1, 99)}.99`,
        `${random.whole(120, 189)}.9p`,
        `${random.whole(1, 9)}0% OFF`,
        `FROM ${random.whole(2, 40)},995`,
        `${random.whole(2, 5)} FOR ${random.whole(2, 9)}.50`,
        `ONLY ${random.whole(10, 99)}p EACH`,
      ]);
    case 'overlay': {
      const clock = [23, 59, 59].map((most) => String(random.whole(0, most)).padStart(2, '0')).join(':');
      const day = `2026-${String(random.whole(1, 12)).padStart(2, '0')}-${String(random.whole(1, 28)).padStart(2, '0')}`;
      return random.pick([
        `CAM0${random.whole(1, 9)} ${day} ${clock}`,
        `CAM0${random.whole(1, 9)}`,
        clock,
        `${day} ${clock}`,
        `LANE ${random.whole(1, 4)} ${random.whole(20, 80)} MPH`,
        `CH${random.whole(1, 16)} REC ${clock}`,
      ]);
    }
    case 'badge':
      return random.chance(0.5) ? random.pick(LORRIES) + random.whole(36, 77) + 0 : random.pick(BADGES);
    case 'road sign':
      return random.pick([
        `A${random.whole(1, 699)}`,
        `M25 J${random.whole(1, 31)}`,
        `M${random.whole(1, 90)} ${random.pick(TOWNS)}`,
        `${random.pick(TOWNS)} ${random.whole(2, 99)}`,
        `A${random.whole(1, 99)} (M${random.whole(1, 90)})`,
        `MAX ${random.whole(2, 7)}0 MPH`,
        `${random.whole(2, 4)}.${random.whole(0, 9)} m`,
        String(random.whole(2, 7) * 10),
      ]);
  }
}

/**
 * Whether a text has exactly the form of a UK mark (A40, XC90): no reader can know better from the
 * plate alone, so such signs are counted apart.
 */
export function isMarkLike(text: string): boolean {
  const vrm = parseVrm(text.replace(/[^A-Za-z0-9]/g, ''));
  return vrm !== undefined && restorePrintedForm(vrm).ukClass !== undefined;
}
