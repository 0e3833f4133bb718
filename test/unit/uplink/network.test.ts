import type { NetworkInterfaceInfo } from 'node:os';
import { describe, expect, it } from 'vitest';
import { addressesOf, interfaceOf, networkChange } from '../../../src/uplink/network.js';

function info(address: string, internal = false): NetworkInterfaceInfo {
  const family = address.includes(':') ? 'IPv6' : 'IPv4';
  return { address, internal, family, netmask: '', mac: '', cidr: null, scopeid: 0 } as NetworkInterfaceInfo;
}

const car = {
  lo: [info('127.0.0.1', true)],
  wwan0: [info('10.64.0.9'), info('fe80::9')],
  wlan0: [info('192.0.2.7')],
};

describe('the interface of a connection', () => {
  it.each([
    ['10.64.0.9', 'wwan0'],
    ['::ffff:192.0.2.7', 'wlan0'],
    ['fe80::9%wwan0', 'wwan0'],
    ['127.0.0.1', 'lo'],
    ['198.51.100.1', undefined],
    [undefined, undefined],
  ])('with the local address %s is %s', (address, name) => {
    expect(interfaceOf(address, car)).toBe(name);
  });
});

describe('a change of networks', () => {
  const both = addressesOf(car);
  const mobile = addressesOf({ wwan0: car.wwan0 });
  const onMobile = { localAddress: '::ffff:10.64.0.9', networkInterface: 'wwan0' };

  it.each([
    ['nothing where nothing changed', both, both, undefined],
    ['gone where the address of the link went', both, addressesOf({ wlan0: car.wlan0 }), 'gone'],
    ['free where a network without a meter came beside it', mobile, both, 'free'],
    ['nothing where another network went', both, mobile, undefined],
  ] as const)('is %s', (_, before, after, change) => {
    expect(networkChange(onMobile, ['wlan0'], before, after)).toBe(change);
  });

  it('is one to be tried where there is no connection, or no meter', () => {
    expect(networkChange({}, ['wlan0'], mobile, both)).toBe('joined');
    expect(networkChange(onMobile, ['wlan0', 'wwan0'], mobile, both)).toBe('joined');
  });

  it('is not one of the loopback', () => {
    expect([...both.values()]).toEqual(['wwan0', 'wwan0', 'wlan0']);
  });
});
