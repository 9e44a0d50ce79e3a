import type { PaymentProvider } from './provider.ts';
import { createStripeProvider, type StripeOptions } from './stripe/stripe.ts';

/** The settings of a payment provider. */
export interface ProviderSettings extends StripeOptions {
  /** The local one is a simulator that speaks Stripe's API, at `serviceUrl`. */
  readonly provider: 'local' | 'stripe';
}

/** Opens the payment provider of the settings. Another provider is another folder beside `stripe/`, and a case here. */
export function openPaymentProvider(settings: ProviderSettings): PaymentProvider {
  return createStripeProvider(
    settings.provider === 'local' ? settings : { ...settings, serviceUrl: undefined },
  );
}
