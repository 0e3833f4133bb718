import { type ChildProcess, spawn } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import ts from 'typescript';

/**
 * Runs the sources in a process of their own, so that it can be killed: each file is stripped of
 * its types (no check: that is the build's) into a temporary folder that borrows node_modules and the addon.
 */
export interface Sources {
  /** Runs a module text whose imports are written from the root, such as './src/lib/clock.js'. */
  run(module: string, options?: { readonly shellPrefix?: string }): ChildProcess;
  remove(): void;
}

const ROOT = resolve(import.meta.dirname, '../..');

export function stripSources(): Sources {
  const folder = mkdtempSync(join(tmpdir(), 'anprd-sources-'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  symlinkSync(join(ROOT, 'native'), join(folder, 'native'));
  const names = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' });
  for (const name of names.filter((path) => path.endsWith('.ts'))) {
    const { outputText } = ts.transpileModule(readFileSync(join(ROOT, 'src', name), 'utf8'), {
      compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
    });
    const path = join(folder, 'src', name.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, outputText);
  }
  let count = 0;
  return {
    run(module, options = {}) {
      const path = join(folder, `child-${++count}.js`);
      writeFileSync(path, module);
      const command = `${options.shellPrefix ?? ''} exec "${process.execPath}" "${path}"`;
      return spawn('/bin/sh', ['-c', command], { stdio: ['ignore', 'pipe', 'inherit'] });
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
