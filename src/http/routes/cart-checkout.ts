import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Client, ForecastHold } from '../../checkout/clients.ts';
import {
  type CartOutcome,
  type CartRefusal,
  type OrderCartOptions,
  orderCart,
} from '../../checkout/order-cart.ts';
import { readCart } from '../../database/queries/carts.ts';
import {
  type LastBuyer,
  lastBuyerOf,
  listPendingOrders,
  type OrderWithPayment,
} from '../../database/queries/orders.ts';
import { readTerms } from '../../database/queries/terms.ts';
import { checkCart } from '../../domain/cart.ts';
import { type DiscountCode, isUsedByEmail, readCode } from '../../domain/discount.ts';
import { readEmailAddress } from '../../domain/email-address.ts';
import { suggestEmailAddress } from '../../domain/email-suggestion.ts';
import { type ErrorCode, ShopError } from '../../domain/errors.ts';
import { largestSerial, maxPendingOrders } from '../../domain/limits.ts';
import { type BuyerDetails, buyerDetailsOf, buyerFields } from '../../domain/order.ts';
import { isPayable } from '../../domain/payment.ts';
import {
  type AddressFault,
  addressFields,
  isCountry,
  type PostalAddress,
  readAddress,
} from '../../domain/postal-address.ts';
import type { FailureLimit } from '../../shared/failure-limit.ts';
import { statementsOf } from '../../shared/statement.ts';
import {
  type CheckoutFault,
  type CheckoutSource,
  checkoutView,
  shownTotalOf,
} from '../../storefront/checkout-view.ts';
import { emailFaultOf } from '../../storefront/contact-view.ts';
import {
  addressFaultWords,
  blockerWords,
  deliveryFaultWords,
  discountFaultWords,
  shareWords,
  suggestedEmailWords,
  tooManyPendingWords,
  words,
} from '../../storefront/words.ts';
import { clientAddressOf } from '../client-address.ts';
import { problemTypes } from '../errors.ts';
import { checkoutLimit } from '../limits.ts';
import { type PageServices, wantsPage } from '../pages.ts';
import { checkoutKey, typedAddress, typedBuyerDetails } from '../schemas.ts';

export interface CartCheckoutOptions extends OrderCartOptions, PageServices {
  /** Gives a cart a new key when the order of its present key has ended. */
  readonly renewUsedKey: (browserId: string) => Promise<void>;
  readonly checkoutsPerMinute: number;
  readonly codeGuesses: FailureLimit;
  readonly forecastHold: ForecastHold;
  /** False where no messages are sent. */
  readonly asksEmail: boolean;
}

const form = z.object({
  key: checkoutKey.catch(''),
  fingerprint: z.string().default(''),
  totals: z.string().default(''),
  discount_code: z.string().default(''),
  /** Present when only the amounts are asked for. */
  apply: z.string().optional(),
  changes: z.coerce.number().pipe(z.int().min(1).max(largestSerial)).nullable().default(null).catch(null),
  ...typedBuyerDetails,
  /** The suggested address, when its button was pressed. */
  take: typedBuyerDetails.email,
  /** The address as it was typed when another one was suggested. */
  kept: z.string().default(''),
  delivery: z.string().nullable().default(null),
  ...typedAddress,
});

type Form = z.infer<typeof form>;

/** `/cart/checkout`: the review before the payment, and the button that orders exactly what the review shows. */
export const cartCheckoutRoutes: FastifyPluginAsyncZod<CartCheckoutOptions> = async (server, options) => {
  const { browsers } = options;
  const config = checkoutLimit(options.checkoutsPerMinute);

  server.get('/cart/checkout', async (request, reply) => {
    const browserId = browsers.of(request);
    if (browserId === null) return reply.redirect('/cart', 303);
    return review(reply, options, clientOf(request, browserId), null, []);
  });

  server.post('/cart/checkout', { config, schema: { body: form.nullish() } }, async (request, reply) => {
    const browserId = browsers.of(request);
    if (browserId === null) return reply.redirect('/cart', 303);
    const { take, ...rest } = request.body ?? form.parse({});
    const sent = take === '' ? { ...rest, take } : { ...rest, take, email: take };
    const client = clientOf(request, browserId);
    if (sent.apply !== undefined) return review(reply, options, client, sent, []);
    const answer = await order(options, client, sent);
    if ('location' in answer) return goTo(request, reply, answer.location);
    return review(reply.code(answer.status), options, client, sent, answer.faults);
  });
};

/** A client with a browser's cookie. */
type BrowserClient = Client & { readonly browserId: string };

function clientOf(request: FastifyRequest, browserId: string): BrowserClient {
  return { browserId, network: clientAddressOf(request.ip) };
}

