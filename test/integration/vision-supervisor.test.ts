import { fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { captureSchema, passagesSchema, platesSchema, visionSchema } from '../../src/config/schema.js';
import type { Passage } from '../../src/domain/passage.js';
import type { DeviceError } from '../../src/lib/errors.js';
import { createLogger } from '../../src/lib/log.js';
import { VisionSupervisor, type VisionSupervisorOptions } from '../../src/vision/supervisor.js';

const FAKE_CHILD = resolve(import.meta.dirname, 'fixtures/vision-child.mjs');
const REAL_CHILD = resolve(import.meta.dirname, '../../dist/src/vision/entry.js');

let folder = '';
let supervisor: VisionSupervisor | undefined;
let committed: Passage[] = [];
let problems: DeviceError[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'anprd-vision-'));
  committed = [];
  problems = [];
});

afterEach(async () => {
  await supervisor?.stop();
  supervisor = undefined;
  rmSync(folder, { recursive: true, force: true });
});

/** What the child noted down about itself. */
const notes = () => readFileSync(join(folder, 'log'), 'utf8').trim().split('\n');

function supervise(behaviour: string, options: Partial<VisionSupervisorOptions> = {}): VisionSupervisor {
  supervisor = new VisionSupervisor({
    configuration: {
      camera: captureSchema.parse({ id: behaviour, source: { kind: 'file', path: folder } }),
      plates: platesSchema.parse({}),
      passages: passagesSchema.parse({}),
      logLevel: 'silent',
    },
    vision: visionSchema.parse({ hangAfterSeconds: 1 }),
    logger: createLogger('silent'),
    entryPath: FAKE_CHILD,
    onPassage: async (passage) => {
      committed.push(passage);
    },
    onProblem: (error) => problems.push(error),
    ...options,
  });
  supervisor.start();
  return supervisor;
}

const phases = () => committed.map(({ id, phase }) => `${id} ${phase}`);
const until = (condition: () => void) => vi.waitFor(condition, { timeout: 20_000, interval: 20 });

describe('a vision process that works', () => {
  it('has its reports committed, then acknowledged, and its pictures whole', async () => {
    supervise('works');
    await until(() => expect(notes()).toContain('ack 1'));
    expect(phases()).toEqual(['seen-by-1 settled']);
    expect([...(committed[0]?.platePatch?.jpeg ?? [])]).toEqual([1, 2, 3]);
  });

  it('is acknowledged only once the commit has worked', async () => {
    let refused = 0;
    supervise('works', {
      onPassage: async (passage) => {
        if (refused++ < 2) throw new Error('the disk is full');
        if (committed.length === 0) expect(notes()).not.toContain('ack 1');
        committed.push(passage);
      },
    });
    await until(() => expect(notes()).toContain('ack 1'));
    expect(phases()).toEqual(['seen-by-1 settled']);
  });

  it('is shown with what it does', async () => {
    const running = supervise('works');
    await until(() => expect(running.snapshot().framesProcessed).toBeGreaterThan(2));
    expect(running.snapshot()).toMatchObject({
      state: 'running',
      restarts: 0,
      source: { state: 'open', detail: 'Frames come.' },
      passages: { waiting: 0, lost: 0 },
    });
  });

  it('is stopped after it has reported what was open', async () => {
    const running = supervise('works');
    await until(() => expect(notes()).toContain('ack 1'));
    await running.stop();
    expect(notes().slice(-2)).toEqual(['stop', 'ack 2']);
    expect(phases()).toEqual(['seen-by-1 settled', 'seen-by-1 closed']);
    expect(running.snapshot()).toMatchObject({ state: 'stopped', pid: undefined });
    expect(problems).toEqual([]);
  });

  it('ends by itself with its recording', async () => {
    const running = supervise('ends');
    await running.finished();
    expect(phases()).toEqual(['p-1 closed', 'p-2 closed', 'p-3 closed']);
    expect(notes()).toEqual(['start 0', 'ack 1', 'ack 2', 'ack 3']);
    expect(running.snapshot()).toMatchObject({ state: 'ended', restarts: 0 });
    expect(problems).toEqual([]);
  });
});

describe('a limit on frames a second', () => {
  it('is told at once, and to every process that comes after, until it is lifted', async () => {
    const running = supervise('works');
    await until(() => expect(running.snapshot().framesProcessed).toBeGreaterThan(2));
    running.limit(5);
    running.limit(5);
    await until(() => expect(notes()).toContain('limit 5'));
    process.kill(running.snapshot().pid as number, 'SIGKILL');
    await until(() => expect(notes()).toContain('limit 5 from the start'));
    running.limit(undefined);
    await until(() => expect(notes()).toContain('limit null'));
    expect(notes().filter((line) => line.startsWith('limit'))).toEqual([
      'limit 5',
      'limit 5 from the start',
      'limit null',
    ]);
    expect(() => running.limit(0)).toThrow('above 0');
  });
});

