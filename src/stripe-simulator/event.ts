import { newIdentifier } from './identifier.ts';
import { unixSeconds } from './session.ts';

/** What the service tells by itself. */
export type EventType =
  | 'checkout.session.completed'
  | 'checkout.session.expired'
  | 'checkout.session.async_payment_succeeded'
  | 'checkout.session.async_payment_failed'
  | 'payment_intent.payment_failed'
  | 'charge.refunded'
  | 'charge.dispute.created';

export interface EventDetails {
  readonly type: string;
  readonly object: object;
  readonly id?: string | undefined;
  /** In whole seconds. */
  readonly created?: number | undefined;
  readonly livemode?: boolean | undefined;
}

/** An event as Stripe shows it; its text is what gets signed. */
export function eventObject({ type, object, id, created, livemode }: EventDetails) {
  return {
    id: id ?? newIdentifier('evt'),
    object: 'event',
    api_version: null,
    created: created ?? unixSeconds(new Date()),
    data: { object },
    livemode: livemode ?? false,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: null },
    type,
  };
}
