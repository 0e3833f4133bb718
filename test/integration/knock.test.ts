import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/lib/clock.js';
import { knock } from '../../src/uplink/knock.js';
import { closer, type Gate, speaker, startGate } from '../support/gate.js';
import { type Mosquitto, startMosquitto } from '../support/mosquitto.js';

/** Whether a broker takes a connection, asked without a word; certificates are in uplink-tls.test.ts. */
const undo: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const step of undo.splice(0)) await step();
});

async function gate(starting: Promise<Gate>): Promise<Gate> {
  const started = await starting;
  undo.push(() => started.close());
  return started;
}

async function broker(): Promise<Mosquitto> {
  const started = await startMosquitto();
  undo.push(() => started.remove());
  return started;
}

const ask = (url: string, { withinMs = 10_000, signal = new AbortController().signal } = {}) =>
  knock({ url, tls: {}, withinMs }, systemClock, signal);

describe('a broker that is knocked at', () => {
  it('is found, and from where it was reached', async () => {
    expect(await ask((await broker()).url)).toEqual({ localAddress: '127.0.0.1' });
  });

  it('hears nothing: whoever answers the first word only is found as well', async () => {
    expect(await ask((await gate(startGate(closer))).url)).toEqual({ localAddress: '127.0.0.1' });
  });

  it('is missed where nothing listens', async () => {
    const gone = await gate(startGate(speaker()));
    await gone.close();
    const { problem } = await ask(gone.url);
    expect(problem).toMatchObject({ message: expect.stringContaining('nothing listens there') });
  });

  it('is given up where it is asked for TLS and says nothing, after the time or when it is told to', async () => {
    const { port } = await gate(startGate(speaker()));
    const url = `mqtts://127.0.0.1:${port}`;
    expect((await ask(url, { withinMs: 50 })).problem?.message).toContain('no answer within 0.05 s');
    const stopping = new AbortController();
    const asked = ask(url, { signal: stopping.signal });
    stopping.abort();
    expect((await asked).problem).toBeDefined();
  });

  it('is no broker where it speaks no TLS and is asked for it', async () => {
    const { port } = await broker();
    expect((await ask(`mqtts://127.0.0.1:${port}`)).problem?.code).toBe('uplink.connect-failed');
  });
});
