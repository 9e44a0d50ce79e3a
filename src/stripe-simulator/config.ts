import { z } from 'zod';
import { SettingsError } from '../shared/program.ts';
import {
  isLiveKey,
  listenHost,
  logLevel,
  origin,
  postgresAddress,
  proxies,
  reachableBeyond,
} from '../shared/settings.ts';

const environment = z
  .object({
    HOST: listenHost,
    PAYMENT_SERVICE_PORT: z.coerce
      .number({ error: 'needs a whole number' })
      .int()
      .min(1)
      .max(65_535)
      .default(8086),
    PAYMENT_SERVICE_URL: origin.optional(),
    TRUST_PROXY: proxies.default(0),
    DATABASE_URL: postgresAddress,
    SHOP_WEBHOOK_URL: z.url({ protocol: /^https?$/ }).default('http://127.0.0.1:3000/payment_webhook'),
    STRIPE_SECRET_KEY: z.string(),
    STRIPE_WEBHOOK_SECRET: z.string(),
    BUSINESS_NAME: z.string().optional(),
    OPERATOR_TOKEN: z.string().optional(),
    OPERATOR_ACCESS: z.enum(['token', 'open']).default('token'),
    LOG_LEVEL: logLevel,
  })
  .transform((env) => ({
    host: env.HOST,
    port: env.PAYMENT_SERVICE_PORT,
    /** The origin of the payment pages. Undefined means where it listens. */
    publicUrl: env.PAYMENT_SERVICE_URL,
    /** Proxies in front whose information about a client's address is trusted. Only those that end TLS are known to be there. */
    trustProxy: env.PAYMENT_SERVICE_URL?.startsWith('https:') ? env.TRUST_PROXY : 0,
    databaseUrl: env.DATABASE_URL,
    webhookUrl: env.SHOP_WEBHOOK_URL,
    /** The API key that clients send. */
    secretKey: env.STRIPE_SECRET_KEY,
    /** The secret that signs webhooks. */
    webhookSecret: env.STRIPE_WEBHOOK_SECRET,
    /** The name of the account, which the payment page shows. Without one it shows the host of the shop. */
    businessName: env.BUSINESS_NAME,
    /** The shop's operator token, which the panel and the ledger need as well. Without one they are open. */
    operatorToken: env.OPERATOR_TOKEN,
    logLevel: env.LOG_LEVEL,
  }));

/** The settings of the simulator, parsed once and never changed. Port 0 takes any free port. */
export type SimulatorConfig = Readonly<z.infer<typeof environment>>;

/**
 * Reads the settings from an environment. Empty values count as missing.
 * @throws SettingsError with all faults
 */
export function readSimulatorConfig(env: Readonly<Record<string, string | undefined>>): SimulatorConfig {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = environment.safeParse(given);
  const wrong = parsed.error?.issues.map((issue) => {
    const name = issue.path.join('.');
    return given[name] === undefined ? `${name}: is missing` : `${name}: ${issue.message}`;
  });
  const faults = [...(wrong ?? []), ...findDangers(given)];
  if (!parsed.success || faults.length > 0) throw new SettingsError(faults);
  return Object.freeze(parsed.data);
}

/** The dangers of a simulator that is started alone. A supervisor has checked more (src/config-rules.ts). */
function findDangers(given: Readonly<Record<string, string | undefined>>): string[] {
  const faults: string[] = [];
  if (isLiveKey(given['STRIPE_SECRET_KEY'] ?? ''))
    faults.push(
      'STRIPE_SECRET_KEY: is a live key of Stripe. The local payment service needs a key of its own',
    );
  const setting = reachableBeyond(given, ['PAYMENT_SERVICE_URL']);
  if (setting !== undefined && given['OPERATOR_TOKEN'] === undefined && given['OPERATOR_ACCESS'] !== 'open') {
    faults.push(
      `OPERATOR_TOKEN: is missing. With ${setting} others than this machine may reach the panel and the ledger. Set it, or OPERATOR_ACCESS=open for a demonstration that is open to everybody`,
    );
  }
  return faults;
}
