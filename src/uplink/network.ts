import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';

/** This device's addresses, each with the interface that has it; without the loopback. */
export type Addresses = ReadonlyMap<string, string>;

type Interfaces = NodeJS.Dict<NetworkInterfaceInfo[]>;

/** @returns the interface that has the address, such as wlan0 or lo; undefined: none (any more). */
export function interfaceOf(
  localAddress: string | undefined,
  interfaces: Interfaces = networkInterfaces(),
): string | undefined {
  if (localAddress === undefined) return undefined;
  const wanted = plain(localAddress);
  return Object.keys(interfaces).find((name) =>
    interfaces[name]?.some(({ address }) => plain(address) === wanted),
  );
}

export function addressesOf(interfaces: Interfaces = networkInterfaces()): Addresses {
  const found = new Map<string, string>();
  for (const [name, infos] of Object.entries(interfaces)) {
    for (const { address, internal } of infos ?? []) if (!internal) found.set(plain(address), name);
  }
  return found;
}

/** A device that has joined a network: an address that was not there, or is on another interface. */
export function hasJoined(before: Addresses, after: Addresses): boolean {
  return [...after].some(([address, name]) => before.get(address) !== name);
}

/** ::ffff:192.0.2.1 is 192.0.2.1, and fe80::1%wlan0 is fe80::1. */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
}
