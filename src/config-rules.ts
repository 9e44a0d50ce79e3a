import path from 'node:path';
import process from 'node:process';
import { readShopPages } from './config-identity.ts';
import { command, findFaultsOfSecrets, type Given } from './config-secrets.ts';
import { readPostgresAddress } from './shared/postgres-address.ts';
import { isLoopback } from './shared/same-site.ts';
import { isLiveKey, paymentServiceDatabase, reachableBeyond, urlOf } from './shared/settings.ts';

/** The program that reads the settings. It decides which settings are required. */
export type Role = 'supervisor' | 'shop' | 'migrate' | 'after-restore';

/** One reason for which a program with these settings does not start. */
type Rule = (given: Given, role: Role) => string[];

/**
 * Finds the settings that are dangerous, that cannot work, or that are missing, beyond the form of each single one.
 * @returns each fault as the setting's name, a colon, and what to do; never the value of a secret
 */
export function findFaults(given: Given, role: Role): string[] {
  return rules.flatMap((rule) => rule(given, role));
}

const rules: readonly Rule[] = [
  missing,
  simulatedPayments,
  missingEmail,
  strayCharacters,
  findFaultsOfSecrets,
  secretsOfThePaymentProvider,
  connectionByEnvironment,
  operatorAccess,
  addressOfTheShop,
  localPaymentService,
  dataFolder,
  unusedConductor,
  tooManyRetries,
  unreadableShopPages,
];

function missing(given: Given, role: Role): string[] {
  const required: string[] = [];
  if (role === 'shop' || isProduction(given)) required.push('DATABASE_URL');
  if (role === 'after-restore') {
    if (isProduction(given)) required.push('PUBLIC_URL');
    if (takesRealPayments(given)) required.push('STRIPE_SECRET_KEY');
  } else if (isProduction(given) && serves(role)) {
    required.push('PUBLIC_URL', 'OPERATOR_TOKEN', 'COOKIE_SECRET', ...providerSecrets);
  } else if (role === 'shop' || (role === 'supervisor' && takesRealPayments(given))) {
    required.push(...providerSecrets);
    if (role === 'shop') required.push('COOKIE_SECRET');
  }
  const faults = required.filter((name) => given[name] === undefined).map((name) => `${name}: is missing`);
  if (faults.length > 0 && role === 'shop' && !isProduction(given))
    faults.push(
      'NODE_ENV: this is one shop process; npm start runs a whole demonstration, which needs no setting',
    );
  return faults;
}

function simulatedPayments(given: Given): string[] {
  return isProduction(given) && given['PAYMENT_PROVIDER'] === 'local'
    ? ['PAYMENT_PROVIDER: production does not accept simulated payments']
    : [];
}

/** Production needs a mail server, unless EMAIL=off. */
function missingEmail(given: Given, role: Role): string[] {
  if (!isProduction(given) || !serves(role) || given['EMAIL'] === 'off') return [];
  return [
    ...(given['SMTP_URL'] === undefined ? ['SMTP_URL: is missing (EMAIL=off sends no messages)'] : []),
    ...(given['EMAIL_FROM'] === undefined ? ['EMAIL_FROM: is missing'] : []),
  ];
}

/**
 * A file that is mounted as a secret often ends with a line break, and `docker --env-file` keeps quotes. Both become part of the value.
 * Those who read a URL skip a control character inside it silently.
 */
