import type { Config } from '../config.ts';
import { localOrigin, type PaymentAddress } from './addresses.ts';
import type { KeptSecrets } from './secrets.ts';

/** The settings of this process, as it was started with them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What the local payment service and the shops must agree on. */
export interface LocalPayments {
  readonly address: PaymentAddress;
  readonly secrets: Pick<KeptSecrets, 'secretKey' | 'webhookSecret'>;
}

/** The environment of a shop process: ours, and what we found out since. Without `local`, payments are Stripe's. */
export function shopEnvironment(
  env: Environment,
  { databaseUrl, cookieSecret }: { readonly databaseUrl: string; readonly cookieSecret: string },
  local: LocalPayments | undefined,
): NodeJS.ProcessEnv {
  // While a secret is rotated the shop takes both, and the payment service signs with the first.
  const { STRIPE_WEBHOOK_SECRET: secrets } = env;
  const given = secrets ? { STRIPE_WEBHOOK_SECRET: secrets } : {};
  const { COOKIE_SECRET: cookies } = env;
  const found = { DATABASE_URL: databaseUrl, COOKIE_SECRET: cookies ? cookies : cookieSecret };
  return { ...env, ...found, ...(local && { ...paymentSettings(local), ...given }) };
}

/** The environment of the local payment service, whose `databaseUrl` is not the shop's. */
export function paymentServiceEnvironment(
  env: Environment,
  databaseUrl: string,
  local: LocalPayments,
  config: Config,
): NodeJS.ProcessEnv {
  return {
    ...env,
    DATABASE_URL: databaseUrl,
    SHOP_WEBHOOK_URL: `${localOrigin(config.host, config.port)}/payment_webhook`,
    ...paymentSettings(local),
  };
}

function paymentSettings({ address, secrets }: LocalPayments): Record<string, string> {
  return {
    PAYMENT_SERVICE_PORT: String(address.port),
    PAYMENT_SERVICE_URL: address.url,
    STRIPE_SECRET_KEY: secrets.secretKey,
    STRIPE_WEBHOOK_SECRET: secrets.webhookSecret,
  };
}
