import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * PP-OCRv4 mobile, the peer that reads plates best of those that install from npm. It is put into a
 * temporary folder, measured in a process of its own, and removed: nothing of it is ours.
 */
const PACKAGE = '@gutenye/ocr-node@1.4.8';

export interface PeerPicture {
  readonly file: string;
  /** Every line of text that it found. */
  readonly lines: readonly string[];
  /** CPU time without decoding the picture. */
  readonly cpuMs: number;
}

/** Runs inside the folder: one thread, and the time of decoding alone taken off. */
const PROGRAM = `
import { readFileSync } from 'node:fs';
import Ocr from '@gutenye/ocr-node';
import sharp from 'sharp';
sharp.concurrency(1);
sharp.cache(false);
const cpuMs = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1000; };
const files = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const ocr = await Ocr.create({ onnxOptions: { intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential' } });
await ocr.detect(files[0]);
for (const file of files) {
  const began = cpuMs();
  await sharp(file).ensureAlpha(1).raw().toBuffer();
  const decoded = cpuMs();
  const lines = await ocr.detect(file);
  const ended = cpuMs();
  console.log('@' + JSON.stringify({ file, lines: lines.map(({ text }) => text), cpuMs: ended - decoded - (decoded - began) }));
}
`;

/** @throws Error when it cannot be installed (it needs the npm registry) or fails. */
export async function measurePeer(files: readonly string[]): Promise<PeerPicture[]> {
  const folder = await mkdtemp(join(tmpdir(), 'anprd-peer-'));
  try {
    await writeFile(join(folder, 'package.json'), '{"type":"module","private":true}');
    await writeFile(join(folder, 'measure.js'), PROGRAM);
    await writeFile(join(folder, 'files.json'), JSON.stringify(files));
    const install = ['install', PACKAGE, '--no-audit', '--no-fund', '--onnxruntime-node-install=skip'];
    await run('npm', install, folder);
    const printed = await run(process.execPath, ['measure.js', 'files.json'], folder);
    const results = printed.split('\n').filter((line) => line.startsWith('@'));
    return results.map((line) => JSON.parse(line.slice(1)) as PeerPicture);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function run(command: string, args: readonly string[], cwd: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(stdout);
      else reject(new Error(`${command} ${args[0]} ended with ${code}: ${stderr.slice(-1_000)}`));
    });
  });
}
