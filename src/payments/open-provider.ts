import type { PaymentProvider } from './provider.ts';
import { createStripeProvider, type StripeOptions } from './stripe/stripe.ts';

/** The settings of a payment provider. */
export interface ProviderSettings extends Omit<StripeOptions, 'pagesUrl'> {
  /** The local one is a simulator that speaks Stripe's API; `serviceUrl` is the origin of its pages. */
  readonly provider: 'local' | 'stripe';
  /** Origin at which this machine reaches its API. */
  readonly serviceApiUrl: string;
}

/** Opens the payment provider of the settings. Another provider is another folder beside `stripe/`, and a case here. */
export function openPaymentProvider(settings: ProviderSettings): PaymentProvider {
  const { provider, serviceUrl, serviceApiUrl } = settings;
  if (provider === 'stripe') return createStripeProvider({ ...settings, serviceUrl: undefined });
  return createStripeProvider({ ...settings, serviceUrl: serviceApiUrl, pagesUrl: serviceUrl });
}
