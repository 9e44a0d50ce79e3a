/** The stable code of every error that a caller can receive. http/errors.ts maps each to a status and a title. */
export const errorCodes = [
  'invalid_input',
  'malformed_body',
  'malformed_request',
  'unknown_product',
  'out_of_stock',
  'price_changed',
  'hold_limit',
  'delivery_unavailable',
  'code_unavailable',
  'key_reused',
  'weak_key',
  'payment_unavailable',
  'bad_signature',
  'not_refundable',
  'refund_too_large',
  'refund_indivisible',
  'not_shippable',
  'shipment_too_large',
  'not_restartable',
  'unauthorized',
  'cross_site',
  'not_found',
  'method_not_allowed',
  'body_too_large',
  'headers_too_large',
  'unsupported_media_type',
  'rate_limited',
  'request_timeout',
  'unavailable',
  'timeout',
  'internal',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** A refusal that the caller can act on: a code for programs, a message for people, and further fields. */
export class ShopError extends Error {
  override name = 'ShopError';

  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly details: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
}
