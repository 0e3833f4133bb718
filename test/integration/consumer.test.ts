import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectAsync, type MqttClient } from 'mqtt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chainReports, refusedCounts, renderChains } from '../../scripts/src/consumer/chains.js';
import { Committer, type Take } from '../../scripts/src/consumer/committer.js';
import { eventOf, type UnitEvent } from '../../scripts/src/consumer/event.js';
import { exportStatements } from '../../scripts/src/consumer/export.js';
import { consumeMqtt } from '../../scripts/src/consumer/mqtt-source.js';
import type { Source } from '../../scripts/src/consumer/source.js';
import { ConsumerStore } from '../../scripts/src/consumer/store.js';
import { readStatement } from '../../src/evidence/received.js';
import { StreamVerifier } from '../../src/evidence/verify.js';
import type { WireMessage } from '../../src/uplink/payloads.js';
import { type Mosquitto, startMosquitto } from '../support/mosquitto.js';
import { deviceKey, deviceKeyOf, notaryOf } from '../support/notary.js';
import { idOf, statingUnit } from '../support/statements.js';
import { publishedBy, statementBy } from '../support/unit-messages.js';

/** The reference consumer that a force can start from (scripts/consumer). */

let folder: string;
let store: ConsumerStore;
/** Undone in reverse, whatever became of the test. */
let undo: (() => unknown)[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'anprd-consumer-'));
  store = new ConsumerStore({ path: join(folder, 'received.db') });
  undo = [() => store.close(), () => rmSync(folder, { recursive: true, force: true })].reverse();
});

afterEach(async () => {
  for (const step of undo.reverse()) await step();
});

