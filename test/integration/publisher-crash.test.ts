import type { ChildProcess } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { publicKeyText } from '../../src/lib/ed25519.js';
import { openEnvelope } from '../../src/matching/package/envelope.js';
import { PackageFolder } from '../../src/matching/publisher/package-folder.js';
import { groupsOfPackage } from '../../src/matching/publisher/revisions.js';
import { type Sources, stripSources } from '../support/child.js';
import { repeatable } from '../support/repeatable.js';

const owner = generateKeyPairSync('ed25519').privateKey;
const KILLS = 12;

let sources: Sources;
let path: string;
beforeAll(() => {
  sources = stripSources();
  path = mkdtempSync(join(tmpdir(), 'anprd-publisher-'));
});
afterAll(() => {
  sources.remove();
  rmSync(path, { recursive: true, force: true });
});

/** Publishes revisions for ever, each with its own number as the reason of every row, and says each. */
function publisher(): ChildProcess {
  return sources.run(`
    import { createPrivateKey } from 'node:crypto';
    import { PackageFolder } from './src/matching/publisher/package-folder.js';
    import { ListContent } from './src/matching/publisher/list-content.js';
    import { publish } from './src/matching/publisher/publish.js';
    import { openEnvelope } from './src/matching/package/envelope.js';
    import { publicKeyText } from './src/lib/ed25519.js';
    import { entryFromValues } from './src/matching/voi-entry.js';
    const privateKey = createPrivateKey(${JSON.stringify(owner.export({ type: 'pkcs8', format: 'pem' }))});
    const folder = new PackageFolder(${JSON.stringify(path)});
    const rules = { chainShare: 0.5, deltaShare: 1, leastBytes: 1, mostDeltas: 3, apart: 1 };
    const terms = { list: 'stolen', level: 'force', owner: '', defaultAction: '' };
    const envelope = folder.envelope();
    let revision = envelope ? openEnvelope(envelope, [publicKeyText(privateKey)]).revision : 0;
    let nowMs = Date.UTC(2026, 0, 1) + revision * 1000;
    for (;;) {
      const content = new ListContent();
      for (let mark = 0; mark < 40; mark++) {
        const reason = mark < 10 ? String(revision + 1) : 'always';
        content.add(entryFromValues(['M' + mark, '', '', '', '', '', reason]));
      }
      nowMs += 1000;
      ({ manifest: { revision } } = await publish({ folder, terms, content, privateKey, rules, nowMs }));
      process.stdout.write(revision + '\\n');
    }`);
}

it('leaves the package as it was or as it is to be when it is killed at any moment, and goes on from there', async () => {
  const random = repeatable(7);
  const folder = new PackageFolder(path);
  let said = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const child = publisher();
    const gone = once(child, 'exit');
    const lines = createInterface({ input: child.stdout as NonNullable<ChildProcess['stdout']> });
    const last = said + 1 + Math.floor(random() * 6);
    for await (const line of lines) {
      said = Number(line);
      if (said >= last) break;
    }
    await new Promise((resolve) => setTimeout(resolve, random() * 15));
    child.kill('SIGKILL');
    await gone;
    const manifest = openEnvelope(folder.envelope() as Buffer, [publicKeyText(owner)], 'stolen');
    expect(manifest.revision).toBeGreaterThanOrEqual(last);
    const reasons = [...groupsOfPackage(manifest, (name) => folder.blob(name))].map(
      ({ rows }) => rows[0]?.[6],
    );
    expect(reasons).toHaveLength(40);
    expect(new Set(reasons)).toEqual(new Set([String(manifest.revision), 'always']));
    said = manifest.revision;
  }
});
