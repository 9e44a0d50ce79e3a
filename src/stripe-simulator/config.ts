import { z } from 'zod';
import { SettingsError } from '../shared/program.ts';

const environment = z.object({
  HOST: z.string().default('127.0.0.1'),
  PAYMENT_SERVICE_PORT: z.coerce.number().int().min(1).max(65_535).default(8086),
  PAYMENT_SERVICE_URL: z
    .url({ protocol: /^https?$/ })
    .refine(
      (url) => !URL.canParse(url) || new URL(url).pathname === '/',
      'is an origin: no path after the host',
    )
    .transform((url) => new URL(url).origin)
    .optional(),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  SHOP_WEBHOOK_URL: z.url({ protocol: /^https?$/ }).default('http://127.0.0.1:3000/payment_webhook'),
  STRIPE_SECRET_KEY: z.string(),
  STRIPE_WEBHOOK_SECRET: z.string(),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
});

/** All settings of one payment service, parsed once and never changed. */
export interface SimulatorConfig {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Origin under which shoppers reach the payment page; undefined means localhost at the port that was taken. */
  readonly publicUrl: string | undefined;
  readonly databaseUrl: string;
  readonly webhookUrl: string;
  /** The API key that clients show. */
  readonly secretKey: string;
  /** The secret that signs webhooks. */
  readonly webhookSecret: string;
  readonly logLevel: z.infer<typeof environment>['LOG_LEVEL'];
}

/**
 * Reads the settings from an environment. Empty values count as missing.
 * @throws SettingsError that lists every fault.
 */
export function readSimulatorConfig(env: Readonly<Record<string, string | undefined>>): SimulatorConfig {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = environment.safeParse(given);
  if (!parsed.success) {
    throw new SettingsError(
      parsed.error.issues.map((issue) => {
        const name = issue.path.join('.');
        return given[name] === undefined ? `${name}: is missing` : `${name}: ${issue.message}`;
      }),
    );
  }
  return Object.freeze({
    host: parsed.data.HOST,
    port: parsed.data.PAYMENT_SERVICE_PORT,
    publicUrl: parsed.data.PAYMENT_SERVICE_URL,
    databaseUrl: parsed.data.DATABASE_URL,
    webhookUrl: parsed.data.SHOP_WEBHOOK_URL,
    secretKey: parsed.data.STRIPE_SECRET_KEY,
    webhookSecret: parsed.data.STRIPE_WEBHOOK_SECRET,
    logLevel: parsed.data.LOG_LEVEL,
  });
}
