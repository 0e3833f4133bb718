import { accessSync, constants, existsSync } from 'node:fs';
import { connect } from 'node:net';
import { probeRtsp } from '../../capture/rtsp-probe.js';
import type { CaptureConfig, DeviceConfig } from '../../config/schema.js';
import { PositionSealer } from '../../governance/sealing.js';
import { systemClock } from '../../lib/clock.js';
import { DeviceError, messageOf } from '../../lib/errors.js';
import { loadSurveyedPlace } from '../../position/surveyed-place.js';
import { Certificates } from '../../uplink/certificates.js';
import { knock } from '../../uplink/knock.js';
import { type Finding, fault, ok, tried } from './finding.js';

const ANSWER_WITHIN_MS = 5_000;
/** Where systemd shows a service its secrets, and nobody else. */
const CREDENTIALS = '/run/credentials/';

/** What the device is connected to: cameras, receiver, lines, brokers. Nothing of it is disturbed. */
export async function checkSurroundings(config: DeviceConfig): Promise<readonly Finding[]> {
  return [
    ...(await Promise.all(config.cameras.map(checkCamera))),
    ...(await checkReceiver(config)),
    ...checkLines(config),
    ...checkCertificates(config),
    ...checkPassword(config),
    ...(await Promise.all(config.mqtt.urls.map((url) => checkBroker(url, config)))),
  ];
}

function checkCamera({ id, source }: CaptureConfig): Finding | Promise<Finding> {
  const check = `camera ${id}`;
  switch (source.kind) {
    case 'v4l2':
      return checkOpens(
        check,
        devicePath(source.device),
        'plug the camera in; ls /dev/v4l/by-id shows what is there',
      );
    case 'file':
      return checkOpens(check, source.path, 'set cameras[].source.path to a recording');
    case 'pictures':
      return checkOpens(check, source.folder, 'set cameras[].source.folder to a folder of pictures');
    case 'rtsp':
      return tried(check, 'an RTSP server that answers', async () => {
        await probeRtsp(source.url, ANSWER_WITHIN_MS);
        // The URL may hold a password, and a host name may be a place.
        return 'its server answers';
      });
    case 'gstreamer':
      return ok(check, 'a GStreamer pipeline: only the running daemon can tell (anprctl status)');
  }
}

function devicePath(device: string): string {
  return /^\d+$/.test(device) ? `/dev/video${device}` : device;
}

function checkOpens(check: string, path: string, remedy: string): Finding {
  try {
    accessSync(path, constants.R_OK);
    return ok(check, `${path} is there`);
  } catch (error) {
    return fault('fail', check, {
      found: messageOf(error),
      expected: `${path}, readable for the service`,
      remedy: isDenied(error)
        ? 'Let the service read it: its groups are in systemd/anprd.service.'
        : `First, ${remedy}.`,
    });
  }
}

function isDenied(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'EACCES';
}

async function checkReceiver({ position, unit }: DeviceConfig): Promise<readonly Finding[]> {
  const { receiver, surveyedFile, centrePublicKey } = position;
  const findings: Finding[] = [];
  if (receiver.kind === 'serial') {
    findings.push(
      checkOpens('receiver', receiver.device, 'plug it in; ls -l /dev/serial/by-id shows what is there'),
    );
  }
  if (receiver.kind === 'gpsd') {
    const { host, port } = receiver;
    findings.push(
      await tried('receiver', 'gpsd, listening', async () => {
        await reachGpsd(host, port);
        return 'gpsd answers';
      }),
    );
  }
  if (surveyedFile !== undefined) findings.push(await checkSurveyed(surveyedFile));
  if (centrePublicKey !== undefined) {
    findings.push(
      await tried('sealing key', "the centre's X25519 key, as anprctl centre-key printed it", () => {
        const { keyId } = new PositionSealer({ centrePublicKey, unitId: unit.id });
        return `there, id ${keyId}`;
      }),
    );
  }
  const hasPosition = receiver.kind !== 'none' || surveyedFile !== undefined;
  if (hasPosition && centrePublicKey === undefined) {
    findings.push(
      fault('warn', 'sealing key', {
        found: 'position.centrePublicKey is not set: records bear no position',
        expected: "the centre's public key",
        remedy: 'Ask the centre for it; it makes one with anprctl centre-key.',
      }),
    );
  }
  return findings;
}

