import type { PaymentProvider } from './provider.ts';
import { createStripeProvider } from './stripe/stripe.ts';

/** The settings of a payment provider. */
export interface ProviderSettings {
  readonly provider: 'local' | 'stripe';
  /** Origin of the local provider, a simulator that speaks Stripe's API. */
  readonly serviceUrl: string;
  readonly secretKey: string | undefined;
  readonly webhookSecrets: readonly string[];
  /** Time limit of one call. */
  readonly timeoutSeconds: number;
}

/** Opens the payment provider of the settings. Another provider is another folder beside `stripe/`, and a case here. */
export function openPaymentProvider(settings: ProviderSettings): PaymentProvider {
  return createStripeProvider({
    secretKey: settings.secretKey ?? '',
    webhookSecrets: settings.webhookSecrets,
    serviceUrl: settings.provider === 'local' ? settings.serviceUrl : undefined,
    callTimeoutMs: settings.timeoutSeconds * 1000,
  });
}
