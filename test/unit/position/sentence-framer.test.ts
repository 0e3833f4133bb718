import { describe, expect, it } from 'vitest';
import { SentenceFramer } from '../../../src/position/nmea/sentence-framer.js';

/** What comes over a line, cut into sentences; the rest is counted. */

function framing() {
  const framer = new SentenceFramer();
  let bad = 0;
  return {
    bad: () => bad,
    push: (text: string, atMono = 0) => [
      ...framer.push(Buffer.from(text, 'latin1'), atMono, () => {
        bad++;
      }),
    ],
  };
}

describe('sentences', () => {
  it('come out whole however they were cut on the way, and as old as their first byte', () => {
    const { push, bad } = framing();
    expect(push('$GPRMC,1', 10)).toEqual([]);
    expect(push('20000*5', 20)).toEqual([]);
    expect(push('5\r', 30)).toEqual([{ text: '$GPRMC,120000*55', atMono: 10 }]);
    expect(push('\n$A,1*00\r\n$B,2*00\n$', 40)).toEqual([
      { text: '$A,1*00', atMono: 40 },
      { text: '$B,2*00', atMono: 40 },
    ]);
    expect(bad()).toBe(0);
  });

  it('that the opening of the line cut off are nobody’s fault', () => {
    const { push, bad } = framing();
    expect(push('0.0,M,45.0,M,,*5A\r\n$A,1*00\r\n')).toHaveLength(1);
    expect(bad()).toBe(0);
  });

  it('that another one cuts short are counted', () => {
    const { push, bad } = framing();
    expect(push('$GPRMC,12000$GPGGA,1*00\r\n')).toEqual([{ text: '$GPGGA,1*00', atMono: 0 }]);
    expect(bad()).toBe(1);
  });

  it('with bytes that are no text are given up at once', () => {
    const { push, bad } = framing();
    expect(push('$GPRMC,\x00120000*00\r\n$A,1*00\r\n')).toHaveLength(1);
    expect(bad()).toBe(1);
  });

  it('never grow beyond what a sentence can be', () => {
    const { push, bad } = framing();
    expect(push(`$${'A'.repeat(100_000)}\r\n$A,1*00\r\n`)).toHaveLength(1);
    expect(bad()).toBe(1);
  });

  it('are found between stretches of noise, each counted once', () => {
    const { push, bad } = framing();
    const noise = '\xb5b\x01\x07\x5c binary \xff';
    expect(push(`$A,1*00\r\n${noise}$B,1*00\r\n${noise}\n${noise}\n$C,1*00\r\n`)).toHaveLength(3);
    expect(bad()).toBe(3);
  });
});