describe('what a camera looks at', () => {
  it('is handed from one process to the next', async () => {
    const running = supervise('works');
    await until(() => expect(running.snapshot().framesProcessed).toBeGreaterThan(2));
    process.kill(running.snapshot().pid as number, 'SIGKILL');
    await until(() => expect(notes()).toContain('views 4 from the start'));
  });
});

describe('a vision process that fails', () => {
  it('is replaced when it is killed, and the vehicle in view stays one record', async () => {
    const running = supervise('works');
    await until(() => expect(running.snapshot().framesProcessed).toBeGreaterThan(2));
    process.kill(running.snapshot().pid as number, 'SIGKILL');
    await until(() => expect(running.snapshot()).toMatchObject({ state: 'running', restarts: 1 }));
    await until(() => expect(running.snapshot().passages.adopted).toBe(1));
    // A recording is gone on with where the last beat said.
    expect(notes().filter((line) => line.startsWith('start'))).toEqual(['start 0', 'start 100']);
    await running.stop();
    expect(phases()).toEqual(['seen-by-1 settled', 'seen-by-1 closed']);
    expect(problems.map(({ code }) => code)).toEqual(['vision.exited']);
    expect(problems[0]?.message).toContain('SIGKILL');
  });

  it('is replaced when it hangs', async () => {
    const running = supervise('hangs-once');
    await until(() => expect(running.snapshot()).toMatchObject({ state: 'running', restarts: 1 }));
    expect(problems.map(({ message }) => message)).toEqual([
      'the vision process of hangs-once gave no sign of work for 1 s and was killed, expected it to run on',
    ]);
  });

  it('is replaced when it does not come up', async () => {
    const running = supervise('never-ready', { startWithinMs: 500 });
    await until(() => expect(running.snapshot().restarts).toBeGreaterThanOrEqual(1));
    expect(problems[0]?.message).toContain('did not come up');
  });

  it('is tried again when it cannot work, and says why', async () => {
    let ready = 0;
    supervise('fails-once', { onReady: () => ready++ });
    await until(() => expect(ready).toBe(1));
    expect(problems[0]).toMatchObject({ code: 'models.checksum-mismatch', hint: 'Copy it again.' });
    expect(problems).toHaveLength(1);
    await until(() => expect(phases()).toEqual(['seen-by-2 settled']));
  });

  it('is killed when it does not stop, and what it had settled is closed', async () => {
    const running = supervise('never-stops', { stopWithinMs: 500 });
    await until(() => expect(notes()).toContain('ack 1'));
    await running.stop();
    expect(notes()).toContain('stop');
    expect(phases()).toEqual(['seen-by-1 settled', 'seen-by-1 closed']);
  });

  it('is tried again when its program is missing', async () => {
    const running = supervise('works', { entryPath: join(folder, 'nothing.mjs') });
    await until(() => expect(running.snapshot().restarts).toBeGreaterThanOrEqual(1));
    expect(problems.length).toBeGreaterThanOrEqual(1);
  });
});

describe('a store that does not take a passage', () => {
  it('does not keep the end away for ever; what is lost is counted', async () => {
    const running = supervise('works', {
      stopWithinMs: 500,
      onPassage: async () => {
        throw new Error('the disk is full');
      },
    });
    await until(() => expect(running.snapshot().passages.waiting).toBe(1));
    await running.stop();
    expect(running.snapshot().passages.lost).toBe(2);
  });
});

describe('the real vision process', () => {
  it('ends by itself when whoever started it has gone', async () => {
    const child = fork(REAL_CHILD, [], {
      serialization: 'advanced',
      env: { ...process.env, OPENCV4NODEJS_DISABLE_AUTOBUILD: '1' },
      stdio: ['ignore', 2, 2, 'ipc'],
    });
    const exited = new Promise((done) => child.once('exit', done));
    child.disconnect();
    expect(await exited).toBe(1);
  });

  it('says what is wrong with its models', async () => {
    const running = supervise('cam-1', {
      entryPath: REAL_CHILD,
      configuration: {
        camera: captureSchema.parse({ source: { kind: 'file', path: join(folder, 'clip.mp4') } }),
        plates: platesSchema.parse({ modelsFolder: folder }),
        passages: passagesSchema.parse({}),
        logLevel: 'silent',
      },
    });
    await until(() => expect(problems.map(({ code }) => code)).toContain('models.manifest-invalid'));
    await running.stop();
  });
});
