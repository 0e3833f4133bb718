import { setTimeout as sleep } from 'node:timers/promises';
import { type Check, expectThat, kill, mainPid, UNIT } from './checks.js';
import type { Machine } from './machine.js';

/** With these, what takes a quarter of an hour takes seconds. */
const QUICK_LIMITS = `[Unit]
StartLimitIntervalSec=20s
StartLimitBurst=3
[Service]
RestartSec=200ms
`;
const QUICK_REST = `[Timer]
OnActiveSec=
OnActiveSec=22s
AccuracySec=100ms
`;
/** In the place of a service that waits for the right time: one that would wait for ever. */
const NEVER_RIGHT = `[Unit]
ConditionVirtualization=
ConditionCapability=
[Service]
ExecStart=
ExecStart=/bin/sleep infinity
TimeoutStartSec=5s
`;
const ENCRYPT = `
mkdir -p /etc/credstore.encrypted /etc/systemd/system/anprd.service.d
systemd-creds setup
for name in storage device; do
  systemd-creds encrypt --with-key=host --name=$name-key /etc/anprd/$name.key /etc/credstore.encrypted/$name-key
  rm /etc/anprd/$name.key
done
cp /opt/anprd/systemd/encrypted-credentials.conf /etc/systemd/system/anprd.service.d/`;

async function running(machine: Machine): Promise<void> {
  await machine.until(UNIT, { ActiveState: 'active', SubState: 'running' }, 60_000);
}

/** How it is stopped, how it fails for good, and what a start may wait for. In this order. */
export const ENDINGS: readonly Check[] = [
  {
    name: 'the journal has priorities, and lines without the mark of them',
    run: async (machine) => {
      const count = async (priority: string) => {
        const log = await machine.must(
          'journalctl',
          '--no-pager',
          '--output=cat',
          '-t',
          'anprd',
          '-p',
          priority,
        );
        return log.split('\n').filter((line) => line.startsWith('{'));
      };
      const warnings = (await count('warning')).map((line) => JSON.parse(line).level);
      const all = (await count('debug')).map((line) => JSON.parse(line).level);
      expectThat(warnings.length > 0 && warnings.every((level) => level >= 40), `${warnings}`);
      expectThat(all.filter((level) => level >= 40).length === warnings.length, `${all} and ${warnings}`);
      return `${warnings.length} of ${all.length} lines are warnings or worse`;
    },
  },
  {
    name: 'it stops cleanly when it is told to',
    run: async (machine) => {
      const beganMs = performance.now();
      await machine.must('systemctl', 'stop', UNIT);
      const tookMs = Math.round(performance.now() - beganMs);
      const shown = await machine.show(UNIT, 'Result', 'ExecMainStatus', 'ExecMainCode', 'ActiveState');
      expectThat(shown.Result === 'success' && shown.ExecMainStatus === '0', JSON.stringify(shown));
      await sleep(4_000);
      const later = await machine.show(UNIT, 'ActiveState');
      expectThat(later.ActiveState === 'inactive', 'it came back');
      return `exit code 0 after ${tookMs} ms, and it stays stopped`;
    },
  },
  {
    name: 'it starts although the clock is never set right',
    run: async (machine) => {
      const unit = 'systemd-time-wait-sync.service';
      await machine.write(`/etc/systemd/system/${unit}.d/never.conf`, NEVER_RIGHT);
      const limit = await machine.must('cat', `/etc/systemd/system/${unit}.d/anprd.conf`);
      expectThat(limit.includes('TimeoutStartSec=60s'), limit);
      await machine.must('systemctl', 'daemon-reload');
      const beganMs = performance.now();
      await machine.run('systemctl', 'start', unit, UNIT);
      await running(machine);
      const waitedMs = Math.round(performance.now() - beganMs);
      const { Result } = await machine.show(unit, 'Result');
      expectThat(Result === 'timeout' && waitedMs >= 4_500, `${unit}: ${Result} after ${waitedMs} ms`);
      return `it waited ${waitedMs} ms of a limit of 5 s (60 s as shipped)`;
    },
  },
  {
    name: 'it takes its keys from encrypted credentials where there are none in clear',
    run: async (machine) => {
      await machine.must('systemctl', 'stop', UNIT);
      await machine.must('sh', '-ec', ENCRYPT);
      await machine.must('systemctl', 'daemon-reload');
      await machine.must('systemctl', 'start', UNIT);
      await running(machine);
      const left = await machine.must('ls', '/etc/anprd');
      expectThat(!left.includes('.key'), left);
      return `the same database under the same key; in /etc/anprd: ${left}`;
    },
  },
  {
    name: 'what fails again and again rests, and is tried again after its rest',
    run: async (machine) => {
      await machine.write('/etc/systemd/system/anprd.service.d/limits.conf', QUICK_LIMITS);
      await machine.write('/etc/systemd/system/anprd-again.timer.d/limits.conf', QUICK_REST);
      await machine.must('systemctl', 'daemon-reload');
      await machine.must('systemctl', 'restart', UNIT);
      let kills = 0;
      for (; kills < 10; kills++) {
        const { ActiveState } = await machine.show(UNIT, 'ActiveState');
        if (ActiveState === 'failed') break;
        const pid = await mainPid(machine);
        if (pid !== '0') await kill(machine, 'KILL', pid);
        await sleep(1_000);
      }
      await machine.until(UNIT, { ActiveState: 'failed' }, 10_000);
      const log = await machine.must('journalctl', '--no-pager', '--unit', UNIT);
      expectThat(log.includes('Start request repeated too quickly'), log.slice(-2_000));
      await machine.until('anprd-again.timer', { ActiveState: 'active' }, 5_000);
      const beganMs = performance.now();
      await machine.until(UNIT, { ActiveState: 'active', SubState: 'running' }, 60_000);
      return `failed after ${kills} kills, running again ${Math.round((performance.now() - beganMs) / 1000)} s later`;
    },
  },
  {
    name: 'it stops cleanly when the machine is shut down',
    run: async (machine) => {
      const beganMs = performance.now();
      await machine.off();
      return `off after ${Math.round(performance.now() - beganMs)} ms`;
    },
  },
];
