/**
 * How large anything in a package may be. Everything here is read before or while it is verified,
 * on a device with little memory, so each limit says what it guards and why honest lists stay below.
 */

/** Of the envelope: 500 deltas take 70 kB; a broker's retained manifest is read into memory whole. */
export const MOST_ENVELOPE_BYTES = 512 * 1024;
/** Of a blob as it travels. Blobs are cut at about a tenth of that; many brokers take no larger packet. */
export const MOST_BLOB_BYTES = 4 * 1024 * 1024;
/**
 * Of a blob inflated: what a gzip bomb can cost in memory, for each of the parts that are merged. The
 * largest that anybody writes is a line of MOST_LINE_LENGTH behind a blob that is all but full.
 */
export const MOST_INFLATED_BYTES = 4 * 1024 * 1024;
/** Raw lines that make one blob: small enough to send again after a lost link, large enough to pack well. */
export const BLOB_TARGET_BYTES = 512 * 1024;
/**
 * Of a mark's whole line, in UTF-16 units: at three bytes each, and behind a blob that is all but
 * full, it stays below MOST_BLOB_BYTES however badly it packs.
 */
export const MOST_LINE_LENGTH = 1024 * 1024;
/** Of a row's JSON text, in UTF-16 units: 18 columns of some hundred characters each. */
export const MOST_ROW_LENGTH = 16 * 1024;
/** Of one mark: a vehicle is named by some entries of some forces, not by a thousand. */
export const MOST_ROWS_PER_MARK = 1_000;
/** Of a part, the table included: 65,536 blobs are 32 GiB of lines, and their table is 2 MiB. */
export const MOST_BLOBS = 65_536;
/** Of a part, as it travels: more than the card of any device holds beside its records. */
export const MOST_PART_BYTES = 16 * 1024 ** 3;
/** In a manifest. A publisher keeps 30; a device asks for each by itself. */
export const MOST_DELTAS = 500;
/** Half the vehicles of the United Kingdom; their keys take 320 MB of a device's memory. */
export const MOST_MARKS = 20_000_000;
export const MOST_ENTRIES = 100_000_000;
/** Twelve digits: one a second for thirty thousand years, and names stay short. */
export const MOST_REVISION = 999_999_999_999;
/** Of the texts in a manifest, in UTF-16 units. */
export const MOST_OWNER_LENGTH = 200;
export const MOST_ACTION_LENGTH = 200;
/** UTC, milliseconds: a list issued outside of these years was issued by a clock that was not set. */
export const FIRST_ISSUE_MS = Date.UTC(2024, 0, 1);
export const LAST_ISSUE_MS = Date.UTC(2100, 0, 1);
