import { describe, expect, it } from 'vitest';
import { brokerName, connectionError, disconnectError } from '../../../src/uplink/failures.js';

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

  it.each([
    ['ENOTFOUND', 'DNS', 'mqtt.urls'],
    ['ECONNREFUSED', 'nothing listens', 'port'],
    ['CERT_NOT_YET_VALID', 'not valid yet', 'clock'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'another name', 'mqtt.serverName'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'authority', 'mqtt.caFile'],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'certificate of this device', 'mqtt.certificateFile'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'TLS', 'mqtts'],
  ])('is said in words where its code is known, with what to do: %s', (code, said, remedy) => {
    const error = connectionError(URL, thrown(code, 'as the library says it'));
    expect(error.message).toContain(said);
    expect(error.message).toContain('as the library says it');
    expect(error.hint).toContain(remedy);
  });

  it('says what OpenSSL says by its reason, in one line and without places in its source', () => {
    const error = Object.assign(
      thrown('ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', '80FC:error:../deps/rec.c:1601:\n'),
      {
        library: 'SSL routines',
        reason: 'tlsv1 alert unknown ca',
      },
    );
    expect(connectionError(URL, error).message).toMatch(/certificate \(tlsv1 alert unknown ca\)$/);
  });

  it.each([
    ['mqtts://camera:secret@broker:8883', 'mqtts://broker:8883'],
    ['wss://camera:se/cr?et#@broker/mqtt?token=secret', 'wss://broker/mqtt'],
    ['mqtt://secret@broker@broker', 'mqtt://broker'],
    ['mqtt://[2001:db8::1]:1883', 'mqtt://[2001:db8::1]:1883'],
  ])('never shows who logs in: %s', (url, name) => {
    expect(brokerName(url)).toBe(name);
    for (const code of [4, 'ECONNREFUSED', 'ENOTFOUND']) {
      expect(connectionError(url, thrown(code)).message).not.toMatch(/se\/?cr\??et/);
    }
  });

  it('says so when two devices have the same id', () => {
    const error = disconnectError(URL, { cmd: 'disconnect', reasonCode: 142 });
    expect(error.message).toContain('taken over');
    expect(error.hint).toContain('unit.id');
  });

  it.each([
    [139, 'shutting down', 'Nothing to do'],
    [147, 'more messages at once', 'mqtt.windowMessages'],
    [149, 'larger than it takes', 'mqtt.mostPacketBytes'],
    [151, 'quota', 'quota'],
    [154, 'retained', 'mqtt.retain'],
    [157, 'moved', 'mqtt.urls'],
    [128, 'reason 128', 'log of the broker'],
  ])('says why the broker ended a connection, and what to do: reason %i', (reasonCode, said, remedy) => {
    const error = disconnectError(URL, { cmd: 'disconnect', reasonCode });
    expect(error.message).toContain(said);
    expect(error.hint).toContain(remedy);
  });
});
