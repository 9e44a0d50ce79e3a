import { isLoopback } from './shared/same-site.ts';

/** The program that reads the settings. It decides which settings are required. */
export type Role = 'supervisor' | 'shop' | 'migrate' | 'after-restore';

/** The settings as they were given, by name. A missing one, and an empty one, is undefined. */
export type Given = Readonly<Record<string, string | undefined>>;

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
  whiteSpace,
  unsendableSecrets,
  guessableSecrets,
  equalSecrets,
  secretsOfThePaymentProvider,
  connectionByEnvironment,
  operatorAccess,
  addressOfTheShop,
  tooManyRetries,
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

/** A file that is mounted as a secret often ends with a line break, which becomes part of the value. */
function whiteSpace(given: Given): string[] {
  return Object.entries(given)
    .filter(([, value]) => value !== undefined && value !== value.trim())
    .map(([name]) => `${name}: begins or ends with white space, such as the line break of a file; remove it`);
}

/** An HTTP header carries these characters only (RFC 9110, "Field Values", without spaces). */
function unsendableSecrets(given: Given): string[] {
  return secrets(given)
    .filter(({ value }) => !/^[\x21-\x7e]*$/.test(value))
    .map(({ name }) => `${name}: has a space or a character beyond ASCII, which cannot be sent; ${generate}`);
}

/** Secrets that people invent. The others come from their services. */
const ownSecrets = ['OPERATOR_TOKEN', 'COOKIE_SECRET'];

function guessableSecrets(given: Given): string[] {
  return secrets(given)
    .filter(({ name, value }) => ownSecrets.includes(name) && value.length >= shortestSecret)
    .filter(({ value }) => isGuessable(value))
    .map(({ name }) => `${name}: can be guessed; ${generate}`);
}

/** Fewest characters of a secret. */
export const shortestSecret = 16;
const fewestDifferentCharacters = 8;
const placeholders =
  /correct|horse|battery|staple|change[-_ ]?(me|it|this)|example|your[-_ ]|place[-_ ]?holder|pass(word|wort)|secret|token|operator|cookie|admin|holdfast|letmein|qwert[yz]|test|demo/gi;

/**
 * Whether a person, or a list of usual passwords, would find a secret: it repeats a piece, follows the alphabet or the digits, or
 * consists mostly of words from examples.
 */
function isGuessable(secret: string): boolean {
  const text = secret.toLowerCase();
  if (new Set(text).size < fewestDifferentCharacters) return true;
  if (/^(.{1,16})\1+$/.test(text)) return true;
  const rest = text.replaceAll(placeholders, '').replaceAll(/[^a-z\d]/g, '');
  // A character that repeats the one before, or is its neighbour in the alphabet or the digits, is no surprise.
  const codes = Array.from(rest, (character) => character.charCodeAt(0));
  const surprising = codes.filter((code, at) => Math.abs(code - (codes[at - 1] ?? 0)) > 1);
  return surprising.length < fewestDifferentCharacters;
}

/** Someone who knows one of two equal secrets has the rights of both. */
function equalSecrets(given: Given): string[] {
  const all = [...secrets(given), ...passwordsInAddresses(given)];
  return all.flatMap(({ name, value }, at) =>
    all
      .slice(0, at)
      .filter((other) => other.name !== name && other.value === value)
      .map((other) => `${name}: is the same as ${other.name}; ${generate}`),
  );
}

function passwordsInAddresses(given: Given): { name: string; value: string }[] {
  return ['DATABASE_URL', 'SMTP_URL'].flatMap((name) => {
    const url = given[name];
    const value = url !== undefined && URL.canParse(url) ? new URL(url).password : '';
    return value === '' ? [] : [{ name: `the password in ${name}`, value }];
  });
}

function secretsOfThePaymentProvider(given: Given, role: Role): string[] {
  if (role === 'migrate') return [];
  const { STRIPE_SECRET_KEY: key, STRIPE_WEBHOOK_SECRET: webhookSecrets } = given;
  const faults: string[] = [];
  if (key !== undefined && isLiveKey(key.trim()) && !isProduction(given)) {
    faults.push(
      'STRIPE_SECRET_KEY: is a live key, which moves real money. It needs NODE_ENV=production; use a key that begins with sk_test_ to try the shop',
    );
  }
  if (!takesRealPayments(given)) return faults;
  if (key !== undefined && !/^\s*[sr]k_(live|test)_(?!your)/.test(key)) {
    faults.push(
      'STRIPE_SECRET_KEY: is not a secret key of Stripe. Those begin with sk_live_, rk_live_, sk_test_ or rk_test_',
    );
  }
  const one = /^\s*whsec_(?!your)/;
  if (webhookSecrets !== undefined && !webhookSecrets.split(',').every((secret) => one.test(secret))) {
    faults.push(
      'STRIPE_WEBHOOK_SECRET: is not the signing secret of an endpoint. Those begin with whsec_; we_… is the id of the endpoint',
    );
  }
  return faults;
}

/** Whether a key of the provider moves real money. */
export function isLiveKey(key: string): boolean {
  return /^[sr]k_live_/.test(key);
}

/** Variables of libpq that would change how pg connects to DATABASE_URL, each in another way than libpq does. */
export const variablesOfLibpq = [
  'PGSSLMODE',
  'PGSSLROOTCERT',
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
  return reachableBeyond(given).map(
    (setting) =>
      `OPERATOR_TOKEN: is missing. With ${setting} others than this machine may reach the shop, and everybody could restock, refund and read customers’ data. Set it (${command}), or OPERATOR_ACCESS=open for a demonstration that is open to everybody`,
  );
}

function addressOfTheShop(given: Given, role: Role): string[] {
  if (!serves(role)) return [];
  const { TRUST_PROXY: proxies } = given;
  const url = urlOf(given['PUBLIC_URL']);
  const faults: string[] = [];
  const isHttps = url?.protocol === 'https:' || (url === undefined && isProduction(given));
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

const command = 'openssl rand -hex 24';
const generate = `generate a new one, for example by ${command}`;
const providerSecrets = ['STRIPE_SECRET_KEY', 'STRIPE_WEBHOOK_SECRET'];
const severalSecrets = ['STRIPE_WEBHOOK_SECRET', 'COOKIE_SECRET'];

function secrets(given: Given): { name: string; value: string }[] {
  return [...ownSecrets, ...providerSecrets, 'DBOS_CONDUCTOR_KEY'].flatMap((name) => {
    const text = given[name];
    if (text === undefined) return [];
    const values = severalSecrets.includes(name) ? text.split(',') : [text];
    return values.map((value) => ({ name, value: value.trim() }));
  });
}

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

/** The settings by which others than this machine may reach the shop. */
function reachableBeyond(given: Given): string[] {
  const { HOST: host = '127.0.0.1' } = given;
  const url = urlOf(given['PUBLIC_URL']);
  return [
    ...(isLoopback(host.includes(':') ? `[${host}]` : host) ? [] : [`HOST=${host}`]),
    ...(url === undefined || isLoopback(url.hostname) ? [] : [`PUBLIC_URL=${url.origin}`]),
  ].slice(0, 1);
}

function urlOf(text: string | undefined): URL | undefined {
  return text !== undefined && URL.canParse(text) ? new URL(text) : undefined;
}
