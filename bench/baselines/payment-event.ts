import { createHmac, timingSafeEqual } from 'node:crypto';

/** What a baseline reads of the provider's signed event: the payment that somebody made. */
export interface PaymentEvent {
  readonly id: string;
  readonly type: string;
  readonly data: {
    readonly object: {
      readonly id: string;
      /** Whatever the checkout called itself when it opened the session. */
      readonly client_reference_id: string;
      readonly amount_total: number;
      readonly payment_intent: string;
    };
  };
}

/** The event that was signed with that secret; undefined when the signature is another. Its age is not looked at. */
export function verifyEvent(body: Buffer, signature: string, secret: string): PaymentEvent | undefined {
  const time = /(?:^|,)t=(\d+)/.exec(signature)?.[1] ?? '';
  const given = Buffer.from(/(?:^|,)v1=([0-9a-f]{64})/.exec(signature)?.[1] ?? '', 'hex');
  const right = createHmac('sha256', secret).update(`${time}.`).update(body).digest();
  if (given.length !== right.length || !timingSafeEqual(given, right)) return undefined;
  return JSON.parse(body.toString()) as PaymentEvent;
}
