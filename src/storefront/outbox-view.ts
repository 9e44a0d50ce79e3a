import { longTime } from './times.ts';
import { orderWords } from './words.ts';

/** A kept message, as the outbox shows it. */
export interface ShownMessage {
  readonly email_id: number;
  readonly order_id: number;
  /** Of the order's page. */
  readonly token: string;
  readonly to: string;
  readonly subject: string;
  readonly message_id: string;
  readonly text: string;
  readonly sent_at: string;
}

export interface OutboxView {
  readonly messages: readonly {
    readonly id: number;
    readonly subject: string;
    readonly to: string;
    readonly messageId: string;
    readonly text: string;
    readonly time: { readonly iso: string; readonly text: string };
    readonly order: { readonly name: string; readonly token: string };
  }[];
}

/** The page of messages that were kept instead of sent. */
export function outboxView(messages: readonly ShownMessage[]): OutboxView {
  return {
    messages: messages.map((message) => ({
      id: message.email_id,
      subject: message.subject,
      to: message.to,
      messageId: message.message_id,
      text: message.text,
      time: { iso: message.sent_at, text: longTime(new Date(message.sent_at)) },
      order: { name: orderWords(message.order_id), token: message.token },
    })),
  };
}
