import { setTimeout as sleep } from 'node:timers/promises';
import type { Machine } from './machine.js';

/** One thing that must hold. @returns what was seen, for the summary; throws where it does not hold. */
export interface Check {
  readonly name: string;
  readonly run: (machine: Machine) => Promise<string>;
}

export const UNIT = 'anprd.service';
export const CONFIG_PATH = '/etc/anprd/anprd.yaml';

/** Cameras: one that is not there, and one that shows pictures for half an hour. */
export const CONFIG = JSON.stringify({
  unit: { id: 'unit-boot' },
  cameras: [
    { id: 'cam-1', source: { kind: 'v4l2', device: '/dev/anprd-camera' } },
    {
      id: 'cam-2',
      source: { kind: 'pictures', folder: '/var/lib/pictures', framesPerSecond: 1, pace: 'realtime' },
    },
  ],
  mqtt: { urls: ['mqtt://127.0.0.1:1883'], reconnectMostSeconds: 1 },
});

/** With it a hang is found in seconds and not in a minute; everything else is as it is shipped. */
const QUICK = `[Service]
WatchdogSec=5s
`;

export function expectThat(isSo: boolean, otherwise: string): void {
  if (!isSo) throw new Error(otherwise);
}

export async function anprctl(machine: Machine, ...args: readonly string[]): Promise<string> {
  return machine.must('anprctl', ...args);
}

export async function kill(machine: Machine, signal: 'STOP' | 'KILL', pid: string): Promise<void> {
  await machine.run('sh', '-c', `kill -${signal} ${pid}`);
}

/** The daemon's own process. */
export async function mainPid(machine: Machine): Promise<string> {
  return (await machine.show(UNIT, 'MainPID')).MainPID as string;
}

async function childPids(machine: Machine): Promise<string[]> {
  const main = await mainPid(machine);
  const { output } = await machine.run('cat', `/proc/${main}/task/${main}/children`);
  return output.split(' ').filter((pid) => pid !== '');
}

async function status(machine: Machine): Promise<{
  warnings: { code: string }[];
  uplink: { link: { state: string } };
  cameras: { id: string; vision: { pid?: number; framesProcessed: number; restarts: number } }[];
}> {
  // It exits 1 while there are warnings.
  const { output } = await machine.run('anprctl', 'status', '--json');
  return JSON.parse(output);
}

async function untilStatus(
  machine: Machine,
  what: string,
  isSo: (shown: Awaited<ReturnType<typeof status>>) => boolean,
): Promise<Awaited<ReturnType<typeof status>>> {
  let last: unknown;
  for (let tries = 0; tries < 100; tries++) {
    try {
      const shown = await status(machine);
      if (isSo(shown)) return shown;
      last = shown;
    } catch (error) {
      last = error;
    }
    await sleep(200);
  }
  throw new Error(`never: ${what}; last: ${last instanceof Error ? last.message : JSON.stringify(last)}`);
}

async function running(machine: Machine): Promise<void> {
  await machine.until(UNIT, { ActiveState: 'active', SubState: 'running' }, 60_000);
}

