import fc, { type Arbitrary } from 'fast-check';
import { forgeries, signed } from '../../src/stripe-simulator/signature.ts';
import { webhookSecret } from '../support/settings.ts';
import { asText, filled, type Known } from './values.ts';

/** A body before the shop's own values are put in, with its content type where it has one. */
export interface Body {
  readonly type: string | undefined;
  readonly content: Content;
  /** The damage to its bytes before they are signed and sent. */
  readonly spoilt: Spoilt | null;
  /** How the message is signed as an event of the payment provider. */
  readonly signature: Signature | null;
}

/** Large contents by their size, so that a failed run can print them. */
export type Content =
  | { readonly json: unknown }
  | { readonly form: unknown }
  | { readonly text: string }
  | { readonly hex: string }
  | { readonly nested: number; readonly around?: unknown }
  | { readonly long: number; readonly around?: unknown };

export type Spoilt = (typeof spoilings)[number];
export type Signature = (typeof signatures)[number];

const spoilings = ['cut', 'comma', 'marked', 'utf16', 'doubled'] as const;
const signatures = ['good', 'missing', 'garbage', ...forgeries.map(({ name }) => name)];

/** A kind of damage. */
export const spoiling: Arbitrary<Spoilt> = fc.constantFrom(...spoilings);

/** A way to sign, most of which are wrong. */
export const signature: Arbitrary<Signature> = fc.constantFrom(...signatures);

/** A body as it is sent, with the signature's header. */
export interface RenderedBody {
  readonly bytes: Buffer;
  readonly signature: string | undefined;
}

/** Puts the known values in, and signs the result as of now. */
export function rendered(body: Body, find: (known: Known) => unknown): RenderedBody {
  const bytes = damaged(bytesOf(body.content, find), body.spoilt);
  const name = body.signature;
  if (name === null || name === 'missing') return { bytes, signature: undefined };
  if (name === 'garbage') return { bytes, signature: 't=1,v1=zz' };
  const sign = forgeries.find((one) => one.name === name) ?? signed;
  // The simulator signs text. A byte that is no text makes the signature wrong, as on a bad line.
  const { body: text, signature: header } = sign(
    bytes.toString(),
    webhookSecret,
    Math.floor(Date.now() / 1000),
  );
  return { bytes: name === 'good' ? bytes : Buffer.from(text), signature: header };
}

function bytesOf(content: Content, find: (known: Known) => unknown): Buffer {
  if ('json' in content) return Buffer.from(textOf(content.json, find));
  if ('form' in content) return Buffer.from(encodedPairs(filled(content.form, find)));
  if ('text' in content) return Buffer.from(content.text);
  if ('hex' in content) return Buffer.from(content.hex, 'hex');
  if ('nested' in content) {
    const { nested, around } = content;
    return withinText(`${'['.repeat(nested)}${']'.repeat(nested)}`, around, find);
  }
  return withinText(`"${'x'.repeat(content.long)}"`, content.around, find);
}

/** JSON text as one more field of an object, or alone. */
function withinText(json: string, around: unknown, find: (known: Known) => unknown): Buffer {
  if (around === undefined) return Buffer.from(json);
  return Buffer.from(textOf(around, find).replace(/\}$/, `,"more":${json}}`));
}

function textOf(value: unknown, find: (known: Known) => unknown): string {
  return JSON.stringify(filled(value, find)) ?? '';
}

/** Fields as a form, or a query, sends them. */
export function encodedPairs(value: unknown): string {
  if (typeof value !== 'object' || value === null) return encodedText(value);
  return Object.entries(value)
    .flatMap(([name, part]) => [part].flat().map((one) => `${encodedText(name)}=${encodedText(one)}`))
    .join('&');
}

/** A value as a part of an address. Halves of surrogate pairs become U+FFFD, as browsers send them. */
export function encodedText(value: unknown): string {
  return encodeURIComponent(Buffer.from(asText(value)).toString());
}

function damaged(bytes: Buffer, spoilt: Spoilt | null): Buffer {
  switch (spoilt) {
    case null:
      return bytes;
    case 'cut':
      return bytes.subarray(0, bytes.length / 2);
    case 'comma':
      return Buffer.concat([bytes, Buffer.from(',')]);
    case 'marked':
      return Buffer.concat([Buffer.from('\uFEFF'), bytes]);
    case 'utf16':
      return Buffer.from(bytes.toString(), 'utf16le');
    case 'doubled':
      return Buffer.concat([bytes, bytes]);
  }
}