function strayCharacters(given: Given): string[] {
  return Object.entries(given).flatMap(([name, value = '']) => {
    if (value !== value.trim())
      return [`${name}: begins or ends with white space, such as the line break of a file; remove it`];
    if (/^(["'`]).*\1$/s.test(value))
      return [`${name}: is in quotes, which are a part of the value; remove them`];
    return /\p{Cc}/u.test(value) ? [`${name}: has a control character, such as a line break; remove it`] : [];
  });
}

function secretsOfThePaymentProvider(given: Given, role: Role): string[] {
  if (role === 'migrate') return [];
  const { STRIPE_SECRET_KEY: key, STRIPE_WEBHOOK_SECRET: webhookSecrets } = given;
  const faults: string[] = [];
  if (key !== undefined && isLiveKey(key) && !isProduction(given)) {
    faults.push(
      'STRIPE_SECRET_KEY: is a live key, which moves real money. It needs NODE_ENV=production; use a key that begins with sk_test_ to try the shop',
    );
  }
  if (!takesRealPayments(given)) return faults;
  if (key !== undefined && !/^\s*[sr]k_(org_)?(live|test)_(?!your|(.)\3*\s*$)/.test(key)) {
    faults.push(
      'STRIPE_SECRET_KEY: is not a secret key of Stripe. Those begin with sk_live_, rk_live_, sk_test_ or rk_test_',
    );
  }
  const one = /^\s*whsec_(?!your|(.)\1*\s*$)/;
  if (webhookSecrets !== undefined && !webhookSecrets.split(',').every((secret) => one.test(secret))) {
    faults.push(
      'STRIPE_WEBHOOK_SECRET: is not the signing secret of an endpoint. Those begin with whsec_; we_… is the id of the endpoint',
    );
  }
  return faults;
}

/** Variables of libpq that would change how pg connects to DATABASE_URL, each in another way than libpq does. */
export const variablesOfLibpq = [
  'PGSERVICE',
  'PGHOSTADDR',
  'PGTARGETSESSIONATTRS',
  'PGSSLMODE',
  'PGSSLROOTCERT',
  'PGSSLCRL',
  'PGSSLCRLDIR',
  'PGSSLCERT',
  'PGSSLKEY',
  'PGSSLNEGOTIATION',
  'PGOPTIONS',
];

function connectionByEnvironment(given: Given): string[] {
  if (given['DATABASE_URL'] === undefined) return [];
  return variablesOfLibpq
    .filter((name) => given[name] !== undefined)
    .map(
      (name) =>
        `${name}: is not read. Write it into DATABASE_URL, as in ?sslmode=verify-full (docs/OPERATING.md), and remove it`,
    );
}

function operatorAccess(given: Given, role: Role): string[] {
  if (!serves(role)) return [];
  const { OPERATOR_TOKEN: token, OPERATOR_ACCESS: access = 'token' } = given;
  if (access === 'open') {
    if (isProduction(given)) return ['OPERATOR_ACCESS: production does not open the operator’s routes'];
    if (token !== undefined)
      return ['OPERATOR_ACCESS: is open, and OPERATOR_TOKEN would have no effect; remove one of them'];
    return [];
  }
  // Production requires the token anyway.
  if (token !== undefined || isProduction(given)) return [];
  if (given['OPERATOR_ACCESS'] === 'token')
    return [`OPERATOR_TOKEN: is missing, and OPERATOR_ACCESS=token requires it. Set it (${command})`];
  const setting = reachableBeyond(given, ['PUBLIC_URL', 'PAYMENT_SERVICE_URL']);
  if (setting === undefined) return [];
  return [
    `OPERATOR_TOKEN: is missing. With ${setting} others than this machine may reach the shop, and everybody could restock, refund and read customers’ data. Set it (${command}), or OPERATOR_ACCESS=open for a demonstration that is open to everybody`,
  ];
}

function addressOfTheShop(given: Given, role: Role): string[] {
  if (!serves(role)) return [];
  const { TRUST_PROXY: proxies } = given;
  const url = urlOf(given['PUBLIC_URL']);
  const faults: string[] = [];
  const isHttps =
    url?.protocol === 'https:' ||
    (url === undefined && isProduction(given)) ||
    (!takesRealPayments(given) && urlOf(given['PAYMENT_SERVICE_URL'])?.protocol === 'https:');
  if (isHttps && Number(proxies ?? 0) === 0) {
    faults.push(
      'TRUST_PROXY: is missing or 0. The shop does not end TLS itself, so a proxy stands in front of it. Set the number of proxies, usually 1: otherwise all shoppers have the address of the proxy and share its limits',
    );
  }
  if (isProduction(given) && url?.protocol === 'http:' && !isLoopback(url.hostname)) {
    faults.push(
      'PUBLIC_URL: is http, and production needs https: orders, e-mail addresses and the operator’s token would travel readable by everybody',
    );
  }
  return faults;
}

/** The local payment service has a port, an origin and a database of its own. */
function localPaymentService(given: Given, role: Role): string[] {
  if (!serves(role) || takesRealPayments(given)) return [];
  const { PORT: port = '3000', PAYMENT_SERVICE_PORT: servicePort } = given;
  const [shop, service] = [urlOf(given['PUBLIC_URL']), urlOf(given['PAYMENT_SERVICE_URL'])];
  const faults: string[] = [];
  if (servicePort !== undefined && Number(servicePort) === Number(port))
    faults.push('PAYMENT_SERVICE_PORT: is the port of the shop (PORT). Set another one, or remove it');
  if (shop !== undefined && shop.origin === service?.origin)
    faults.push(
      'PAYMENT_SERVICE_URL: is the origin of the shop (PUBLIC_URL). The payment service needs its own',
    );
  if (role === 'supervisor' && databaseOf(given['DATABASE_URL']) === paymentServiceDatabase)
    faults.push(
      `DATABASE_URL: names the database ${paymentServiceDatabase}, which the local payment service has for itself. Use another one`,
    );
  return faults;
}

function databaseOf(databaseUrl: string | undefined): string | undefined {
  const address = readPostgresAddress(databaseUrl ?? '');
  return 'url' in address ? decodeURIComponent(new URL(address.url).pathname.slice(1)) : undefined;
}

/** The tools of the embedded Postgres pass the name of its folder to a shell, within double quotes. */
function dataFolder(given: Given): string[] {
  const { DATABASE_URL: databaseUrl, DATA_DIR: dataDir = '.data' } = given;
  if (databaseUrl !== undefined || !/["$`\\\n]/.test(path.resolve(dataDir)) || process.platform === 'win32')
    return [];
  return [
    `DATA_DIR: Postgres cannot use the folder ${path.resolve(dataDir)}. Its tools pass the name to a shell, in which " $ \` and \\ have a meaning. Set it to a folder without them, or set DATABASE_URL`,
  ];
}

function unusedConductor({ DBOS_CONDUCTOR_KEY: key, DBOS_CONDUCTOR_URL: url }: Given): string[] {
  return url !== undefined && key === undefined
    ? ['DBOS_CONDUCTOR_KEY: is missing, and DBOS_CONDUCTOR_URL has no effect without it']
    : [];
}

// Nobody waits longer for a payment page or a message.
const longestRetrySeconds = 900;

function tooManyRetries(given: Given): string[] {
  const pairs = [
    { retries: 'PAYMENT_RETRIES', usual: 3, first: 'PAYMENT_RETRY_SECONDS' },
    { retries: 'EMAIL_RETRIES', usual: 5, first: 'EMAIL_RETRY_SECONDS' },
  ];
  return pairs
    .filter(
      ({ retries, usual, first }) =>
        (2 ** Number(given[retries] ?? usual) - 1) * Number(given[first] ?? 2) > longestRetrySeconds,
    )
    .map(
      ({ retries, first }) => `${retries} and ${first}: together they take longer than a quarter of an hour`,
    );
}

/** Only a program that answers requests needs the texts. */
function unreadableShopPages({ SHOP_PAGES_DIR: folder }: Given, role: Role): string[] {
  return folder === undefined || !serves(role) ? [] : readShopPages(folder).faults;
}

const providerSecrets = ['STRIPE_SECRET_KEY', 'STRIPE_WEBHOOK_SECRET'];

function isProduction(given: Given): boolean {
  return given['NODE_ENV'] === 'production';
}

function takesRealPayments(given: Given): boolean {
  return isProduction(given) || given['PAYMENT_PROVIDER'] === 'stripe';
}

/** Whether the program answers requests, or starts one that does. */
function serves(role: Role): boolean {
  return role === 'supervisor' || role === 'shop';
}
