import type { DeviceError } from '../../src/lib/errors.js';
import type { Link } from '../../src/uplink/link.js';
import type { WireMessage } from '../../src/uplink/payloads.js';

interface SentByHand {
  readonly message: WireMessage;
  readonly sequence: number;
  settle(error?: DeviceError): void;
}

/** A broker in the test's hand: it answers when and how the test says. */
export class HandLink implements Link {
  connected = true;
  protocolVersion = 5 as const;
  windowMessages = 1_000;
  networkInterface: string | undefined;
  unsentBytes = 0;
  readonly dropped: string[] = [];
  /** What waits for its answer. */
  sent: SentByHand[] = [];

  publish(message: WireMessage): Promise<void> {
    return new Promise((resolve, reject) => {
      this.sent.push({
        message,
        sequence: numberOf(message),
        settle: (error) => (error ? reject(error) : resolve()),
      });
    });
  }

  drop(reason: string): void {
    this.dropped.push(reason);
  }

  /** Numbers of the items that wait for an answer, in the order in which they were sent. */
  sequences(): number[] {
    return this.sent.map(({ sequence }) => sequence);
  }

  /** The last words of their topics. */
  topics(): string[] {
    return this.sent.map(({ message }) => message.topic.split('/').at(-1) as string);
  }

  answer(sequence: number, error?: DeviceError): void {
    const found = this.sent.find((sent) => sent.sequence === sequence);
    this.sent = this.sent.filter((sent) => sent !== found);
    found?.settle(error);
  }

  answerFirst(count: number): void {
    for (const { settle } of this.sent.splice(0, count)) settle();
  }

  /** Answers everything that was sent since the last time, and says what that was. */
  answerAll(error?: DeviceError): number[] {
    const sent = this.sent.splice(0);
    for (const { settle } of sent) settle(error);
    return sent.map(({ sequence }) => sequence);
  }
}

/** Of the item: a statement's own, a picture's record's. */
function numberOf({ userProperties }: WireMessage): number {
  return Number(userProperties?.sequence ?? userProperties?.recordid?.replace(/^\D+/, '') ?? 0);
}