export const CHECKS: readonly Check[] = [
  {
    name: 'systemd/install puts units, user and folders in place, and systemd finds no fault in them',
    run: async (machine) => {
      await machine.must('/opt/anprd/systemd/install');
      const units = ['anprd.service', 'anprd-again.service', 'anprd-again.timer'];
      const faults = await machine.must('systemd-analyze', 'verify', ...units);
      expectThat(faults === '', faults);
      const exposure = await machine.must('systemd-analyze', 'security', '--threshold=20', UNIT);
      return (/Overall exposure level.*/.exec(exposure) ?? [''])[0];
    },
  },
  {
    name: 'the device rules are understood',
    run: async (machine) => {
      const { output } = await machine.run('udevadm', 'test', '/sys/devices/virtual/mem/null');
      expectThat(output.includes('70-anprd.rules'), `the rules were not read:\n${output}`);
      const complaints = output.split('\n').filter((line) => /70-anprd\.rules:\d+/.test(line));
      expectThat(complaints.length === 0, complaints.join('\n'));
      return 'no complaint';
    },
  },
  {
    name: 'without its keys it says which file is missing, and does not start',
    run: async (machine) => {
      await machine.write(CONFIG_PATH, CONFIG);
      await machine.run('systemctl', 'start', UNIT);
      await machine.until(UNIT, { ActiveState: 'failed', ExecMainStatus: '78' }, 30_000);
      const told = (await machine.run('systemctl', 'status', '--no-pager', UNIT)).output;
      expectThat(told.includes('/etc/anprd/storage.key'), told);
      return (/Make one: [^;]*/.exec(told) ?? [''])[0];
    },
  },
  {
    name: 'a bad configuration ends with 78 and is not tried again',
    run: async (machine) => {
      await anprctl(machine, 'storage-key');
      await anprctl(machine, 'device-key');
      await machine.write(CONFIG_PATH, '{"unit": {"id": "unit-boot"}, "camera": []}');
      await machine.run('systemctl', 'start', UNIT);
      const first = await machine.until(UNIT, { ActiveState: 'failed', ExecMainStatus: '78' }, 30_000);
      await sleep(8_000);
      const later = await machine.show(UNIT, 'ActiveState', 'NRestarts');
      expectThat(later.ActiveState === 'failed' && later.NRestarts === '0', JSON.stringify(later));
      await machine.run('systemctl', 'start', 'anprd-again.service');
      const again = await machine.show(UNIT, 'ActiveState');
      expectThat(again.ActiveState === 'failed', 'anprd-again started it');
      return `ExecMainStatus=${first.ExecMainStatus}, NRestarts=${later.NRestarts} after 8 s`;
    },
  },
  {
    name: 'it says READY, and takes in pictures under the sandbox, beside a camera that is not there',
    run: async (machine) => {
      const links = 'mkdir -p /var/lib/pictures && cd /var/lib/pictures && for i in $(seq 1000 2800)';
      await machine.must('sh', '-c', `${links}; do ln -s /opt/anprd/scripts/src/demo/shown.jpg $i.jpg; done`);
      await machine.write(CONFIG_PATH, CONFIG);
      await machine.write('/etc/systemd/system/anprd.service.d/quick.conf', QUICK);
      await machine.must('systemctl', 'daemon-reload');
      const beganMs = performance.now();
      await machine.must('systemctl', 'start', UNIT);
      const readyMs = Math.round(performance.now() - beganMs);
      await running(machine);
      await untilStatus(
        machine,
        'pictures are taken in and the broker is there',
        ({ cameras, uplink }) =>
          (cameras[1]?.vision.framesProcessed ?? 0) > 3 && uplink.link.state === 'connected',
      );
      await machine.until(UNIT, { StatusText: /^1 of 2 cameras; / }, 30_000);
      const { StatusText } = await machine.show(UNIT, 'StatusText');
      return `ready after ${readyMs} ms; status: ${StatusText}`;
    },
  },
  {
    name: 'a list that root imports beside it is in force in the service',
    run: async (machine) => {
      await machine.write('/root/list.csv', 'vrm,action,reason\nAB12CDE,STOP,made up\n');
      await anprctl(machine, 'hotlist', 'import', '/root/list.csv', '--list', 'local', '--expires', '48h');
      await untilStatus(
        machine,
        'the list is in force',
        ({ warnings }) => !warnings.some(({ code }) => code === 'hotlist-missing'),
      );
      return machine.must('sh', '-c', 'cd /var/lib/anprd && stat --format="%U %a %n" *');
    },
  },
  {
    name: 'its keys come as credentials: the service itself may not read those on the card',
    run: async (machine) => {
      const pid = await mainPid(machine);
      const folder = '/run/credentials/anprd.service';
      const shown = await machine.must('nsenter', '--target', pid, '--mount', '--', 'ls', folder);
      for (const name of ['storage-key', 'device-key', 'mqtt-password', 'surveyed-place']) {
        expectThat(shown.split('\n').includes(name), `no credential ${name}: ${shown}`);
      }
      const { exitCode } = await machine.run('runuser', '-u', 'anprd', '--', 'cat', '/etc/anprd/storage.key');
      expectThat(exitCode !== 0, 'the service could read /etc/anprd/storage.key');
      return shown.split('\n').join(', ');
    },
  },
  {
    name: 'it can write to its own folders alone, has no capability, and leaves no core',
    run: async (machine) => {
      const main = await mainPid(machine);
      const enter = ['nsenter', '--target', main, '--mount', '--'];
      for (const path of ['/etc/anprd', '/etc', '/usr', '/opt/anprd', '/home', '/boot', '/var/log']) {
        const { exitCode, output } = await machine.run(...enter, 'touch', `${path}/probe`);
        expectThat(
          exitCode !== 0 && /Read-only|No such file|denied/.test(output),
          `it could write to ${path}`,
        );
      }
      for (const path of ['/var/lib/anprd', '/run/anprd', '/var/cache/anprd']) {
        const script = `cd ${path} && printf '#!/bin/sh' >probe && chmod 755 probe && ! ./probe; rm probe`;
        const { exitCode, output } = await machine.run(...enter, 'sh', '-c', script);
        expectThat(
          exitCode === 0 && output.includes('denied'),
          `a script could be run in ${path}: ${output}`,
        );
      }
      for (const pid of [main, ...(await childPids(machine))]) {
        const facts = await machine.must(
          'sh',
          '-c',
          `cat /proc/${pid}/status /proc/${pid}/coredump_filter; grep core /proc/${pid}/limits`,
        );
        for (const fact of [
          /CapEff:\s+0+\n/,
          /CapBnd:\s+0+\n/,
          /NoNewPrivs:\s+1/,
          /Seccomp:\s+2/,
          /\n0+\n/,
        ]) {
          expectThat(fact.test(facts), `${fact} does not hold of process ${pid}:\n${facts}`);
        }
        expectThat(/Max core file size\s+0\s+0/.test(facts), facts);
      }
      return 'daemon and vision processes: CapEff 0, seccomp, core 0';
    },
  },
  {
    name: 'a silent camera and a dead broker do not restart it',
    run: async (machine) => {
      const before = await machine.show(UNIT, 'NRestarts', 'MainPID');
      await machine.must('systemctl', 'stop', 'mosquitto');
      await sleep(15_000);
      const after = await machine.show(UNIT, 'NRestarts', 'MainPID', 'StatusText');
      expectThat(after.MainPID === before.MainPID, JSON.stringify({ before, after }));
      await machine.must('systemctl', 'start', 'mosquitto');
      return `the same process after three times the watchdog's time; status: ${after.StatusText}`;
    },
  },
  {
    name: 'a vision process that is stopped is replaced by the daemon, which goes on',
    run: async (machine) => {
      const main = await mainPid(machine);
      const shown = await status(machine);
      const { pid, restarts } = shown.cameras[1]?.vision ?? { restarts: 0 };
      await kill(machine, 'STOP', String(pid));
      await untilStatus(machine, 'a new process', ({ cameras }) => {
        const vision = cameras[1]?.vision;
        return vision?.pid !== undefined && vision.pid !== pid && vision.restarts > restarts;
      });
      expectThat((await mainPid(machine)) === main, 'the daemon was restarted too');
      return 'another process, the same daemon';
    },
  },
  {
    name: 'a daemon that is stopped is restarted by the watchdog, its vision processes with it',
    run: async (machine) => {
      const old = [await mainPid(machine), ...(await childPids(machine))];
      const { NRestarts } = await machine.show(UNIT, 'NRestarts');
      const beganMs = performance.now();
      await kill(machine, 'STOP', old[0] as string);
      await machine.until(UNIT, { NRestarts: String(Number(NRestarts) + 1) }, 60_000);
      await running(machine);
      const tookMs = Math.round(performance.now() - beganMs);
      const log = await machine.must('journalctl', '--no-pager', '--unit', UNIT);
      expectThat(/Watchdog timeout/.test(log), log.slice(-2_000));
      const { output } = await machine.run('sh', '-c', `ls -d ${old.map((pid) => `/proc/${pid}`).join(' ')}`);
      expectThat(!/^\/proc\/\d+$/m.test(output), `left behind: ${output}`);
      return `ready again after ${tookMs} ms, with WatchdogSec=5s; none of ${old.length} processes left`;
    },
  },
];
