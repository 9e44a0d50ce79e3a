import { domainToASCII, domainToUnicode } from 'node:url';
import { StartError } from './program.ts';

/**
 * An e-mail address in every form in which it may be stored. Addresses match without regard to case, and Postgres compares them: it
 * has other small letters than JavaScript, for example for a Greek sigma, or for all letters beyond ASCII where its locale is C.
 */
export type AddressForms = readonly string[];

// Without the signs that end an address in a text.
const pattern = /^([^\s"\\<>(),;@]{1,64})@([^\s"'\\<>(),;@]{1,253})$/u;

/**
 * Reads the address that a program is about. The payment provider may write its domain encoded, so that form matches too.
 * @throws StartError for a text that is no address; the message does not repeat it
 */
export function readAddress(argument: string | undefined): AddressForms {
  const [, local, domain] = pattern.exec((argument ?? '').trim().normalize('NFC')) ?? [];
  if (local === undefined || domain === undefined) {
    throw new StartError(
      'Name the person by one e-mail address, as in ada@example.com, or an order by its number, as in 1234.',
    );
  }
  const { ascii, unicode } = domainForms(domain);
  const domains = [domain.toLowerCase(), ascii, unicode].filter((one) => one !== '');
  return [...new Set([local.toLowerCase(), local].flatMap((name) => domains.map((one) => `${name}@${one}`)))];
}

/** Whose data a program is about: that of a person with an e-mail address, or that of one order, which may have none. */
export type DataSubject = { readonly address: AddressForms } | { readonly orderId: number };

/**
 * Reads the e-mail address or the order number that a program is about.
 * @throws StartError for a text that is neither; the message does not repeat it
 */
export function readSubject(argument: string | undefined): DataSubject {
  const [, orderId] = /^#?(\d{1,15})$/.exec((argument ?? '').trim()) ?? [];
  return orderId === undefined ? { address: readAddress(argument) } : { orderId: Number(orderId) };
}

/** A text without e-mail addresses. Mail servers and the provider often repeat them, and logs must not contain them. */
export function withoutAddresses(text: string): string {
  return text.replaceAll(/[^\s<>"'(),;:/]+@[^\s<>"'(),;:/]+/g, '…');
}

/** Both forms of a domain: encoded for services that know ASCII alone, and in its own script. Both are empty for a text that is none. */
export function domainForms(domain: string): { readonly ascii: string; readonly unicode: string } {
  const ascii = domainToASCII(domain);
  return { ascii, unicode: domainToUnicode(ascii) };
}
