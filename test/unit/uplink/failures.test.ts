import { describe, expect, it } from 'vitest';
import { connectionError, disconnectError } from '../../../src/uplink/failures.js';

const URL = 'mqtts://camera:secret@broker:8883';

function thrown(code: number | string, message = 'something') {
  return Object.assign(new Error(message), { code });
}

describe('what a broker or the way to it can do wrong', () => {
  it.each([
    ['MQTT 3.1.1, wrong password', 4, 'user name and password'],
    ['MQTT 3.1.1, not authorised', 5, 'does not let this client in'],
    ['MQTT 5, wrong password', 134, 'user name and password'],
    ['MQTT 5, not authorised', 135, 'does not let this client in'],
    ['MQTT 5, banned', 138, 'does not let this client in'],
    ['MQTT 3.1.1 only', 132, 'does not speak this version'],
  ])('is a refusal that a person has to mend: %s', (_, code, said) => {
    const error = connectionError(URL, thrown(code));
    expect(error).toMatchObject({ code: 'uplink.refused', retryable: false });
    expect(error.message).toContain(said);
    expect(error.hint).toMatch(/mqtt\./);
  });

  it.each([
    ['busy', thrown(137)],
    ['not there', thrown('ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:1')],
    ['a bad certificate', thrown('DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate')],
  ])('is an outage that mends itself: %s', (_, cause) => {
    expect(connectionError(URL, cause)).toMatchObject({ code: 'uplink.connect-failed', retryable: true });
  });

  it('never shows what stands before the @ of the URL', () => {
    for (const code of [4, 'ECONNREFUSED']) {
      expect(connectionError(URL, thrown(code)).message).not.toContain('secret');
    }
  });

  it('says so when two devices have the same id', () => {
    const error = disconnectError(URL, { cmd: 'disconnect', reasonCode: 142 });
    expect(error.message).toContain('taken over');
    expect(error.hint).toContain('unit.id');
  });
});