/** Orders the cart as the form says. @returns the next address, or the HTTP status of a refusal and the faults to show */
async function order(
  options: CartCheckoutOptions,
  client: BrowserClient,
  {
    key,
    fingerprint,
    totals,
    changes,
    discount_code: typedCode,
    take,
    kept,
    delivery: method,
    ...typed
  }: Form,
): Promise<
  { readonly location: string } | { readonly status: number; readonly faults: readonly CheckoutFault[] }
> {
  const asked = options.asksEmail ? buyerFields : buyerFields.filter((field) => field !== 'email');
  const faults: CheckoutFault[] = asked.flatMap((field) => {
    const text = typedFault[field](typed[field]);
    return text === null ? [] : [{ field, text }];
  });
  const buyer = buyerDetailsOf(options.asksEmail ? typed : { email: null });
  const code = codeOf(options, client, typedCode);
  faults.push(...code.faults);
  const { discountCode } = code;
  const terms = await readTerms(statementsOf(options.database), {
    browserId: client.browserId,
    country: countryOf(typed),
    discountCode,
    email: buyer.email,
  });
  const needsAddress = terms.methods.some((one) => one.method === method && one.needsAddress);
  const read = needsAddress ? readAddress(addressOf(typed)) : { address: null };
  if ('faults' in read) faults.push(...addressFaultsOf(read.faults));
  if (faults.length > 0 || 'faults' in read) return { status: 400, faults };
  // An address that was taken from the suggestion, or sent again as it was, is not questioned once more.
  const suggested =
    options.asksEmail && ![take, kept].includes(typed.email) && suggestEmailAddress(typed.email);
  if (suggested)
    return { status: 400, faults: [{ field: 'email', text: suggestedEmailWords(suggested), suggested }] };
  const delivery = { method, address: read.address };
  try {
    const answer = await orderCart(options, {
      ...client,
      key,
      reviewFingerprint: fingerprint,
      changes,
      buyer,
      delivery,
      discountCode,
      shownCents: shownTotalOf(totals, method),
      terms,
    });
    if (!('refused' in answer)) return { location: addressAfter(answer) };
    const { refused } = answer;
    const field = fieldOf(refused);
    return { status: 409, faults: [{ field, text: refusalWords[refused] }] };
  } catch (error) {
    // An error that is not about this order has a page of its own.
    if (!(error instanceof ShopError && error.code in refusalWords)) throw error;
    const { lines } = unfairLines.parse(error.details);
    const texts = lines?.map((line) => shareWords(line.product, line.at_most)) ?? [
      refusalWords[error.code as keyof typeof refusalWords],
    ];
    const faults = texts.map((text) => ({ field: 'items', text }) as const);
    return { status: problemTypes[error.code].status, faults };
  }
}

/** The typed code, or why it is not looked at. */
function codeOf(
  { codeGuesses }: CartCheckoutOptions,
  { network }: BrowserClient,
  typed: string,
): { readonly discountCode: string | null; readonly faults: readonly CheckoutFault[] } {
  const discountCode = readCode(typed);
  if (discountCode === null || codeGuesses.blockedSeconds(network) === 0) return { discountCode, faults: [] };
  const field = 'discount_code';
  return { discountCode: null, faults: [{ field, text: words.checkout.tooManyCodes }] };
}

/** Whether the answer tells that a code does not exist, or that the typed e-mail address has used it. */
function isGuess(code: DiscountCode | null): boolean {
  return code === null || isUsedByEmail(code);
}

/** The field beside which a refusal is shown. */
function fieldOf(refused: CartRefusal): CheckoutFault['field'] {
  if (refused in deliveryFaultWords) return 'delivery';
  return refused in discountFaultWords ? 'discount_code' : 'items';
}

/** The lines of which a client may hold fewer; other refusals have none. */
const unfairLines = z
  .object({ lines: z.array(z.object({ product: z.string(), at_most: z.int() })).optional() })
  .catch({});

/** The fault of a field as typed, in the words that the form shows; null when it is right. */
const typedFault: Readonly<Record<keyof BuyerDetails, (typed: string) => string | null>> = {
  email: emailFaultOf,
};

type Typed = Omit<
  Form,
  'key' | 'fingerprint' | 'totals' | 'changes' | 'discount_code' | 'take' | 'kept' | 'delivery'
>;

function addressOf({ postal_code: postalCode, ...typed }: Typed) {
  return { ...typed, postalCode };
}

function addressFaultsOf(faults: Partial<Record<keyof PostalAddress, AddressFault>>): CheckoutFault[] {
  return addressFields.flatMap((field) => {
    const fault = faults[field];
    return fault === undefined ? [] : [{ field, text: addressFaultWords[field][fault] }];
  });
}

