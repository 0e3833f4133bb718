import { PROFILES, type Profile } from '../domain/display-profile.js';
import type { CrewDecision } from '../domain/held-hit.js';
import { BadRequest, type Route } from './routes.js';

/** What the crew's screens ask of the daemon. */
export interface CrewDoor {
  /**
   * @param most the screen shows no more than this.
   * @param send is called with every message, one JSON value each.
   * @returns how to end it.
   */
  follow(most: Profile, send: (message: object) => void): () => void;
  /** @throws DeviceError */
  decide(hitId: string, decision: CrewDecision): void;
  mute(): void;
}

/**
 * What waits in memory for a screen that does not read; beyond it the screen is cut off, and gets a snapshot when
 * it comes again. The largest snapshot, of a full board of the longest rows, is two thirds of it.
 */
const MOST_WAITING_BYTES = 64_000_000;
const DECISIONS = { confirm: 'hit-confirmed', reject: 'hit-rejected' } as const;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function crewRoutes(crew: CrewDoor): readonly Route[] {
  return [
    {
      method: 'GET',
      path: /^\/hits$/,
      says: 'GET /hits[?profile=driver-moving|passenger|stationary]',
      answer: ({ query, response }) => {
        const most = profileOf(query.get('profile') ?? 'stationary');
        // Its connection ends with it, so that the server need not wait for it to become idle.
        response.writeHead(200, { 'content-type': 'application/x-ndjson', connection: 'close' });
        const stop = crew.follow(most, (message) => {
          // It has ended, and its `close` is on the way.
          if (response.writableEnded || response.destroyed) return;
          if (response.writableLength > MOST_WAITING_BYTES) response.destroy();
          else response.write(`${JSON.stringify(message)}\n`);
        });
        response.once('close', stop);
      },
    },
    {
      method: 'POST',
      path: /^\/hits\/([^/]*)\/(confirm|reject)$/,
      says: 'POST /hits/ID/confirm or POST /hits/ID/reject',
      answer: ({ captured: [id = '', verb], json }) => {
        if (!UUID.test(id)) throw new BadRequest('that is no id of a hit', 'a UUID as GET /hits gives it');
        const decision = DECISIONS[verb as keyof typeof DECISIONS];
        crew.decide(id, decision);
        json(200, { id, decision });
      },
    },
    {
      method: 'POST',
      path: /^\/mute$/,
      says: 'POST /mute',
      answer: ({ json }) => {
        crew.mute();
        json(200, { muted: true });
      },
    },
  ];
}

function profileOf(asked: string): Profile {
  const profile = PROFILES.find((known) => known === asked);
  if (profile === undefined) throw new BadRequest('no such profile', PROFILES.join(', '));
  return profile;
}
