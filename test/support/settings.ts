import { reservePort } from './ports.ts';

const host = '127.0.0.1';

/** Where one shop and its payment service are to be found, and the secrets that they share. */
export interface Places {
  readonly shopUrl: string;
  readonly paymentUrl: string;
  /** The environment of the shop process, and of the payment service. */
  readonly shopEnv: Readonly<Record<string, string>>;
  readonly paymentEnv: Readonly<Record<string, string>>;
}

export const webhookSecret = 'whsec_test_0123456789abcdef';
export const secretKey = 'sk_test_0123456789abcdef';

/** Settings of a shop and a payment service on free ports; `settings` are the shop's own beyond that. */
export async function choosePlaces(
  databases: { readonly shop: string; readonly payments: string },
  settings: Readonly<Record<string, string>> = {},
): Promise<Places> {
  const [shopPort, paymentPort] = [await reservePort(), await reservePort()];
  const shopUrl = `http://${host}:${shopPort}`;
  const paymentUrl = `http://${host}:${paymentPort}`;
  const secrets = { STRIPE_SECRET_KEY: secretKey, STRIPE_WEBHOOK_SECRET: webhookSecret };
  const common = { ...secrets, PAYMENT_SERVICE_URL: paymentUrl, PAYMENT_SERVICE_PORT: String(paymentPort) };
  return {
    shopUrl,
    paymentUrl,
    shopEnv: {
      ...common,
      LOG_LEVEL: 'error',
      DATABASE_URL: databases.shop,
      PORT: String(shopPort),
      PUBLIC_URL: shopUrl,
      // Every test shares one address.
      HOLD_LIMITS: 'off',
      CHECKOUTS_PER_MINUTE: '1000000',
      COOKIE_SECRET: 'cookie_test_4e91d07c3ab85f62',
      ...settings,
    },
    paymentEnv: {
      ...common,
      LOG_LEVEL: 'error',
      DATABASE_URL: databases.payments,
      SHOP_WEBHOOK_URL: `${shopUrl}/payment_webhook`,
      BUSINESS_NAME: settings['SHOP_NAME'] ?? 'Holdfast',
    },
  };
}
