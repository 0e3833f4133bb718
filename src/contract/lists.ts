import { z } from 'zod';
import { base64 } from './fields.js';

/** Lists of vehicles of interest, as their owners publish them; read in full by src/matching/package. */

export const manifestEnvelope = z
  .strictObject({
    payloadType: z.literal('application/vnd.anprd.voi-list+json'),
    payload: base64().describe('The manifest: which revision is the list, and the digests of its blobs.'),
    signatures: z
      .array(z.strictObject({ keyid: z.string().max(100), sig: base64().describe('Ed25519.') }))
      .min(1)
      .max(4),
  })
  .describe('A signed manifest: a DSSE envelope in compact JSON.');
