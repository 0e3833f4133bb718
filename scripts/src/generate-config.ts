import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { configJsonSchema } from '../../src/config/hints.js';
import { renderReferenceYaml } from '../../src/config/reference.js';

/** Writes config/anprd.yaml and config/schema.json from the declaration; run from the repository's root. */
await writeFile(join('config', 'anprd.yaml'), renderReferenceYaml());
await writeFile(join('config', 'schema.json'), `${JSON.stringify(configJsonSchema(), null, 2)}\n`);
