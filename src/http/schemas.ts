import type { FastifySchema } from 'fastify';
import { z } from 'zod';
import { readEmailAddress } from '../domain/email-address.ts';
import { type ErrorCode, errorCodes, ShopError } from '../domain/errors.ts';
import { largestSerial, maxEmailLength, maxItems, maxQuantity } from '../domain/limits.ts';
import type { BuyerDetails } from '../domain/order.ts';
import {
  type AddressFault,
  longestField,
  type PostalAddress,
  readAddress,
} from '../domain/postal-address.ts';
import { problemMediaType, problemOf, problemTypes } from './errors.ts';

// Every schema with an `id` is a component of the OpenAPI document.

/** The shopper's idempotency key. */
export const checkoutKey = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,200}$/, '1 to 200 letters, digits, dots, underscores or hyphens')
  .meta({ examples: ['4f9b7b52-6f0e-4d5c-9d9e-1a2b3c4d5e6f'] });

const wholeNumber = `a whole number from 1 to ${largestSerial}`;

/** The number of an order, a refund or an attention item in an address. */
export const serial = z
  .string()
  .regex(/^\d{1,16}$/, wholeNumber)
  .transform(Number)
  .refine((id) => id >= 1 && id <= largestSerial, wholeNumber)
  .meta({
    type: 'integer',
    format: 'int64',
    minimum: 1,
    maximum: largestSerial,
    pattern: undefined,
    examples: [1],
  });

/** The code of a product. */
export const sku = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,64}$/, 'a product code')
  .meta({ examples: ['bell'] });

const item = z.strictObject({ sku, qty: z.int().min(1).max(maxQuantity) });

/** Products with quantities, as a checkout requests them. */
export const items = z.array(item).min(1).max(maxItems);

/** Units of products that are refunded. */
export const refundItems = z
  .array(
    item.extend({
      shipped: z
        .boolean()
        .optional()
        .describe(
          'Whether shipped units are meant, or only those that are not; by default the latter first, and shipped ones when they are fewer',
        ),
    }),
  )
  .min(1)
  .max(maxItems);

/** An e-mail address; the value is the form in which it is stored. */
const email = z
  .string()
  .max(maxEmailLength)
  .transform((typed, context) => {
    const address = readEmailAddress(typed);
    if (address === null) context.addIssue({ code: 'custom', message: 'no e-mail address' });
    return address ?? z.NEVER;
  })
  .meta({ format: 'idn-email', examples: ['ada@example.com'] });

/** The buyer's fields of an order in a request of a program. */
export const buyerDetails = { email: email.optional() } satisfies Record<keyof BuyerDetails, z.ZodType>;

/** The buyer's fields of an order as typed into a form: as they are stored, or as they are when they are wrong. */
export const typedBuyerDetails = {
  email: z
    .string()
    .trim()
    .transform((typed) => readEmailAddress(typed) ?? typed)
    .default(''),
} satisfies Record<keyof BuyerDetails, z.ZodType<string>>;

/** The code of a delivery method. */
export const deliveryMethod = z
  .string()
  .regex(/^[a-z0-9_-]{1,40}$/, 'the code of a delivery method')
  .meta({ examples: ['standard'] });

const addressLine = (field: keyof PostalAddress) => z.string().max(longestField[field]);

/** A postal address in a request of a program; the value is the form in which it is stored. */
export const postalAddress = z
  .strictObject({
    name: addressLine('name'),
    line1: addressLine('line1'),
    line2: addressLine('line2').optional(),
    postal_code: addressLine('postalCode').optional().describe('Required where the country has postal codes'),
    city: addressLine('city'),
    region: addressLine('region')
      .optional()
      .describe('A name or a code of ISO 3166-2; required where addresses of the country have one'),
    country: addressLine('country').describe('ISO 3166-1 alpha-2'),
    phone: addressLine('phone').optional(),
  })
  .transform(({ postal_code: postalCode, ...sent }, context): PostalAddress => {
    const read = readAddress({ ...sent, postalCode });
    if ('address' in read) return read.address;
    for (const [field, fault] of Object.entries(read.faults)) {
      const path = [field === 'postalCode' ? 'postal_code' : field];
      context.addIssue({ code: 'custom', path, message: addressFaults[fault] });
    }
    return z.NEVER;
  })
  .meta({
    examples: [
      {
        name: 'Ada Lovelace',
        line1: '12 St James’s Square',
        postal_code: 'SW1Y 4JH',
        city: 'London',
        country: 'GB',
      },
    ],
  });

