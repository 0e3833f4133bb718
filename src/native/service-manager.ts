import { addon } from './addon.js';

/**
 * Says something to the service manager that started this process, as sd_notify(3) does: lines such as
 * READY=1. It is read by every user of the machine, so no VRM and no place may be in it.
 * @returns whether it was handed over; false where no service manager listens.
 * @throws DeviceError addon.missing
 */
export function notifyServiceManager(text: string, env: NodeJS.ProcessEnv = process.env): boolean {
  const address = env.NOTIFY_SOCKET;
  // A path or an abstract name; systemd within a virtual machine may name a vsock, which is not for us.
  if (address === undefined || !/^[/@]/.test(address)) return false;
  return addon().notifyServiceManager(address, text) === 0;
}
