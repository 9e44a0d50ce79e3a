import { z } from 'zod';
import { type IdentityConfig, identityConfig, identitySettings } from './config-identity.ts';
import { findFaults, type Role, variablesOfLibpq } from './config-rules.ts';
import { longestSecret, shortestSecret } from './config-secrets.ts';
import { SettingsError } from './shared/program.ts';
import {
  isLiveKey,
  listenHost,
  logLevel,
  origin,
  originOf,
  postgresAddress,
  proxies,
} from './shared/settings.ts';

const number = z.coerce.number({
  error: ({ code, expected }) => {
    if (code !== 'invalid_type') return undefined;
    return expected === 'int' ? 'needs a whole number' : 'needs a number';
  },
});
const port = number.int().min(1).max(65_535);
const seconds = number.positive('must be above 0');
const secret = z
  .string()
  .min(shortestSecret, `needs at least ${shortestSecret} characters`)
  .max(longestSecret, `needs at most ${longestSecret} characters, so that a header can carry it`);
// During a rotation the old and the new secret are both valid.
const secrets = z
  .string()
  .transform((text) => text.split(',').map((one) => one.trim()))
  .pipe(z.array(secret).max(5));

// One address, and a name without characters that end a name in a header.
const sender = z
  .string()
  .regex(
    /^([^\p{C}<>"@,;:]* <[^<>]+>|[^<> ]+)$/u,
    'is an address, or a name with one: Holdfast <orders@shop.example>',
  )
  .transform((text) => {
    const [, name = '', address = text] = /^(.*) <(.+)>$/.exec(text) ?? [];
    return { name: name.trim(), address };
  })
  .refine(
    ({ address }) => /^[\w.!#$%&'*+/=?^`{|}~-]+@[A-Za-z0-9.-]+$/.test(address),
    'has no address that mail could come from',
  );

const mailServer = z
  .url({ protocol: /^smtps?$/, hostname: /./, error: 'is smtp:// or smtps:// and a host' })
  .refine((text) => {
    if (!URL.canParse(text)) return true;
    const { pathname, search, hash } = new URL(text);
    return ['', '/'].includes(pathname) && !search.includes('@') && hash === '';
  }, 'has a / ? or # that ends its host. In a password, write %2F for /, %3F for ? and %23 for #');

const securityContact = z
  .string()
  .regex(
    /^(mailto:[^\s@]+@[^\s@]+|https:\/\/\S+)$/,
    'is an address such as mailto:security@shop.example or https://shop.example/security',
  );

const environment = z.object({
  NODE_ENV: z
    .enum(['production', 'development', 'test'], { error: 'is production or development' })
    .default('development'),
  HOST: listenHost,
  PORT: port.default(3000),
  PUBLIC_URL: origin.optional(),
  TRUST_PROXY: proxies.default(0),
  DATABASE_URL: postgresAddress.optional(),
  DATA_DIR: z.string().default('.data'),
  WEB_CONCURRENCY: number.int().min(1).max(64).default(1),
  DBOS_CONDUCTOR_KEY: z.string().optional(),
  DBOS_CONDUCTOR_URL: z.url({ protocol: /^wss?$/, error: 'is ws:// or wss:// and a host' }).optional(),
  EXECUTOR_ID: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,64}(~[A-Za-z0-9_-]{8})?$/)
    .optional(),
  PAYMENT_PROVIDER: z.enum(['local', 'stripe']).optional(),
  PAYMENT_SERVICE_PORT: port.default(8086),
  PAYMENT_SERVICE_URL: origin.optional(),
  PAYMENT_SERVICE_API_URL: origin.optional(),
  STRIPE_SECRET_KEY: secret.optional(),
  STRIPE_WEBHOOK_SECRET: secrets.optional(),
  PAYMENT_TIMEOUT_SECONDS: seconds.max(60).default(8),
  PAYMENT_RETRIES: number.int().min(0).max(10).default(3),
  PAYMENT_RETRY_SECONDS: seconds.max(60).default(2),
  REFUND_RETRY_SECONDS: seconds.max(3).default(2),
  RECONCILE_SECONDS: number
    .int()
    .min(1)
    .max(3600)
    .refine((every) => 60 % every === 0 || 3600 % every === 0, 'must divide a minute or an hour')
    .default(30),
  RETENTION_DAYS: number.int().min(1).max(3650).default(30),
  PERSONAL_DATA_DAYS: number.int().min(1).max(3650).default(120),
  SMTP_URL: mailServer.optional(),
  EMAIL: z.enum(['on', 'off']).default('on'),
  EMAIL_FROM: sender.optional(),
  EMAIL_RETRIES: number.int().min(0).max(10).default(5),
  EMAIL_RETRY_SECONDS: seconds.max(60).default(2),
  EMAILS_PER_DAY: number.int().min(0).max(1000).default(3),
  // Stripe ends a session after a day, and a session lasts half an hour longer than its hold.
  HOLD_SECONDS: seconds.max(82_800).default(120),
  DISPATCH_SECONDS: seconds.max(86_400).default(10),
  FULFILMENT: z.enum(['automatic', 'manual'], { error: 'is automatic or manual' }).default('automatic'),
  SHIPPING_DAYS: number.int().min(1).max(60).default(2),
  HOLD_LIMITS: z.enum(['strict', 'loose', 'off']).optional(),
  HELD_UNITS_PER_CLIENT: number.int().positive().optional(),
  HELD_VALUE_PER_CLIENT: number.int().positive().optional(),
  HELD_SHARE_PER_CLIENT: number.int().min(1).max(100).optional(),
  SHORTEST_HOLD_SECONDS: seconds.max(82_800).optional(),
  CHECKOUT_KEYS: z.enum(['unguessable', 'any']).optional(),
  MAX_CONNECTIONS: number.int().min(100).max(1_000_000).default(12_000),
  CHECKOUTS_PER_MINUTE: number.int().positive().optional(),
  EVENT_STREAMS_PER_ADDRESS: number.int().positive().default(100),
  OPERATOR_TOKEN: secret.optional(),
  OPERATOR_ACCESS: z.enum(['token', 'open'], { error: 'is token or open' }).default('token'),
  PUBLIC_ORDERS: z.enum(['on', 'off']).optional(),
  DOCS: z.enum(['all', 'public']).optional(),
  SECURITY_CONTACT: securityContact.optional(),
  COOKIE_SECRET: secrets.optional(),
  DRAIN_SECONDS: number.min(0).max(60).default(0),
  LOG_LEVEL: logLevel,
  ...identitySettings,
});

type Environment = z.infer<typeof environment>;

/** The names of all settings, for the documents that list them. */
export const settingNames: readonly string[] = Object.keys(environment.shape);

/** All settings of one start, parsed once and never changed. The end of a name is the unit of a time. */
export interface Config {
  readonly production: boolean;
  readonly host: string;
  readonly port: number;
  /** Origin under which shoppers reach the shop, without a slash at the end. */
  readonly publicUrl: string;
  /** Number of proxies in front whose information about the shopper's address is trusted. */
  readonly trustProxy: number;
  /** Undefined only outside a shop process: the embedded Postgres serves then. */
  readonly databaseUrl: string | undefined;
  readonly dataDir: string;
  readonly webConcurrency: number;
  /** A label for the executor ids of this host's shop processes, for people. Each start adds a random part. Undefined means `shop`. */
  readonly executorId: string | undefined;
  /** The engine's Conductor, which then replaces our take-over (decision 21). */
  readonly conductor: ConductorConfig | undefined;
  readonly identity: IdentityConfig;
  readonly payment: PaymentConfig;
  readonly email: EmailConfig;
  readonly holdSeconds: number;
  /** What one client may hold at once; null for no limit. */
  readonly holdLimits: HoldLimitsConfig | null;
  /** The accepted checkout keys: any, or those that no other client can use first. */
  readonly checkoutKeys: 'unguessable' | 'any';
  readonly dispatchSeconds: number;
  /** Working days within which an operator ships a paid order; undefined where the dispatch workflow ships. */
  readonly shippingDays: number | undefined;
  /** Seconds between two reconciliations. */
  readonly reconcileSeconds: number;
  /** Days for which finished workflows are kept. */
  readonly retentionDays: number;
  /** Connections that one shop process has open at once. Further ones are closed. */
  readonly maxConnections: number;
  /** Days after the end of an order for which its buyer's address and browser are kept. */
  readonly personalDataDays: number;
  /** Checkouts per minute that one address may send to one shop process. */
  readonly checkoutsPerMinute: number;
  /** Live order pages that one address may have open at one shop process. */
  readonly eventStreamsPerAddress: number;
  /** Secrets that sign cookies: the first signs, all are valid. Empty only where no cookie is set. */
  readonly cookieSecrets: readonly string[];
  /** Seconds between the first unready answer of a process that ends, and the end of its listening. */
  readonly drainSeconds: number;
  /** Undefined leaves the operator's routes open, as in a demonstration. */
  readonly operatorToken: string | undefined;
  /** Whether a setting opens them although others than this machine may reach the shop. */
  readonly openToEverybody: boolean;
  /** Whether everybody may read the orders by their numbers, without personal data. */
  readonly publicOrders: boolean;
  /** Whether the document of the routes contains those of operators. */
  readonly documentsOperators: boolean;
  /** The address, `mailto:` or `https:`, for people who find a vulnerability. */
  readonly securityContact: string;
  readonly logLevel: Environment['LOG_LEVEL'];
}

/** See `HoldLimits` in domain/limits.ts. */
export interface HoldLimitsConfig {
  readonly units: number;
  /** In minor units; null for no limit. */
  readonly cents: number | null;
  readonly sharePercent: number;
  readonly sparesSingleUnits: boolean;
  readonly shortestHoldSeconds: number;
}

export interface ConductorConfig {
  readonly key: string;
  /** Undefined means the Conductor of DBOS Cloud. */
  readonly url: string | undefined;
}

export interface PaymentConfig {
  readonly provider: 'local' | 'stripe';
  /** Origin of the local payment service as shoppers reach its pages. */
  readonly serviceUrl: string;
  /** Origin of its API as this machine reaches it: where it listens, whatever its public name is. */
  readonly serviceApiUrl: string;
  readonly servicePort: number;
  readonly secretKey: string | undefined;
  /** Every secret that is valid now; empty only where none is needed. */
  readonly webhookSecrets: readonly string[];
  /** Time limit of one call to the provider. */
  readonly timeoutSeconds: number;
  /** Whether the key moves real money. */
  readonly live: boolean;
  /** Retries of opening a session; the seconds before each double. */
  readonly retries: number;
  readonly retrySeconds: number;
  /** Seconds before the first retry of a refund; they double each time, up to 300 times as long. */
  readonly refundRetrySeconds: number;
}

export interface EmailConfig {
  /** `smtp` sends messages, `preview` stores them for a demonstration, and with `off` there are none. */
  readonly delivery: 'smtp' | 'preview' | 'off';
  /** Set when the delivery is `smtp`; may hold credentials. */
  readonly smtpUrl: string | undefined;
  readonly from: { readonly name: string; readonly address: string };
  /** Retries of sending a message; the seconds before each double. */
  readonly retries: number;
  readonly retrySeconds: number;
  /** Messages about unpaid orders that one address gets within a day. */
  readonly perDay: number;
}

/** The settings of one shop process, with its database and executor id. */
export type ShopConfig = Config & {
  readonly databaseUrl: string;
  /** Names this start of the process for the engine and for the other processes. */
  readonly executorId: string;
};

/**
 * Reads the settings from an environment.
 * Empty values count as missing, as in an `.env` file with nothing after the `=`.
 * @throws SettingsError that lists every fault.
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>, role: Role): Config {
  // Other variables of the environment are not ours to judge, except for those by which pg would change a connection.
  const read = new Set([...settingNames, ...variablesOfLibpq]);
  const given = Object.fromEntries(
    Object.entries(env).filter(([name, value]) => read.has(name) && value !== undefined && value !== ''),
  );
  const parsed = environment.safeParse(given);
  const wrong = parsed.error?.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`) ?? [];
  const faults = [...wrong, ...findFaults(given, role)];
  if (!parsed.success || faults.length > 0) throw new SettingsError(faults);
  return freeze(parsed.data);
}

function freeze(env: Environment): Config {
  const production = env.NODE_ENV === 'production';
  const publicUrl = env.PUBLIC_URL ?? originOf(env.HOST, env.PORT, 'localhost');
  return Object.freeze({
    production,
    host: env.HOST,
    port: env.PORT,
    publicUrl,
    trustProxy: env.TRUST_PROXY,
    databaseUrl: env.DATABASE_URL,
    dataDir: env.DATA_DIR,
    webConcurrency: env.WEB_CONCURRENCY,
    executorId: env.EXECUTOR_ID,
    conductor: conductorConfig(env),
    identity: identityConfig(env, production),
    payment: Object.freeze({
      provider: env.PAYMENT_PROVIDER ?? (production ? 'stripe' : 'local'),
      serviceUrl: env.PAYMENT_SERVICE_URL ?? originOf(env.HOST, env.PAYMENT_SERVICE_PORT, 'localhost'),
      serviceApiUrl:
        env.PAYMENT_SERVICE_API_URL ??
        env.PAYMENT_SERVICE_URL ??
        originOf(env.HOST, env.PAYMENT_SERVICE_PORT),
      servicePort: env.PAYMENT_SERVICE_PORT,
      secretKey: env.STRIPE_SECRET_KEY,
      webhookSecrets: env.STRIPE_WEBHOOK_SECRET ?? [],
      live: isLiveKey(env.STRIPE_SECRET_KEY ?? ''),
      timeoutSeconds: env.PAYMENT_TIMEOUT_SECONDS,
      retries: env.PAYMENT_RETRIES,
      retrySeconds: env.PAYMENT_RETRY_SECONDS,
      refundRetrySeconds: env.REFUND_RETRY_SECONDS,
    }),
    email: emailConfig(env),
    holdSeconds: env.HOLD_SECONDS,
    holdLimits: holdLimitsConfig(env),
    checkoutKeys: env.CHECKOUT_KEYS ?? (production ? 'unguessable' : 'any'),
    dispatchSeconds: env.DISPATCH_SECONDS,
    shippingDays: env.FULFILMENT === 'manual' ? env.SHIPPING_DAYS : undefined,
    reconcileSeconds: env.RECONCILE_SECONDS,
    retentionDays: env.RETENTION_DAYS,
    maxConnections: env.MAX_CONNECTIONS,
    checkoutsPerMinute: env.CHECKOUTS_PER_MINUTE ?? (production ? 120 : 6_000),
    personalDataDays: env.PERSONAL_DATA_DAYS,
    eventStreamsPerAddress: env.EVENT_STREAMS_PER_ADDRESS,
    cookieSecrets: env.COOKIE_SECRET ?? [],
    drainSeconds: env.DRAIN_SECONDS,
    operatorToken: env.OPERATOR_TOKEN,
    openToEverybody: env.OPERATOR_ACCESS === 'open',
    publicOrders: (env.PUBLIC_ORDERS ?? (production ? 'off' : 'on')) === 'on',
    documentsOperators: (env.DOCS ?? (production ? 'public' : 'all')) === 'all',
    // The mailbox that RFC 2142 defines for this.
    securityContact: env.SECURITY_CONTACT ?? `mailto:security@${new URL(publicUrl).hostname}`,
    logLevel: env.LOG_LEVEL,
  });
}

/** In a demonstration one address has every client, up to the load of the tutorials. */
function holdLimitsConfig(env: Environment): HoldLimitsConfig | null {
  const limits = env.HOLD_LIMITS ?? (env.NODE_ENV === 'production' ? 'strict' : 'loose');
  if (limits === 'off') return null;
  const isStrict = limits === 'strict';
  return Object.freeze({
    units: env.HELD_UNITS_PER_CLIENT ?? (isStrict ? 50 : 1_000),
    cents: env.HELD_VALUE_PER_CLIENT ?? (isStrict ? 500_000 : null),
    sharePercent: env.HELD_SHARE_PER_CLIENT ?? 50,
    sparesSingleUnits: !isStrict,
    shortestHoldSeconds: env.SHORTEST_HOLD_SECONDS ?? (isStrict ? 60 : env.HOLD_SECONDS),
  });
}

function conductorConfig({ DBOS_CONDUCTOR_KEY: key, DBOS_CONDUCTOR_URL: url }: Environment) {
  return key === undefined ? undefined : Object.freeze({ key, url });
}

function emailConfig(env: Environment): EmailConfig {
  const used = env.SMTP_URL === undefined ? 'preview' : 'smtp';
  return Object.freeze({
    delivery: env.EMAIL === 'off' ? 'off' : used,
    smtpUrl: env.SMTP_URL,
    from: Object.freeze(env.EMAIL_FROM ?? { name: env.SHOP_NAME, address: 'orders@localhost' }),
    retries: env.EMAIL_RETRIES,
    retrySeconds: env.EMAIL_RETRY_SECONDS,
    perDay: env.EMAILS_PER_DAY,
  });
}
