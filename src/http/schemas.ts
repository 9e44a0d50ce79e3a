import { z } from 'zod';
import { maxItems, maxQuantity } from '../domain/order.ts';

/** The shopper's idempotency key. */
export const checkoutKey = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,200}$/, '1 to 200 letters, digits, dots, underscores or hyphens');

const largestId = 2 ** 31 - 1;
const wholeNumber = `a whole number from 1 to ${largestId}`;

/** An order's number, as it stands in an address. */
export const orderId = z
  .string()
  .regex(/^\d{1,10}$/, wholeNumber)
  .transform(Number)
  .refine((id) => id >= 1 && id <= largestId, wholeNumber);

export const sku = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, 'a product code');

const item = z.strictObject({ sku, qty: z.int().min(1).max(maxQuantity) });

export const items = z.array(item).min(1).max(maxItems);

export const email = z.email().max(254);

/** Minor units. */
export const cents = z.int().min(0).max(Number.MAX_SAFE_INTEGER);

/** What an operator says about a deed, for the record. */
export const sentence = z
  .string()
  .trim()
  .regex(/^\P{Cc}{1,200}$/u, '1 to 200 characters, no control characters');

/** An error (RFC 9457); docs/ERRORS.md lists the codes. */
export const problem = z
  .looseObject({ type: z.string(), title: z.string(), status: z.int(), code: z.string(), detail: z.string() })
  .describe('An error, with a stable code');

/** The unguessable part of an order's address. What cannot be one is nobody's. */
export const orderToken = z.string().regex(/^[A-Za-z0-9_-]{22,64}$/, 'an order address');

/** The provider's id of a payment session. */
export const paymentId = z.string().regex(/^\w{1,200}$/, 'a payment id');
