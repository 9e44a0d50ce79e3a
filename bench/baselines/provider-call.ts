import { createHttpClient, textOf } from '../http-client.ts';

export interface SessionRequest {
  readonly reference: string;
  readonly quantity: number;
  readonly priceCents: number;
  readonly currency: string;
}

export interface OpenedSession {
  readonly id: string;
  readonly url: string;
}

export type OpenSession = (request: SessionRequest) => Promise<OpenedSession>;

const connectionsMax = 64;

/** The call that every checkout makes to the provider, over connections that stay open: Stripe's, as far as the load knows it. */
export function createProviderCall(providerUrl: string): OpenSession {
  const client = createHttpClient(providerUrl, connectionsMax);
  return async ({ reference, quantity, priceCents, currency }) => {
    const form = new URLSearchParams({
      mode: 'payment',
      client_reference_id: reference,
      'line_items[0][quantity]': String(quantity),
      'line_items[0][price_data][unit_amount]': String(priceCents),
      'line_items[0][price_data][currency]': currency.toLowerCase(),
    });
    const answer = await client.post('/v1/checkout/sessions', form.toString(), {
      'content-type': 'application/x-www-form-urlencoded',
      'idempotency-key': `pay_${reference}`,
    });
    const { id, url } = JSON.parse(textOf('A payment session', answer, 200)) as OpenedSession;
    return { id, url };
  };
}