const refusalWords = {
  cart_changed: words.checkout.cartChanged,
  review_changed: words.checkout.reviewChanged,
  total_changed: words.checkout.totalChanged,
  too_many_pending: tooManyPendingWords(maxPendingOrders),
  ...blockerWords,
  ...deliveryFaultWords,
  ...discountFaultWords,
  out_of_stock: words.checkout.outOfStock,
  price_changed: words.checkout.reviewChanged,
  hold_limit: words.checkout.holdLimit,
  delivery_unavailable: words.checkout.deliveryUnavailable,
  code_unavailable: words.checkout.codeUnavailable,
  payment_unavailable: words.checkout.paymentUnavailable,
  payment_ended: words.checkout.ended,
  hold_expired: words.checkout.ended,
  cancelled_by_shopper: words.checkout.ended,
  changed_order_paid: words.checkout.changedOrderPaid,
  change_unavailable: words.checkout.changeUnavailable,
  changed_by_shopper: words.checkout.changedAlready,
  key_reused: words.checkout.keyReused,
  unknown_product: words.checkout.cartChanged,
  invalid_input: words.checkout.refused,
  timeout: words.checkout.timeout,
} satisfies Record<CartRefusal, string> & Partial<Record<ErrorCode, string>>;

/** Where a shopper goes on after the press. */
function addressAfter(answer: Exclude<CartOutcome, { readonly refused: CartRefusal }>): string {
  if ('unchanged' in answer) return `/orders/${answer.unchanged}?notice=unchanged`;
  const { order, kept = [] } = answer;
  const query = new URLSearchParams(kept.map((part): [string, string] => [part, 'first'])).toString();
  return query === '' ? nextAddress(order) : `/orders/${order.token}?${query}`;
}

/** The payment page while the order can be paid, otherwise its own page. */
function nextAddress(order: OrderWithPayment): string {
  return (isPayable(order, new Date()) && order.paymentUrl) || `/orders/${order.token}`;
}

function goTo(request: FastifyRequest, reply: FastifyReply, location: string): FastifyReply {
  if (wantsPage(request)) return reply.redirect(location, 303);
  return reply.send({ location });
}

/** A form with the fields that the browser gave last. */
function formOf(last: LastBuyer | null): Form {
  const { postalCode, ...address } = last?.address ?? {};
  const filled = {
    email: last?.email,
    delivery: last?.deliveryMethod,
    discount_code: last?.discountCode,
    ...address,
    postal_code: postalCode,
  };
  return form.parse(Object.fromEntries(Object.entries(filled).filter(([, value]) => value)));
}

function typedOf({
  postal_code: postalCode,
  discount_code: discountCode,
  delivery,
  ...typed
}: Form): CheckoutSource['typed'] {
  return { ...typed, postalCode, discountCode, delivery };
}

/** The chosen country; empty where the field has none. */
function countryOf({ country }: Pick<Form, 'country'>): string {
  const code = country.toUpperCase();
  return isCountry(code) ? code : '';
}

async function review(
  reply: FastifyReply,
  options: CartCheckoutOptions,
  client: BrowserClient,
  sent: Form | null,
  faults: readonly CheckoutFault[],
): Promise<FastifyReply> {
  const { database, asksEmail, forecastHold } = options;
  const { browserId } = client;
  await options.renewUsedKey(browserId);
  const cart = await readCart(database, browserId);
  if (!cart) return reply.redirect('/cart', 303);
  const [pending, last] = await Promise.all([
    listPendingOrders(database, browserId),
    sent ? null : lastBuyerOf(database, browserId, cart.changes?.orderId ?? null),
  ]);
  const typed = sent ?? formOf(last);
  const email = asksEmail ? readEmailAddress(typed.email) : null;
  const { discountCode, faults: codeFaults } = codeOf(options, client, typed.discount_code);
  const country = countryOf(typed);
  const terms = await readTerms(statementsOf(database), { browserId, country, discountCode, email });
  if (sent && discountCode !== null && isGuess(terms.code)) options.codeGuesses.record(client.network);
  const ordered = pending.find(({ checkoutKey: key }) => key === cart.checkoutKey);
  // This cart is ordered already. The order's page shows it, and how to pay or to cancel it.
  if (ordered && faults.length === 0) return reply.redirect(`/orders/${ordered.token}`, 303);
  const source = {
    cart: checkCart(cart.lines),
    key: cart.checkoutKey,
    pending,
    changes: cart.changes,
    terms,
    typed: typedOf(typed),
    asksEmail,
    holdSeconds: await forecastHold(client, email),
    faults: faults.some(({ field }) => field === 'discount_code') ? faults : [...faults, ...codeFaults],
  };
  return options.pages.send(reply, 'checkout', {
    checkout: checkoutView(source, new Date()),
  });
}