async function until(condition: () => boolean): Promise<void> {
  for (const untilMs = Date.now() + 20_000; !condition(); ) {
    if (Date.now() > untilMs) throw new Error(`never came true: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

interface EventRow {
  readonly id: string;
  readonly deliveries: number;
}

/** In the order in which they came. */
function rows(): EventRow[] {
  return store.database.prepare('SELECT id, deliveries FROM events ORDER BY rowid').all() as EventRow[];
}

describe('from a broker', () => {
  let broker: Mosquitto;
  let device: MqttClient;

  beforeEach(async () => {
    broker = await startMosquitto();
    undo.push(() => broker.remove());
    device = await connectAsync(broker.url, { protocolVersion: 5 });
    undo.push(() => device.endAsync(true));
  });

  async function consume(take: Take, name = '1', connections = 2): Promise<Source> {
    const options = { group: 'centre', name, prefix: 'anpr', connections, take };
    const source = await consumeMqtt({ urls: [broker.url], ...options });
    undo.push(() => source.close());
    return source;
  }

  async function publish({ topic, payload, contentType, userProperties }: WireMessage): Promise<void> {
    const properties = {
      ...(contentType !== undefined && { contentType }),
      ...(userProperties !== undefined && { userProperties: { ...userProperties } }),
    };
    await device.publishAsync(topic, payload, { qos: 1, properties });
  }

  it('an event that comes twice is kept once, and counted', async () => {
    await consume(new Committer(store).take);
    const unit = statingUnit();
    const [hit, read] = [unit.hit(), unit.read()];
    for (const statement of [hit, hit, read, hit]) await publish(statementBy('unit-1', statement));
    await until(() => rows().reduce((sum, { deliveries }) => sum + deliveries, 0) === 4);
    expect(rows()).toEqual(
      expect.arrayContaining([
        { id: hit.id, deliveries: 3 },
        { id: read.id, deliveries: 1 },
      ]),
    );
    expect(rows()).toHaveLength(2);
  });

  it('what was committed when the consumer died, and not acknowledged, comes again and changes nothing', async () => {
    const unit = statingUnit();
    const statement = unit.read();
    let committed = false;
    const dying = await consume(
      (delivery) => {
        store.commit([eventOf(delivery) as UnitEvent]);
        committed = true;
        return new Promise(() => undefined);
      },
      '1',
      1,
    );
    await publish(statementBy('unit-1', statement));
    await until(() => committed);
    await dying.close();
    await consume(new Committer(store).take, '1', 1);
    await until(() => rows()[0]?.deliveries === 2);
    expect(rows()).toEqual([{ id: statement.id, deliveries: 2 }]);
    expect(chainReports(store.database)).toMatchObject([{ here: 1, last: 1, missing: [] }]);
  });

  it('a commit that fails ends the consumer, and the next one gets the message', async () => {
    const source = await consume(() => Promise.reject(new Error('the disk is full')), '1', 1);
    const statement = statingUnit().read();
    await publish(statementBy('unit-1', statement));
    await expect(source.failed).rejects.toThrow('the disk is full');
    await source.close();
    await consume(new Committer(store).take, '1', 1);
    await until(() => rows().length === 1);
    expect(rows()).toEqual([{ id: statement.id, deliveries: 1 }]);
  });

  it('two consumers of a group share the messages, each one going to one of them', async () => {
    const committers = [new Committer(store), new Committer(store)] as const;
    await consume(committers[0].take, 'a');
    await consume(committers[1].take, 'b');
    const unit = statingUnit();
    for (let index = 0; index < 40; index++) await publish(statementBy('unit-1', unit.read()));
    await until(() => rows().length === 40);
    const counts = committers.map(({ counts: { fresh } }) => fresh);
    expect(counts[0] as number).toBeGreaterThan(0);
    expect(counts[1] as number).toBeGreaterThan(0);
    expect((counts[0] as number) + (counts[1] as number)).toBe(40);
    expect(rows().every(({ deliveries }) => deliveries === 1)).toBe(true);
  });

  it('what came while it was away is there when it comes back', async () => {
    const first = await consume(new Committer(store).take);
    await first.close();
    const unit = statingUnit();
    for (let index = 0; index < 30; index++) await publish(statementBy('unit-1', unit.read()));
    await consume(new Committer(store).take);
    await until(() => rows().length === 30);
    expect(chainReports(store.database)).toMatchObject([{ here: 30, last: 30, missing: [] }]);
  });

  it('binary events of MQTT 5 and structured ones of 3.1.1 are kept alike, and lists are not', async () => {
    const committer = new Committer(store);
    await consume(committer.take);
    const unit = statingUnit();
    const [one, two] = [unit.read(), unit.read()];
    const image = { jpeg: Buffer.from([0xff, 0xd8, 0xff, 1]), widthPx: 8, heightPx: 4 };
    const picture = {
      kind: 'image',
      recordId: one.id,
      cameraId: 'cam-1',
      imageKind: 'overview',
      image,
    } as const;
    await publish(statementBy('unit-1', one, 5));
    await publish(statementBy('unit-1', two, 4));
    await publish(publishedBy('unit-1', { ...picture, revision: 1, pictureAtMs: 0 }, 4));
    await device.publishAsync('anpr/lists/stolen/manifest', '{}', { qos: 1 });
    await until(() => rows().length === 3 && committer.counts.skipped === 1);
    const data = store.database.prepare('SELECT content_type, data FROM events ORDER BY rowid');
    expect(data.raw().all()).toEqual(
      expect.arrayContaining([
        ['application/json', Buffer.from(one.text)],
        ['application/json', Buffer.from(two.text)],
        ['image/jpeg', image.jpeg],
      ]),
    );
  });
});

/** Commits as if they had come, in this order. */
function receive(...messages: readonly WireMessage[]): void {
  const events = messages.map(({ topic, payload, contentType, userProperties }) =>
    eventOf({
      topic,
      payload,
      ...(contentType !== undefined && { contentType }),
      ...(userProperties !== undefined && { attributes: userProperties }),
    }),
  );
  store.commit(events.filter((event) => event !== undefined));
}

function health(unitId: string, chain: object): WireMessage {
  const text = JSON.stringify({ type: 'health', unitId, chain });
  return publishedBy(unitId, { kind: 'health', id: idOf('health', 1), atMs: 1_790_000_000_000, text });
}

describe('the chain of each unit', () => {
  it('is whole in whatever order its statements came', () => {
    const unit = statingUnit();
    const [one, two, three] = [unit.hit(), unit.read(), unit.read()].map((said) =>
      statementBy('unit-1', said),
    );
    receive(three as WireMessage, one as WireMessage, two as WireMessage, health('unit-1', unit.head));
    expect(chainReports(store.database)).toEqual([
      {
        source: 'urn:anprd:unit-1',
        chain: unit.head.chain,
        here: 3,
        last: 3,
        explained: [],
        missing: [],
        endUntold: false,
        unlike: [],
        unlinked: [],
        forked: [],
      },
    ]);
  });

  it('that has ended is whole as far as the next one says, whichever came first', () => {
    const ended = statingUnit();
    const said = Array.from({ length: 5 }, () => statementBy('unit-1', ended.read()));
    const later = statingUnit(notaryOf(), idOf('chain', 2).replace(/^01a1/, '01a2'), [ended.head]);
    const next = statementBy('unit-1', later.hit());
    const reportOfEnded = () => chainReports(store.database)[0];
    receive(...said.slice(0, 3), next);
    expect(reportOfEnded()).toMatchObject({ last: 3, toldTo: 5, open: [4, 5] });
    expect(renderChains(chainReports(store.database), [])).toContain(
      'as another chain of the unit says: 5\n',
    );
    receive(...said.slice(3));
    expect(reportOfEnded()).toMatchObject({ last: 5, toldTo: 5, unlike: [], endUntold: false });
    expect(reportOfEnded()).not.toHaveProperty('open');
  });

  it('that has ended is told apart where nobody says how far it went, or another end is named', () => {
    const ended = statingUnit();
    const laterId = idOf('chain', 2).replace(/^01a1/, '01a2');
    receive(
      statementBy('unit-1', ended.read()),
      statementBy('unit-1', statingUnit(notaryOf(), laterId).hit()),
    );
    expect(chainReports(store.database)).toMatchObject([{ endUntold: true }, { endUntold: false }]);
    const digest = 'A'.repeat(43);
    const another = statingUnit(notaryOf(), laterId.replace(/^01a2/, '01a3'), [{ ...ended.head, digest }]);
    receive(statementBy('unit-1', another.hit()));
    expect(chainReports(store.database)[0]).toMatchObject({ endUntold: false, unlike: [1] });
  });

  it('shows what is missing, what the unit says will not come, and what is open at the end', () => {
    const unit = statingUnit();
    const said = Array.from({ length: 9 }, () => statementBy('unit-1', unit.read()));
    const { chain } = unit.head;
    const loss = unit.loss([{ lane: 'reads', reason: 'budget', count: 2, statements: [[5, 6]] }]);
    unit.read();
    unit.read();
    const kept = said.filter((_, index) => ![1, 4, 5, 6].includes(index));
    receive(...kept, statementBy('unit-1', loss), health('unit-1', unit.head));
    const reports = chainReports(store.database);
    expect(reports).toMatchObject([
      {
        chain,
        here: 6,
        last: 10,
        missing: [
          [2, 2],
          [7, 7],
        ],
        explained: [[5, 6]],
        open: [11, 12],
      },
    ]);
    expect(renderChains(reports, [])).toContain('missing: 2, 7\n');
    expect(renderChains(reports, [])).toContain('not here yet, or cut off: 11-12\n');
  });

  it('shows a unit of which nothing came but its health report', () => {
    const unit = statingUnit();
    unit.read();
    receive(health('unit-1', unit.head));
    expect(chainReports(store.database)).toMatchObject([{ here: 0, last: 0, open: [1, 1] }]);
  });

  it('shows a number that was given twice, and what does not name the one before it', () => {
    const [unit, twin] = [statingUnit(), statingUnit()];
    const first = statementBy('unit-1', unit.read());
    twin.hit();
    receive(first, statementBy('unit-1', twin.read()), statementBy('unit-1', unit.hit()));
    const [report] = chainReports(store.database);
    expect(report).toMatchObject({ forked: [2], unlinked: [2] });
  });
});

describe('a message that no unit of ours makes', () => {
  const attributes = {
    specversion: '1.0',
    id: 'one',
    source: 'urn:anprd:unit-1',
    type: 'uk.anpr.health.v1',
  };
  const health = (payload: string) => ({
    topic: 'anpr/unit-1/health',
    retain: false,
    payload: Buffer.from(payload),
    contentType: 'application/json',
    userProperties: attributes,
  });
  const structured = (fields: string) => ({
    topic: 'anpr/unit-1/health',
    retain: false,
    payload: Buffer.from(`${JSON.stringify({ ...attributes, datacontenttype: 'x' }).slice(0, -1)}${fields}}`),
  });

  it.each([
    ['whose state is no JSON', health('{'), 1],
    ['whose state is no object', health('null'), 1],
    ['that has no data', structured(''), 0],
    ['that is nested without end', structured(`,"data":${'['.repeat(50_000)}${']'.repeat(50_000)}`), 0],
  ])('%s does not keep the others from being taken in', (_, message, kept) => {
    receive(message, statementBy('unit-1', statingUnit().read()));
    expect(rows()).toHaveLength(1 + kept);
    expect(chainReports(store.database)).toMatchObject([{ here: 1, last: 1 }]);
  });
});

describe('a statement', () => {
  beforeEach(() => {
    store.close();
    const keys = [{ publicKey: deviceKey.publicKey, unitId: 'unit-1' }];
    store = new ConsumerStore({ path: join(folder, 'received.db'), keys });
  });

  it.each([
    [
      'that was changed',
      'wrong signature',
      () => {
        const { text, ...rest } = statingUnit().read();
        return statementBy('unit-1', { ...rest, text: text.replace('towards', 'away') });
      },
    ],
    [
      'of another key',
      'signed by an unknown key',
      () => statementBy('unit-1', statingUnit(notaryOf('unit-1', deviceKeyOf(2))).read()),
    ],
    [
      'of another unit, under its own key',
      "signed by another unit's key",
      () => statementBy('unit-2', statingUnit(notaryOf('unit-2')).read()),
    ],
    [
      'of another unit than its event',
      'not what its event says',
      () => statementBy('unit-2', statingUnit(notaryOf('unit-1')).read()),
    ],
  ])('%s is kept and not believed', (_, reason, message) => {
    receive(message());
    expect(rows()).toHaveLength(1);
    expect(chainReports(store.database)).toEqual([]);
    expect(refusedCounts(store.database)).toMatchObject([{ reason, count: 1 }]);
  });

  it('on the topic of another unit is not taken in at all', () => {
    const message = statementBy('unit-1', statingUnit().read());
    receive({ ...message, topic: 'anpr/unit-2/read' });
    expect(rows()).toEqual([]);
  });

  it('that comes again with another content is told, and what came first stays', () => {
    const statement = statingUnit().read();
    const other = statingUnit(notaryOf(), idOf('chain', 2)).read();
    receive(statementBy('unit-1', statement), statementBy('unit-1', statement, 4), {
      ...statementBy('unit-1', { ...other, id: statement.id }),
    });
    expect(rows()).toEqual([{ id: statement.id, deliveries: 3 }]);
    expect(refusedCounts(store.database)).toMatchObject([
      { reason: 'another content under a known id', count: 1 },
    ]);
    expect(chainReports(store.database)).toMatchObject([{ here: 1 }]);
  });

  it('goes out again as it came, and verifies', async () => {
    const unit = statingUnit();
    const said = [unit.hit(), unit.read(), unit.read()];
    receive(...said.map((statement, index) => statementBy('unit-1', statement, index === 0 ? 5 : 4)));
    const path = join(folder, 'statements.ndjson');
    expect(await exportStatements(store.database, path)).toBe(3);
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    expect(lines).toEqual(said.map(({ text }) => text));
    const verifier = new StreamVerifier({ keys: [{ publicKey: deviceKey.publicKey }] });
    for (const line of lines.map(readStatement)) if (line.kind === 'statement') verifier.add(line);
    expect(verifier.verdicts()).toMatchObject([{ breaks: 0, statements: { hit: 1, read: 2 } }]);
  });
});
