import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { configJsonSchema } from '../../../src/config/hints.js';
import { ConfigError, loadConfig, parseConfig } from '../../../src/config/load.js';
import { renderReferenceYaml } from '../../../src/config/reference.js';
import { configSchema } from '../../../src/config/schema.js';

const KEY = 'iyxDYnNhYbBfKKLO2Zd5FUpUYbYTiaXfwEGpQRyR3hU=';

function issuesOf(text: string) {
  try {
    parseConfig(text, 'anprd.yaml');
  } catch (error) {
    if (error instanceof ConfigError) return error.issues;
    throw error;
  }
  throw new Error('it was taken for a good configuration');
}

describe('a good configuration', () => {
  it('may be empty: every option has its default', () => {
    expect(parseConfig('', 'anprd.yaml')).toEqual(configSchema.parse({}));
  });

  it('keeps what it sets and fills in the rest', () => {
    const config = parseConfig('unit: {id: car-7}\nmqtt: {windowMessages: 5}\n', 'anprd.yaml');
    expect(config.unit.id).toBe('car-7');
    expect(config.mqtt).toMatchObject({ windowMessages: 5, keepaliveSeconds: 50 });
  });

  it('takes each kind of source', () => {
    const kinds = [
      '{kind: v4l2, device: /dev/video2}',
      '{kind: rtsp, url: "rtsp://192.0.2.1/a"}',
      '{kind: gstreamer, pipeline: videotestsrc ! appsink}',
      '{kind: file, path: /srv/a.mp4}',
      '{kind: pictures, folder: /srv/pictures}',
    ];
    for (const source of kinds) {
      expect(() => parseConfig(`cameras: [{source: ${source}}]`, 'anprd.yaml'), source).not.toThrow();
    }
  });
});

