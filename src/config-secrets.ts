import { isGuessable } from './shared/guessable.ts';
import { readPostgresAddress } from './shared/postgres-address.ts';
import { urlOf } from './shared/settings.ts';

/** The settings as they were given, by name. A missing one, and an empty one, is undefined. */
export type Given = Readonly<Record<string, string | undefined>>;

/** Fewest characters of a secret. */
export const shortestSecret = 16;
/** Most characters of a secret: the headers of a request have a limit. */
export const longestSecret = 500;

/** A command that generates a secret. */
export const command = 'openssl rand -hex 24';

/** Secrets that people invent. The others come from their services. */
const ownSecrets = ['OPERATOR_TOKEN', 'COOKIE_SECRET'];
const foreignSecrets = ['STRIPE_SECRET_KEY', 'STRIPE_WEBHOOK_SECRET', 'DBOS_CONDUCTOR_KEY'];
const severalSecrets = ['STRIPE_WEBHOOK_SECRET', 'COOKIE_SECRET'];

function isOwn(name: string): boolean {
  return ownSecrets.includes(name);
}

function remedyOf(name: string): string {
  return isOwn(name)
    ? `generate a new one, for example by ${command}`
    : 'copy it again from where it comes from';
}

interface Secret {
  readonly name: string;
  readonly value: string;
}

/**
 * Finds the secrets that cannot be sent, that can be guessed, and that give the rights of another one.
 * @returns each fault as the setting's name, a colon, and what to do; never the value
 */
export function findFaultsOfSecrets(given: Given): string[] {
  const secrets = secretsIn(given);
  return [
    ...unsendable(secrets),
    ...guessable(secrets),
    ...shared([...secrets, ...passwordsInAddresses(given)]),
  ];
}

/** An HTTP header carries these characters only (RFC 9110, "Field Values", without spaces). */
function unsendable(secrets: readonly Secret[]): string[] {
  return secrets
    .filter(({ value }) => !/^[\x21-\x7e]*$/.test(value))
    .map(
      ({ name }) =>
        `${name}: has a space or a character beyond ASCII, which cannot be sent; ${remedyOf(name)}`,
    );
}

function guessable(secrets: readonly Secret[]): string[] {
  return secrets
    .filter(({ name, value }) => isOwn(name) && value.length >= shortestSecret)
    .filter(({ value }) => isGuessable(value))
    .map(({ name }) => `${name}: can be guessed; ${remedyOf(name)}`);
}

const shortestPart = 8;

/** Someone who knows one of two equal secrets has the rights of both, and one that contains another one is soon guessed. */
function shared(secrets: readonly Secret[]): string[] {
  return secrets.flatMap((secret, at) =>
    secrets.slice(0, at).flatMap((earlier) => {
      if (earlier.name === secret.name) return [];
      // The secret to change is one that people invent; these come first.
      const [changed, other] = isOwn(earlier.name) ? [earlier, secret] : [secret, earlier];
      const remedy = remedyOf(changed.name);
      if (other.value === changed.value) return [`${changed.name}: is the same as ${other.name}; ${remedy}`];
      const overlap = contains(changed.value, other.value) || contains(other.value, changed.value);
      return isOwn(changed.name) && overlap
        ? [`${changed.name}: contains ${other.name}, or is a part of it; ${remedy}`]
        : [];
    }),
  );
}

function contains(whole: string, part: string): boolean {
  return part.length >= shortestPart && whole.includes(part);
}

function secretsIn(given: Given): Secret[] {
  return [...ownSecrets, ...foreignSecrets].flatMap((name) => {
    const text = given[name];
    if (text === undefined) return [];
    const values = severalSecrets.includes(name) ? text.split(',') : [text];
    return values.map((value) => ({ name, value: value.trim() }));
  });
}

function passwordsInAddresses(given: Given): Secret[] {
  const database = readPostgresAddress(given['DATABASE_URL']?.trim() ?? '');
  const urls = { DATABASE_URL: 'url' in database ? database.url : undefined, SMTP_URL: given['SMTP_URL'] };
  return Object.entries(urls).flatMap(([name, text]) => {
    const value = decoded(urlOf(text)?.password ?? '');
    return value === '' ? [] : [{ name: `the password in ${name}`, value }];
  });
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
