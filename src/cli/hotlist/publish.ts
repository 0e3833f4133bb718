import { type Command, InvalidArgumentError } from 'commander';
import { type MqttConfig, mqttSchema } from '../../config/link-schema.js';
import { loadConfig } from '../../config/load.js';
import { hotlistSchema } from '../../config/schema.js';
import { systemClock } from '../../lib/clock.js';
import { keyIdOf, publicKeyText } from '../../lib/ed25519.js';
import { DeviceError, messageOf } from '../../lib/errors.js';
import { openEnvelope } from '../../matching/package/envelope.js';
import { MOST_REVISION } from '../../matching/package/limits.js';
import type { Manifest } from '../../matching/package/manifest.js';
import { writePackageFile } from '../../matching/package/package-file.js';
import { blobNames } from '../../matching/package/parts.js';
import { PackageFolder } from '../../matching/publisher/package-folder.js';
import { type ListTerms, type Published, publish } from '../../matching/publisher/publish.js';
import { FolderUpload } from '../../matching/publisher/upload.js';
import { publishList, type Uploaded } from '../../uplink/list-publisher.js';
import {
  counted,
  gatheredKeys,
  parseListId,
  printJson,
  type TermsOptions,
  withTermsOptions,
} from './common.js';
import { readCsvList, tellBadRows } from './csv-file.js';
import { readSigningKey } from './private-key.js';
import { Progress } from './progress.js';

interface PublishOptions extends TermsOptions {
  readonly list: string;
  readonly key: string;
  readonly folder: string;
  readonly out?: string;
  readonly broker?: string;
  readonly config?: string;
  readonly topicPrefix?: string;
  readonly previousKey: readonly string[];
  readonly firstRevision?: number;
  readonly acceptRemovals?: boolean;
  readonly resend?: boolean;
  readonly json?: boolean;
}

const HELP = `
The folder is the package, and all that is kept between two runs: the signed manifest and its blobs.
Each run makes the next revision of what changed since the last one; without a change it confirms the
list, which is what keeps it young on the devices. Run it every few minutes. It needs about 500 bytes
of memory a row.
With --broker or --config the package is put on the broker as retained messages; devices need nothing
else. With --out it is written as one file, for a USB stick.
Blobs that the broker should have are not sent again. Where a device says that one is damaged or does
not come, --resend once sends them all.

Exits 0 when it is published, 1 when not; the package is then as it was, or only the broker lacks it,
and the next run goes on from there.

Examples:
  anprctl hotlist publish stolen.csv --list stolen --key stolen.pem --folder stolen/ \\
    --level force --owner 'A Force' --default-action STOP --broker mqtts://broker.example:8883
  anprctl hotlist publish stolen.csv --list stolen --key stolen.pem --folder stolen/ --out stolen.voi`;

export function register(hotlist: Command): void {
  const command = hotlist
    .command('publish')
    .description('sign a list and publish what changed: to a broker, as a file, as a folder')
    .argument('<file>', 'the whole list as CSV, as for import')
    .requiredOption('--list <id>', 'which list: 1 to 32 of a-z, 0-9 and -', parseListId)
    .requiredOption('--key <file>', "its owner's private key, as keygen makes")
    .requiredOption('--folder <folder>', 'the folder of its package, made at the first run')
    .option('--out <file>', 'also write the package as one file (.voi)')
    .option('--broker <url>', 'put it on this broker, without credentials')
    .option('--config <file>', 'put it on the broker of this configuration (mqtt, hotlist.topicPrefix)')
    .option('--topic-prefix <topic>', 'first part of the topics (as in the configuration)')
    .option('--previous-key <key>', 'public key that signed before, when the key changes', gatheredKeys, [])
    .option('--first-revision <number>', 'where to begin in a new folder (1)', parseRevision)
    .option('--accept-removals', 'also where more than half of the marks go, or all; otherwise refused')
    .option('--resend', 'put every blob on the broker again, whatever it should have')
    .option('--json', 'print JSON')
    .addHelpText('after', HELP);
  withTermsOptions(command, 'as in the package so far').action((file: string, options: PublishOptions) => {
    if (options.resend && options.broker === undefined && options.config === undefined) {
      command.error('error: --resend is for a broker: name it with --broker or --config');
    }
    return publishFile(file, options);
  });
}

function parseRevision(text: string): number {
  const revision = Number(text);
  if (Number.isInteger(revision) && revision >= 1 && revision <= MOST_REVISION) return revision;
  throw new InvalidArgumentError('expected a whole number from 1');
}

async function publishFile(file: string, options: PublishOptions): Promise<void> {
  const broker = await brokerOf(options);
  const privateKey = readSigningKey(options.key);
  const folder = new PackageFolder(options.folder);
  const keys = [publicKeyText(privateKey), ...options.previousKey];
  const terms = termsOf(options, folder, keys);
  const progress = new Progress();
  const csv = await readCsvList(file, progress, { mayBeEmpty: true });
  tellBadRows(csv);
  let blobs = 0;
  const published = await publish({
    folder,
    terms,
    content: csv.content,
    privateKey,
    previousKeys: options.previousKey,
    ...(options.firstRevision !== undefined && { firstRevision: options.firstRevision }),
    nowMs: Date.now(),
    mayShrink: options.acceptRemovals ?? false,
    onBlob: (step) => progress.tell(`blobs written (${step})`, ++blobs),
  });
  progress.end();
  if (options.out !== undefined) writeOneFile(options.out, folder, published);
  if (!options.json) tellPublished(published, csv.badRows, options);
  const uploaded =
    broker && (await upload(new FolderUpload(folder, keys, nameOf(broker), options), broker, progress));
  progress.end();
  if (uploaded !== undefined && !options.json) {
    const { bytes, removed } = uploaded;
    process.stdout.write(
      `on the broker: ${counted(uploaded.blobs, 'blob')} of ${bytes} bytes sent, ${removed} taken off\n`,
    );
  }
  if (options.json) {
    const { manifest, changes, isNewRevision, isNewSnapshot } = published;
    const { badRows, firstBadRows, notUtf8Rows } = csv;
    printJson({
      ...{ manifest, changes, isNewRevision, isNewSnapshot, badRows, firstBadRows, notUtf8Rows },
      ...(uploaded !== undefined && { uploaded }),
    });
  }
}