describe('a bad configuration', () => {
  it('gets every fault at once, each with its place, line, what was expected and a hint', () => {
    const issues = issuesOf(
      ['unit:', '  id: A13 Northbound', 'mqtt:', '  windowMesages: 5', '  keepaliveSeconds: soon'].join('\n'),
    );
    expect(issues).toEqual([
      expect.objectContaining({
        path: 'unit.id',
        line: 2,
        problem: expect.stringContaining('found "A13 Northbound"; expected 1 to 32 of a-z, 0-9 and -'),
        hint: expect.stringContaining('never a place'),
      }),
      expect.objectContaining({
        path: 'mqtt.keepaliveSeconds',
        line: 5,
        problem: 'found "soon"; expected number, received string',
      }),
      expect.objectContaining({
        path: 'mqtt.windowMesages',
        line: 4,
        hint: 'Did you mean windowMessages? Otherwise remove it.',
      }),
    ]);
  });

  it.each([
    ['two cameras of one id', 'cameras: [{id: a}, {id: a}]', 'cameras[1].id', 'Opaque name of the camera'],
    [
      'two lists of one id',
      `hotlist: {lists: [{id: a, publicKeys: ["${KEY}"]}, {id: a, publicKeys: ["${KEY}"]}]}`,
      'hotlist.lists[1].id',
      'as its owner publishes it',
    ],
    [
      'a list without a key',
      'hotlist: {lists: [{id: a, publicKeys: []}]}',
      'hotlist.lists[0].publicKeys',
      "The owner's Ed25519 keys",
    ],
    ['unknown section', 'mqqt: {}', 'mqqt', 'Did you mean mqtt'],
    [
      'a source of no kind',
      'cameras: [{source: {kind: webcam}}]',
      'cameras[0].source.kind',
      'v4l2, rtsp, gstreamer',
    ],
    [
      'an option of another kind of source',
      'cameras: [{source: {kind: file, path: a, url: b}}]',
      'cameras[0].source.url',
      '',
    ],
    ['a missing value', 'cameras: [{source: {kind: rtsp}}]', 'cameras[0].source.url', 'The stream'],
    ['no camera', 'cameras: []', 'cameras', 'vision process'],
    ['a topic with a wildcard', 'mqtt: {topicPrefix: "anpr/#"}', 'mqtt.topicPrefix', 'topic'],
    ['a number out of range', 'plates: {detectionThreshold: 7}', 'plates.detectionThreshold', 'Default: 0.4'],
    ['two cameras of one id', 'cameras: [{id: a}, {id: a}]', 'cameras[1].id', 'Opaque'],
    ['a certificate without its key', 'mqtt: {certificateFile: /a.pem}', 'mqtt', 'key'],
    [
      'looking too seldom',
      'plates: {lookWithoutMotionSeconds: 2}',
      'plates.lookWithoutMotionSeconds',
      'stands still',
    ],
    [
      'a picture larger than any message',
      'passages: {overviewMostBytes: 250000}',
      'passages.overviewMostBytes',
      'never sent',
    ],
    [
      'an exposure that alternates without being set',
      'cameras: [{exposure: {alternate: true}}]',
      'cameras[0].exposure.alternate',
      'Only an exposure that is set',
    ],
    ['a heat that is cool', 'power: {coolCelsius: 80}', 'power.coolCelsius', 'Some degrees apart'],
    [
      'so few frames in heat that each shows a vehicle of its own',
      'power: {hotFramesPerSecond: 0.5}',
      'power.hotFramesPerSecond',
      'in every frame',
    ],
    [
      'a stop that outlasts the battery',
      'lines: {ignition: {line: 4}, ignitionOffSeconds: 10}',
      'lines.ignitionOffSeconds',
      '20 s of ignition off',
    ],
    [
      'lines that are on no board',
      'lines: {tamper: {line: 4}, ignition: {line: 5}}',
      'lines.board',
      'which would do nothing',
    ],
    [
      'two lines of one number',
      'lines: {tamper: {line: 4}, mute: {line: 4}}',
      'lines.mute.line',
      'Number on its chip',
    ],
    ['a list where options belong', '[1, 2]', '(file)', 'anprd.yaml'],
  ])('names the place of %s', (_name, text, path, hint) => {
    const issue = issuesOf(text).find((candidate) => candidate.path === path);
    expect(issue, JSON.stringify(issuesOf(text))).toBeDefined();
    expect(issue?.hint).toContain(hint);
  });

  it('names brokers that no connection can be made to, and shows nobody how to log in', () => {
    const urls = ['mqtt://', 'mqtt://broker:99999', 'mqtt://the broker', 'tcp://camera:secret@broker'];
    const good = ['mqtts://camera:secret@broker', 'wss://[2001:db8::1]:443/mqtt'];
    const issues = issuesOf(`mqtt: {urls: ${JSON.stringify([...urls, ...good])}}`);
    expect(issues.map(({ path }) => path)).toEqual(urls.map((_, index) => `mqtt.urls[${index}]`));
    expect(issues[1]?.problem).toContain('found "mqtt://broker:99999"; expected a name or an address');
    expect(issues[3]?.problem).toContain('found "tcp://...@broker"; expected a URL such as');
  });

  it('that is no YAML is told its line', () => {
    expect(issuesOf('unit:\n  id: "x\n')[0]).toMatchObject({ path: '(file)', line: expect.any(Number) });
  });

  it('that is not there is told how to name one', async () => {
    await expect(loadConfig('/nowhere/anprd.yaml')).rejects.toMatchObject({
      code: 'config.unreadable',
      hint: expect.stringContaining('--config'),
    });
  });

  it('is read from its file', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'anprd-')), 'a.yaml');
    writeFileSync(path, 'log: {level: loud}');
    await expect(loadConfig(path)).rejects.toThrow(`${path}: 1 fault in the configuration`);
  });
});

describe('the shipped files', () => {
  it('config/anprd.yaml is what the declaration says, and equal to the defaults', () => {
    const shipped = readFileSync('config/anprd.yaml', 'utf8');
    expect(shipped, 'run: npm run generate:config').toBe(renderReferenceYaml());
    expect(parseConfig(shipped, 'config/anprd.yaml')).toEqual(configSchema.parse({}));
  });

  it.each(['vehicle', 'fixed'])('config/%s.yaml, to start from, has no fault', (name) => {
    const file = `config/${name}.yaml`;
    expect(parseConfig(readFileSync(file, 'utf8'), file)).not.toEqual(configSchema.parse({}));
  });

  it('config/schema.json is what the declaration says', () => {
    const shipped: unknown = JSON.parse(readFileSync('config/schema.json', 'utf8'));
    expect(shipped, 'run: npm run generate:config').toEqual(JSON.parse(JSON.stringify(configJsonSchema())));
  });

  it('every option is explained', () => {
    const bare: string[] = [];
    const walk = (option: ReturnType<typeof configJsonSchema>, path: string): void => {
      if (path !== '' && option.description === undefined && !path.endsWith('|')) bare.push(path);
      for (const [name, field] of Object.entries(option.properties ?? {})) walk(field, `${path}.${name}`);
      for (const kind of option.oneOf ?? []) walk(kind, `${path}|`);
      if (option.items !== undefined) walk({ ...option.items, description: 'item' }, `${path}[]`);
    };
    walk(configJsonSchema(), '');
    expect(bare).toEqual([]);
  });
});
