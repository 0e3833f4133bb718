import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';

/** This device's addresses, each with the interface that has it; without the loopback. */
export type Addresses = ReadonlyMap<string, string>;

/** As node:os names them. */
export type Interfaces = NodeJS.Dict<NetworkInterfaceInfo[]>;

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

/**
 * gone: the address that the connection has is not this device's any more; free: a network without
 * a meter has come up beside one with a meter, and may be the way now; joined: some other has come up.
 */
export type NetworkChange = 'gone' | 'free' | 'joined';

/** What a change of the device's addresses means for the link; pure. */
export function networkChange(
  link: { readonly localAddress?: string | undefined; readonly networkInterface?: string | undefined },
  freeInterfaces: readonly string[],
  before: Addresses,
  after: Addresses,
): NetworkChange | undefined {
  const local = link.localAddress === undefined ? undefined : plain(link.localAddress);
  if (local !== undefined && before.has(local) && !after.has(local)) return 'gone';
  const joined = [...after].filter(([address, name]) => before.get(address) !== name).map(([, name]) => name);
  if (joined.length === 0) return undefined;
  const { networkInterface } = link;
  const isMetered = networkInterface !== undefined && !freeInterfaces.includes(networkInterface);
  return isMetered && joined.some((name) => freeInterfaces.includes(name)) ? 'free' : 'joined';
}

/** ::ffff:192.0.2.1 is 192.0.2.1, and fe80::1%wlan0 is fe80::1. */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
}