/** What is not said now is as it was in the package; an expiry is always said anew. */
function termsOf(options: PublishOptions, folder: PackageFolder, keys: readonly string[]): ListTerms {
  const before = packageSoFar(folder, keys, options.list);
  return {
    list: options.list,
    level: options.level ?? before?.level ?? 'force',
    owner: options.owner ?? before?.owner ?? '',
    defaultAction: options.defaultAction ?? before?.defaultAction ?? '',
    ...(options.expires !== undefined && { expiresAtMs: options.expires }),
  };
}

/** @throws DeviceError hotlist.signature-invalid where another key signed it, or it is of another list. */
function packageSoFar(folder: PackageFolder, keys: readonly string[], list: string): Manifest | undefined {
  const envelope = folder.envelope();
  if (envelope === undefined) return undefined;
  try {
    openEnvelope(envelope, keys);
  } catch (cause) {
    if (!(cause instanceof DeviceError) || cause.code !== 'hotlist.signature-invalid') throw cause;
    throw new DeviceError('hotlist.signature-invalid', {
      message: `the package in ${folder.path} was signed with another key; expected ${keys.map(keyIdOf).join(' or ')}`,
      hint: 'Where the list changes its key, name the public key that signed before: --previous-key KEY, as the devices pin it. Otherwise sign with the key of before.',
      cause,
    });
  }
  return openEnvelope(envelope, keys, list);
}

interface Broker {
  readonly mqtt: MqttConfig;
  readonly topicPrefix: string;
}

async function brokerOf({ broker, config, topicPrefix }: PublishOptions): Promise<Broker | undefined> {
  if (broker === undefined && config === undefined) return undefined;
  const { mqtt, hotlist } =
    config === undefined
      ? { mqtt: mqttSchema.parse({}), hotlist: hotlistSchema.parse({}) }
      : await loadConfig(config);
  const withUrl = mqttSchema.safeParse({ ...mqtt, ...(broker !== undefined && { urls: [broker] }) });
  const withPrefix = hotlistSchema.shape.topicPrefix.safeParse(topicPrefix ?? hotlist.topicPrefix);
  if (withUrl.success && withPrefix.success) return { mqtt: withUrl.data, topicPrefix: withPrefix.data };
  const issue = (withUrl.error ?? withPrefix.error)?.issues[0];
  throw new DeviceError('hotlist.publish-failed', {
    message: `${withUrl.success ? '--topic-prefix' : '--broker'}: ${issue?.message ?? 'not as expected'}`,
    hint: 'Name a broker such as mqtts://broker.example:8883, and topics such as anpr/lists.',
  });
}

/** Tells it from others, without what may be secret in its URL. */
function nameOf({ mqtt, topicPrefix }: Broker): string {
  return `${new URL(mqtt.urls[0] as string).host} ${topicPrefix}`;
}

function upload(list: FolderUpload, { mqtt, topicPrefix }: Broker, progress: Progress): Promise<Uploaded> {
  return publishList({
    config: mqtt,
    topicPrefix,
    list,
    clock: systemClock,
    onProgress: ({ blobs, ofBlobs }) => progress.tell('blobs sent', blobs, ofBlobs),
    onLost: (error) => {
      progress.end();
      process.stderr.write(`${error.message}; trying again\n`);
    },
  });
}

function writeOneFile(path: string, folder: PackageFolder, { manifest, envelope }: Published): void {
  function* blobs() {
    for (const part of [manifest.snapshot, ...manifest.deltas]) {
      for (const name of blobNames(part)) {
        const bytes = folder.blob(name);
        if (bytes === undefined) throw overtaken(name);
        yield { name, bytes };
      }
    }
  }
  try {
    writePackageFile(path, envelope, blobs());
  } catch (cause) {
    if (!(cause instanceof Error) || !('syscall' in cause)) throw cause;
    throw new DeviceError('hotlist.publish-failed', {
      message: `cannot write ${path}: ${messageOf(cause)}`,
      hint: 'Name a file in a folder that this user may write, on a disk that is not full.',
      cause,
    });
  }
}

/** The lock of the folder is not held any more. */
function overtaken(name: string): DeviceError {
  return new DeviceError('hotlist.publish-failed', {
    message: `${name} is no longer in the folder: another process has published from it meanwhile`,
    hint: 'Run the publisher of a folder once at a time.',
  });
}

function tellPublished(published: Published, badRows: number, { list, out }: PublishOptions): void {
  const { manifest, changes, isNewRevision, isNewSnapshot } = published;
  const { added, changed, removed } = changes;
  const what = isNewRevision
    ? `${added} added, ${changed} changed, ${removed} removed${isNewSnapshot ? '; a new snapshot' : ''}`
    : 'nothing changed, confirmed';
  process.stdout.write(
    `list ${list}: revision ${manifest.revision}, ${counted(manifest.entryCount, 'entry', 'entries')} of ${counted(manifest.markCount, 'mark')}; ${what}; ${counted(badRows, 'bad row')} left out\n`,
  );
  if (out !== undefined) process.stdout.write(`written to ${out}\n`);
}