function checkSurveyed(surveyedFile: string): Finding | Promise<Finding> {
  const check = 'surveyed place';
  if (surveyedFile.startsWith(CREDENTIALS))
    return ok(check, 'a credential of systemd: the daemon does not start where it cannot be used');
  return tried(check, 'latitude and longitude, in a file that only its owner may read', () => {
    loadSurveyedPlace(surveyedFile);
    return 'there';
  });
}

function checkLines({ lines }: DeviceConfig): readonly Finding[] {
  switch (lines.board.kind) {
    case 'none':
      return [];
    case 'simulated':
      return [checkOpens('lines', lines.board.folder, 'make the folder, or set lines.board')];
    case 'onoff':
      if (existsSync('/sys/class/gpio/export')) return [ok('lines', '/sys/class/gpio is there')];
      return [
        fault('fail', 'lines', {
          found: 'there is no /sys/class/gpio/export',
          expected: 'a kernel with GPIO and its sysfs interface',
          remedy: 'Set lines.board.kind to none where the machine has no lines.',
        }),
      ];
  }
}

function checkCertificates({ mqtt }: DeviceConfig): readonly Finding[] {
  if (mqtt.caFile === undefined && mqtt.certificateFile === undefined) return [];
  const certificates = new Certificates(mqtt);
  certificates.refresh();
  const { problem } = certificates;
  const expected = 'certificate and key that fit together, good for 30 days and more';
  if (problem !== undefined) {
    return [fault('fail', 'certificates', { found: problem.message, expected, remedy: problem.hint })];
  }
  return certificates.states(Date.now()).map(({ of, notAfterMs, expiring }) => {
    const days = Math.floor((notAfterMs - Date.now()) / 86_400_000);
    const found =
      days < 0 ? `of the ${of}: expired ${-days} days ago` : `of the ${of}: good for ${days} days`;
    if (!expiring) return ok('certificates', found);
    const remedy = 'Put a new one in its place; no restart is needed.';
    return fault(days < 0 ? 'fail' : 'warn', 'certificates', { found, expected, remedy });
  });
}

function checkPassword({ mqtt }: DeviceConfig): readonly Finding[] {
  const { passwordFile } = mqtt;
  if (passwordFile === undefined || passwordFile.startsWith(CREDENTIALS)) return [];
  return [checkOpens('broker password', passwordFile, 'write the password into it')];
}

/** As far as TLS: to log in under the daemon's name could push its own connection off. */
async function checkBroker(url: string, { mqtt }: DeviceConfig): Promise<Finding> {
  const isTls = /^(mqtts|wss):/.test(url);
  return tried('broker', 'a broker that can be reached', async () => {
    const tls = isTls ? new Certificates(mqtt).material : {};
    const { serverName } = mqtt;
    const { signal } = new AbortController();
    const how = { url, tls, serverName, withinMs: ANSWER_WITHIN_MS };
    const { problem } = await knock(how, systemClock, signal);
    if (problem !== undefined) throw problem;
    return `${new URL(url).host} answers${isTls ? ', its TLS and certificates are good' : ''}`;
  });
}

/** @throws DeviceError where nothing listens, or answers in time. */
async function reachGpsd(host: string, port: number): Promise<void> {
  const socket = connect({ host, port });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', () => resolve());
      socket.once('error', reject);
      socket.setTimeout(ANSWER_WITHIN_MS, () =>
        reject(new Error(`no answer within ${ANSWER_WITHIN_MS / 1000} s`)),
      );
    });
  } catch (cause) {
    throw new DeviceError('position.receiver-failed', {
      message: `no connection to gpsd: ${messageOf(cause)}`,
      hint: 'Start it (systemctl status gpsd), or mend position.receiver.',
      cause,
    });
  } finally {
    socket.destroy();
  }
}
