import Stripe from 'stripe';
import type { Provider } from '../provider.ts';

/** Pays for the tutorial's store as it was published: its payment ids are its own, and no provider has opened them. */
export function signUnopened(secret: string): Provider {
  return {
    url: '',
    pay: (reference) => {
      const payload = JSON.stringify({
        id: `evt_bench_${reference}`,
        type: 'checkout.session.completed',
        data: { object: { client_reference_id: reference } },
      });
      return { body: payload, signature: Stripe.webhooks.generateTestHeaderString({ payload, secret }) };
    },
  };
}