const typedText = z.string().default('');

/** The fields of an address as typed into a form. */
export const typedAddress = {
  name: typedText,
  line1: typedText,
  line2: typedText,
  postal_code: typedText,
  city: typedText,
  region: typedText,
  country: typedText,
  phone: typedText,
};

const addressFaults: Readonly<Record<AddressFault, string>> = {
  missing: 'missing',
  too_long: 'too long',
  unreadable: 'characters that cannot be printed on a label',
  not_of_country: 'not as in this country',
};

/** Minor units. */
export const cents = z.int().min(0).max(Number.MAX_SAFE_INTEGER);

/** An operator's reason, for the record. */
export const reasonText = z
  .string()
  .trim()
  .regex(/^\P{Cc}{1,200}$/u, '1 to 200 characters, no control characters');

const shortText = z
  .string()
  .trim()
  .regex(/^\P{Cc}{1,60}$/u, '1 to 60 characters, no control characters');

/** The carrier of a parcel, and its number there. */
export const carrierName = shortText.meta({ examples: ['Parcel Post'] });
export const trackingNumber = shortText.meta({ examples: ['PP123456785'] });

const longestLink = 500;

/** The address at which a buyer can follow a parcel. */
export const trackingLink = z
  .string()
  .trim()
  .max(longestLink)
  .transform((typed, context) => {
    const url = URL.canParse(typed) ? new URL(typed) : null;
    const isOfWeb = url !== null && /^https?:$/.test(url.protocol) && url.username + url.password === '';
    if (isOfWeb && url.href.length <= longestLink) return url.href;
    context.addIssue({ code: 'custom', message: 'no address that begins with https:// or http://' });
    return z.NEVER;
  })
  .meta({ format: 'uri', examples: ['https://parcels.example/PP123456785'] });

/** A point in time, as in `2026-11-26T14:32:00.000Z`. */
export const timestamp = z.iso.datetime().meta({ pattern: undefined });

/**
 * The unguessable part of an order's address. A malformed one becomes the empty token, which is looked up as well, so that timing
 * does not reveal which tokens exist.
 */
export const orderToken = z
  .string()
  .regex(/^[A-Za-z0-9_-]{22,64}$/)
  .catch('');

/** The provider's id of a payment session. */
export const paymentId = z.string().regex(/^\w{1,200}$/, 'a payment id');

const problem = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.enum(errorCodes).meta({ id: 'ErrorCode', description: 'Stable; docs/ERRORS.md explains each' }),
    detail: z.string(),
  })
  .meta({
    id: 'Problem',
    description: 'An error (RFC 9457). Some codes come with further fields.',
    examples: [problemOf(new ShopError('not_found', 'There is no order 7.'))],
  });

/** The options of a route that the OpenAPI document describes. It leaves out every other route. */
export function operation<const Schema extends FastifySchema>(
  tag: 'shop' | 'payment provider' | 'operator' | 'demonstration' | 'health',
  operationId: string,
  summary: string,
  schema: Schema,
) {
  return { schema: { tags: [tag], operationId, summary, ...schema } };
}

/** A response of one media type, for the OpenAPI document and the serializer. */
export function response<Schema extends z.ZodType, MediaType extends string = 'application/json'>(
  description: string,
  schema: Schema,
  mediaType = 'application/json' as MediaType,
) {
  return { description, content: { [mediaType]: { schema } } as Record<MediaType, { schema: Schema }> };
}

/** Every response that a route does not declare. */
export const anyProblem = response('Any other problem', problem, problemMediaType);

/** The responses of a route that refuses with these codes, by status. */
export function problems(...codes: readonly ErrorCode[]): Readonly<Record<number, typeof anyProblem>> {
  return withProblems({}, codes) as Record<number, typeof anyProblem>;
}

/** The responses, and those of these codes. One status may stand for several codes, which its description lists. */
export function withProblems(
  responses: object,
  codes: readonly ErrorCode[],
): Readonly<Record<string, unknown>> {
  const all: Record<string, unknown> = { ...responses };
  for (const code of codes) {
    const { status, title } = problemTypes[code];
    const { description = '' } = (all[status] ?? {}) as Partial<typeof anyProblem>;
    if (description.includes(`\`${code}\``)) continue;
    all[status] = response(`${description} \`${code}\`: ${title}`.trim(), problem, problemMediaType);
  }
  return all;
}
