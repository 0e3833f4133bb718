/** Start bit, 8 data bits, stop bit. */
const BITS = 10;

/**
 * What a serial line that is read at a wrong rate gives: the sender's levels, sampled in the middle of where the
 * reader takes the bits to be. A byte whose stop bit is not there is read as 0, as Linux does.
 */
export function readAtRate(sent: Uint8Array, sentBaud: number, readBaud: number): Uint8Array {
  const ends = sent.length * BITS;
  /** High or low at a time in bits of the sender; high when idle. */
  const levelAt = (at: number): 0 | 1 => {
    const bit = Math.floor(at);
    if (bit < 0 || bit >= ends) return 1;
    const inByte = bit % BITS;
    if (inByte === 0) return 0;
    if (inByte === BITS - 1) return 1;
    return (((sent[Math.floor(bit / BITS)] as number) >> (inByte - 1)) & 1) as 0 | 1;
  };
  const bitWidth = sentBaud / readBaud;
  const read: number[] = [];
  for (let at = 0; at < ends; ) {
    // Levels change at whole bits only, so a falling edge is at one, or here.
    while (at < ends && levelAt(at) === 1) at = Math.floor(at) + 1;
    if (at >= ends) break;
    let byte = 0;
    for (let bit = 1; bit <= 8; bit++) byte |= levelAt(at + (bit + 0.5) * bitWidth) << (bit - 1);
    const stopAt = at + (BITS - 0.5) * bitWidth;
    read.push(levelAt(stopAt) === 1 ? byte : 0);
    at = stopAt;
    // After a bad stop bit the next edge is looked for from the next high level on.
    while (at < ends && levelAt(at) === 0) at = Math.floor(at) + 1;
  }
  return Uint8Array.from(read);
}
