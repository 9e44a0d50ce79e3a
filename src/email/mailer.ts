/** One message to one buyer, ready to send. */
export interface Message {
  /** The same on every attempt, so that a duplicate can be recognised (RFC 5322, section 3.6.4). */
  readonly messageId: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** The reason why a mail server rejects a message for good. Contains no address. */
export interface RefusedMessage {
  readonly refused: string;
}

/** The port to the mail server. */
export interface Mailer {
  /**
   * Sends a message. The message may have arrived although this throws; the next attempt uses the same id.
   * @throws Error when the server may not have accepted it. The error contains no address, because it is logged.
   */
  send(message: Message): Promise<'sent' | RefusedMessage>;
}

/** The occasion of a message: one per order and kind, per refund, and per parcel; `copy` is how often it was sent again. */
export interface Occasion {
  readonly orderId: number;
  readonly kind: string;
  readonly refundId: number | null;
  /** Missing in a step that an earlier release recorded. */
  readonly shipmentId?: number | null;
  readonly copy?: number;
}

/** The Message-ID of an occasion, with angle brackets; `publicUrl` is the origin of the shop. */
export function messageIdOf(
  { orderId, kind, refundId, shipmentId = null, copy = 0 }: Occasion,
  publicUrl: string,
): string {
  const again = copy === 0 ? [] : [`copy${copy}`];
  const parts = ['email', orderId, kind, ...[refundId, shipmentId].filter((id) => id !== null), ...again];
  return `<${parts.join('-')}@${new URL(publicUrl).hostname}>`;
}
