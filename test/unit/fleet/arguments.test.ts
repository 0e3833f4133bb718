import { describe, expect, it } from 'vitest';
import { parseConsumerArguments } from '../../../scripts/src/consumer/arguments.js';
import { parseFleetArguments } from '../../../scripts/src/fleet/arguments.js';
import { deviceKey } from '../../support/notary.js';

const fleet = (text: string) => parseFleetArguments(text.split(' ').filter(Boolean));
const consumer = (text: string) => parseConsumerArguments(text.split(' ').filter(Boolean));

describe('scripts/fleet', () => {
  it('has 200 devices on a Mosquitto unless told', () => {
    expect(fleet('')).toMatchObject({ kind: 'run', broker: 'mosquitto', devices: 200, minutes: 5 });
  });

  it('takes a list of brokers that run already', () => {
    expect(fleet('--broker mqtts://a:1 --broker mqtts://b:1')).toMatchObject({
      broker: 'urls',
      deviceUrls: ['mqtts://a:1', 'mqtts://b:1'],
      consumerUrls: ['mqtts://a:1', 'mqtts://b:1'],
    });
  });

  it.each([
    ['--broker kafka', '--broker mosquitto, rabbitmq'],
    ['--broker rabbitmq --broker mqtt://a:1', '--broker mosquitto, rabbitmq'],
    ['--kill-node', '--kill-node is for --broker rabbitmq'],
    ['--prefix elsewhere', '--prefix is for --broker URL'],
    ['--devices 0', '--devices 1 to 2000, got 0'],
    ['--devices many', '--devices 1 to 2000, got many'],
    ['--minutes 0', '--minutes 0.1 to 1440, got 0'],
    ['--nonsense', '--nonsense'],
  ])('refuses %s and says what was expected', (text, problem) => {
    expect(fleet(text)).toMatchObject({ kind: 'wrong', problem: expect.stringContaining(problem) });
  });
});

describe('scripts/consumer', () => {
  it('consumes over MQTT or AMQP, by the URL', () => {
    expect(consumer('--database x.db --broker mqtts://a:8884')).toMatchObject({
      kind: 'mqtt',
      access: { urls: ['mqtts://a:8884'] },
      group: 'centre',
      connections: 8,
    });
    expect(consumer('--database x.db --broker amqps://a:1 --broker amqps://b:1')).toMatchObject({
      kind: 'amqp',
    });
  });

  it('believes the keys that it is given, each for its unit', () => {
    expect(consumer(`--database x.db --broker mqtt://a --key unit-1=${deviceKey.publicKey}`)).toMatchObject({
      keys: [{ publicKey: deviceKey.publicKey, unitId: 'unit-1' }],
    });
  });

  it.each([
    ['--broker mqtt://a', '--database'],
    ['--database x.db', '--broker'],
    ['--database x.db --broker http://a', '--broker'],
    ['--database x.db --broker mqtt://a --broker amqp://a', 'all of one kind'],
    ['--database x.db --broker mqtt://a --group a/b', '--group'],
    ['--database x.db --broker mqtt://a --connections 0', '--connections 1 to 64, got 0'],
    ['--database x.db --broker mqtt://a --key nonsense', '44 characters of base64'],
    ['--database x.db --broker mqtt://a --keys /nowhere/keys', '/nowhere/keys'],
  ])('refuses %s and says what was expected', (text, problem) => {
    expect(consumer(text)).toMatchObject({ kind: 'wrong', problem: expect.stringContaining(problem) });
  });
});
