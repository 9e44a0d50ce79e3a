/** One message to one buyer, ready to send. */
export interface Message {
  /** The same on every try, so that a message that arrives twice can be recognised (RFC 5322, section 3.6.4). */
  readonly messageId: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** Why a message will never be taken, however often it is sent. Names nobody's address. */
export interface RefusedMessage {
  readonly refused: string;
}

/** The way messages take to their readers. */
export interface Notifier {
  /**
   * Hands a message over. It may have arrived although this throws: it is then sent again, under the same id.
   * @throws when it is not known to have been taken; what it throws names nobody's address, for it goes to the log.
   */
  send(message: Message): Promise<'sent' | RefusedMessage>;
}

/** What a message is about: one per order and kind, and per refund. */
export interface Occasion {
  readonly orderId: number;
  readonly kind: string;
  readonly refundId: number | null;
}

/** The Message-ID of an occasion, with angle brackets; `publicUrl` is the origin of the shop. */
export function messageIdOf({ orderId, kind, refundId }: Occasion, publicUrl: string): string {
  const parts = ['email', orderId, kind, ...(refundId === null ? [] : [refundId])];
  return `<${parts.join('-')}@${new URL(publicUrl).hostname}>`;
}
