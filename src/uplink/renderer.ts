import type { RenderingsConfig } from '../config/link-schema.js';
import type { OutboxItem } from '../domain/outbox.js';
import { type Capture, pictureCapture, readCapture, renderCompound } from './compound.js';
import { renderOnvif } from './onvif.js';
import { renderMessage, type SealedText, type Wire, type WireMessage } from './payloads.js';
import { readHeadOf } from './read-head.js';

/** A message and the items that it carries. */
export interface Outgoing {
  readonly message: WireMessage;
  readonly itemIds: readonly number[];
}

/**
 * Makes items of the outbox into messages; pure.
 *
 * Invariants
 * - Every item is in one CloudEvents message of its own; ONVIF and compound come on top and never instead.
 * - An item has been delivered when every message that names it was acknowledged. What is sent again
 *   has the ids that it had; a compound message may then hold other captures together.
 */
export class Renderer {
  readonly #renderings: RenderingsConfig;

  constructor({ renderings }: { readonly renderings: RenderingsConfig }) {
    this.#renderings = renderings;
  }

  /**
   * @param items of any lanes; the messages keep their order, and compound captures follow at the end.
   * @param nowMs UTC, milliseconds: when they are handed to the broker.
   */
  render(items: readonly OutboxItem[], wire: Wire, nowMs: number): readonly Outgoing[] {
    const { onvif, compound } = this.#renderings;
    const outgoing: Outgoing[] = [];
    const captures: { readonly capture: Capture; readonly itemId: number }[] = [];
    for (const { id: itemId, message } of items) {
      const itemIds = [itemId];
      if (message.kind === 'health' || message.kind === 'image') {
        outgoing.push({ message: renderMessage(message, wire, nowMs), itemIds });
        if (message.kind === 'image' && compound.enabled) {
          const picture = renderCompound([pictureCapture(message, wire.unitId)], wire);
          outgoing.push({ message: picture, itemIds });
        }
        continue;
      }
      const isWholeRead = onvif.enabled || compound.enabled || message.kind !== 'read';
      const head = isWholeRead ? undefined : readHeadOf(message.text);
      const statement = head ?? (JSON.parse(message.text) as SealedText);
      outgoing.push({ message: renderMessage(message, wire, nowMs, statement), itemIds });
      if (message.kind !== 'read') continue;
      if (onvif.enabled) {
        const event = renderOnvif(statement, wire, onvif.topicPrefix);
        if (event !== undefined) outgoing.push({ message: event, itemIds });
      }
      if (compound.enabled) {
        const capture = readCapture(statement, wire.unitId);
        if (capture !== undefined) captures.push({ capture, itemId });
      }
    }
    for (let from = 0; from < captures.length; from += compound.mostCaptures) {
      const batch = captures.slice(from, from + compound.mostCaptures);
      outgoing.push({
        message: renderCompound(
          batch.map(({ capture }) => capture),
          wire,
        ),
        itemIds: batch.map(({ itemId }) => itemId),
      });
    }
    return outgoing;
  }
}
