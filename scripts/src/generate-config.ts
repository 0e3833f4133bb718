import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { configJsonSchema } from '../../src/config/hints.js';
import { renderReferenceYaml } from '../../src/config/reference.js';
import { renderAsyncApi } from '../../src/contract/asyncapi.js';

/** Writes config/anprd.yaml, config/schema.json and config/asyncapi.yaml from their declarations; run from the repository's root. */
await writeFile(join('config', 'anprd.yaml'), renderReferenceYaml());
await writeFile(join('config', 'schema.json'), `${JSON.stringify(configJsonSchema(), null, 2)}\n`);
await writeFile(join('config', 'asyncapi.yaml'), renderAsyncApi());
