import type { AreaReport, Figure } from '../bench/report.js';
import { headsOf, verifyChains } from './chain.js';
import { type Compared, reckon } from './reckoning.js';
import type { Rig } from './rig.js';
import { committedStatements } from './stored.js';
import { readJournal } from './traffic-orders.js';

/** What every proof asks of a unit that has ended: all that it committed has come, once, in one chain. */
export interface Account {
  readonly figures: AreaReport['figures'];
  readonly readsCommitted: number;
  readonly hitsCommitted: number;
}

const NONE = { is: 'at most', value: 0 } as const;

/** @param say what is wrong, in ids. */
export function accountOf(
  { unit, receiver, tap }: Pick<Rig, 'unit' | 'receiver' | 'tap'>,
  say: (line: string) => void,
): Account {
  const committed = [...committedStatements(unit)];
  const { hits, reads, events, pictures, altered, hitTwice, forgotten, unmatched } = reckon({
    journal: readJournal(unit.journalPath),
    committed,
    received: receiver,
    acknowledged: tap.acknowledged,
  });
  const verdicts = verifyChains(receiver.statements.values(), unit.publicKey, headsOf(committed));
  for (const verdict of verdicts.filter(({ breaks }) => breaks > 0)) say(JSON.stringify(verdict));
  for (const [name, ids] of Object.entries({
    'hits lost by the device': hits.lostByDevice,
    'hits lost by the broker': hits.lostByBroker,
    'events lost by the device': events.lostByDevice,
    'vehicles without a read': forgotten,
    'listed vehicles without a hit': unmatched,
  })) {
    if (ids.length > 0) say(`${name}: ${ids.slice(0, 3).join(' ')}`);
  }
  return {
    readsCommitted: reads.committed,
    hitsCommitted: hits.committed,
    figures: {
      ...compared('hits', hits, NONE),
      ...compared('reads', reads),
      ...compared('events', events, NONE),
      ...compared('pictures named in reads', pictures),
      'records with two hits': count(hitTwice.length, NONE),
      'acknowledged vehicles without a read': count(forgotten.length, NONE),
      'acknowledged listed vehicles without a hit': count(unmatched.length, NONE),
      'statements that came with another text': count(altered.length, NONE),
      'statements received': count(receiver.statements.size),
      chains: count(verdicts.length, { is: 'at most', value: 1 }),
      'breaks in the chain': count(
        verdicts.reduce((sum, { breaks }) => sum + breaks, 0),
        NONE,
      ),
      'messages published': count(tap.counts.published),
      'messages resent': count(tap.counts.published - tap.published.size),
      'messages that came again, known by id': count(receiver.counts.repeats),
      'messages that came again, saying something else': count(receiver.counts.contradictions, NONE),
      'connections made': count(tap.counts.connections),
      'connections made with MQTT 3.1.1': count(tap.counts.olderConnections, NONE),
      'acknowledged while nobody listened': count(tap.counts.unheard),
    },
  };
}

export function count(value: number, bar?: Figure['bar']): Figure {
  return { value, unit: '', ...(bar !== undefined && { bar }) };
}

/**
 * @param brokerBar of what the broker lost after its acknowledgement. Mosquitto may, when it is killed: a
 *   hit must come all the same for the proof to hold, and a read is missed in the chain.
 */
function compared(name: string, what: Compared, brokerBar?: Figure['bar']): AreaReport['figures'] {
  return {
    [`${name} committed`]: count(what.committed),
    [`${name} received, by id`]: count(what.received),
    [`${name} lost by the device`]: count(what.lostByDevice.length, NONE),
    [`${name} lost by the broker after acknowledging`]: count(what.lostByBroker.length, brokerBar),
    [`${name} received and never committed`]: count(what.unheardOf.length, NONE),
  };
}
