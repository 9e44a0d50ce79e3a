import { domainForms } from '../shared/address.ts';
import { maxEmailLength } from './limits.ts';

// Letters, marks and digits of every script, and the signs that RFC 5322 allows without quotes.
const localPart = /^[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]+(\.[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]+)*$/u;
const mostBytesOfLocalPart = 64;
// Keyboards of some scripts have other full stops, and the two joiners and five points belong to words of some scripts (RFC 5892,
// appendix A). Any other sign would end the name, or be decoded, when it is converted.
const typedDomain = /^(?:[\p{L}\p{M}\p{N}.。．｡·͵׳״・-]|\u200c|\u200d)+$/u;
const asciiDomain = /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+(xn--[a-z0-9-]{2,59}|[a-z]{2,63})$/;

/**
 * Reads an e-mail address, with letters of any script (RFC 6531) but without quotes, comments or address literals.
 * @returns the one form in which it is stored and compared, with its domain in lower-case letters of its own script; null for
 *   anything else
 */
export function readEmailAddress(typed: string): string | null {
  const [, local = '', domain = ''] = /^([^@]+)@([^@]+)$/u.exec(typed.normalize('NFC')) ?? [];
  const { ascii, unicode } = domainForms(typedDomain.test(domain) ? domain : '');
  if (!localPart.test(local) || !asciiDomain.test(ascii)) return null;
  const address = `${local}@${unicode}`;
  const fits = bytesOf(local) <= mostBytesOfLocalPart && bytesOf(address) <= maxEmailLength;
  return fits ? address : null;
}

/**
 * The form of a stored address for services that know ASCII alone: its domain is encoded.
 * @returns null when the part before the @ has no such form
 */
export function asciiAddressOf(address: string): string | null {
  const [local = '', domain = ''] = address.split('@');
  // oxlint-disable-next-line no-control-regex -- the whole of ASCII
  return /^[\x00-\x7f]+$/.test(local) ? `${local}@${domainForms(domain).ascii}` : null;
}

function bytesOf(text: string): number {
  return Buffer.byteLength(text);
}
