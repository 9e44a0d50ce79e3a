import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Database } from '../../database/connection.ts';
import { type Cart, readCart } from '../../database/queries/carts.ts';
import {
  findOrderByKey,
  lastEmailOf,
  listPendingOrders,
  type OrderWithPayment,
} from '../../database/queries/orders.ts';
import { type CheckedCart, checkCart } from '../../domain/cart.ts';
import { ShopError } from '../../domain/errors.ts';
import { maxPendingOrders } from '../../domain/limits.ts';
import type { CancelReason } from '../../domain/order.ts';
import { type CheckoutFault, checkoutView } from '../../storefront/checkout-view.ts';
import { blockerWords, emailFaults, tooManyPendingWords, words } from '../../storefront/words.ts';
import type { StartCheckout } from '../../workflows/start-checkout.ts';
import type { Browsers } from '../browsers.ts';
import { problemTypes } from '../errors.ts';
import { checkoutLimit } from '../limits.ts';
import type { Pages } from '../pages.ts';
import { checkoutKey, email as emailAddress } from '../schemas.ts';
import { wantsPage } from '../server.ts';

export interface CartCheckoutOptions {
  readonly database: Database;
  readonly pages: Pages;
  readonly browsers: Browsers;
  readonly startCheckout: StartCheckout;
  /** Gives a cart a fresh key when the order of its present one has ended. */
  readonly renewUsedKey: (browserId: string) => Promise<void>;
  /** Gives a pending order of this browser another address. */
  readonly correctEmail: (order: { browserId: string; key: string; email: string }) => Promise<void>;
  readonly checkoutsPerMinute: number;
  readonly holdSeconds: number;
  /** False where no messages are sent. */
  readonly asksEmail: boolean;
}

const form = z.object({
  key: checkoutKey.catch(''),
  sight: z.string().default(''),
  email: z.string().trim().default(''),
});

type Form = z.infer<typeof form>;

/** What a checkout was refused with. */
interface Refusal {
  readonly status: number;
  readonly fault: CheckoutFault;
}

/** `/cart/checkout`: the review before paying, and the one button that orders what it shows. */
export const cartCheckoutRoutes: FastifyPluginAsyncZod<CartCheckoutOptions> = async (server, options) => {
  const { browsers } = options;
  const config = checkoutLimit(options.checkoutsPerMinute);

  server.get('/cart/checkout', { schema: { hide: true } }, async (request, reply) => {
    const browserId = browsers.of(request);
    return browserId === null ? reply.redirect('/cart', 303) : review(reply, options, browserId, null, null);
  });

  server.post(
    '/cart/checkout',
    { config, schema: { hide: true, body: form.nullish() } },
    async (request, reply) => {
      const browserId = browsers.of(request);
      if (browserId === null) return reply.redirect('/cart', 303);
      const sent = request.body ?? form.parse({});
      const answer = await order(options, browserId, sent);
      if ('location' in answer) return goTo(request, reply, answer.location);
      // A script shows this page in place.
      return review(reply.code(answer.status), options, browserId, sent, answer.fault);
    },
  );
};

/** Places the order of a cart, or finds it, and says where to go on; or what to look at again. */
async function order(
  options: CartCheckoutOptions,
  browserId: string,
  sent: Form,
): Promise<{ readonly location: string } | Refusal> {
  const { database } = options;
  const text = options.asksEmail ? emailFault(sent.email) : null;
  if (text !== null) return { status: 400, fault: { field: 'email', text } };
  const known = await findOrderByKey(database, sent.key);
  // Pressed again, gone back, reloaded, or asked from another tab: it is the same order.
  if (known?.browserId === browserId) return goOnWith(options, browserId, known, sent);
  const cart = await readCart(database, browserId);
  const checked = checkCart(cart?.lines ?? []);
  const changed = changeSince(sent, cart, checked);
  if (changed !== null) return lookAgain(changed);
  const pending = await listPendingOrders(database, browserId);
  if (pending.length >= maxPendingOrders) return lookAgain(tooManyPendingWords(maxPendingOrders));
  return place(options, browserId, sent, checked);
}

/** An order that this browser has placed before, under an address that it may have corrected since. */
async function goOnWith(
  { asksEmail, correctEmail }: CartCheckoutOptions,
  browserId: string,
  known: OrderWithPayment,
  { key, email }: Form,
): Promise<{ readonly location: string } | Refusal> {
  if (known.status === 'cancelled') return lookAgain(endWords[known.reason ?? 'payment_ended']);
  if (asksEmail && known.email !== email) await correctEmail({ browserId, key, email });
  return { location: wayOn(known) };
}

async function place(
  { startCheckout, asksEmail }: CartCheckoutOptions,
  browserId: string,
  { key, email }: Form,
  { items, totalCents: amount }: CheckedCart,
): Promise<{ readonly location: string } | Refusal> {
  try {
    const request = { key, items, amount, browserId, ...(asksEmail && { email }) };
    return { location: wayOn((await startCheckout(request)).order) };
  } catch (error) {
    if (!(error instanceof ShopError)) throw error;
    return refused(error);
  }
}

/** What is not any more as the review showed it; null when all is. */
function changeSince(sent: Form, cart: Cart | undefined, checked: CheckedCart): string | null {
  if (cart?.checkoutKey !== sent.key) return words.checkout.cartChanged;
  if (checked.sight !== sent.sight) return words.checkout.sightChanged;
  return checked.blocker && blockerWords[checked.blocker];
}

function lookAgain(text: string): Refusal {
  return { status: 409, fault: { field: 'things', text } };
}

function emailFault(typed: string): string | null {
  if (typed === '') return emailFaults.missing;
  if (emailAddress.safeParse(typed).success) return null;
  return typed.length > 254 ? emailFaults.tooLong : emailFaults.unreadable;
}

/** Why an order under this key was given up, whatever the form says now. */
const endWords: Readonly<Record<CancelReason, string>> = {
  out_of_stock: words.checkout.outOfStock,
  price_changed: words.checkout.sightChanged,
  payment_unavailable: words.checkout.paymentUnavailable,
  payment_ended: words.checkout.ended,
  hold_expired: words.checkout.ended,
  cancelled_by_shopper: words.checkout.ended,
};

const refusals: Partial<Record<ShopError['code'], string>> = {
  out_of_stock: words.checkout.outOfStock,
  price_changed: words.checkout.sightChanged,
  payment_unavailable: words.checkout.paymentUnavailable,
  key_reused: words.checkout.keyReused,
  unknown_product: words.checkout.cartChanged,
  invalid_input: words.checkout.refused,
  timeout: words.checkout.timeout,
};

/** @throws the error itself, when it is not about this order and has a page of its own */
function refused(error: ShopError): Refusal {
  const text = refusals[error.code];
  if (text === undefined) throw error;
  return { status: problemTypes[error.code].status, fault: { field: 'things', text } };
}

/** To the payment page while the order can be paid, else to its own page. */
function wayOn(placed: OrderWithPayment): string {
  const payable =
    placed.status === 'pending' && placed.paymentState === 'open' && placed.holdExpiresAt > new Date();
  return (payable && placed.paymentUrl) || `/orders/${placed.token}`;
}

function goTo(request: FastifyRequest, reply: FastifyReply, location: string): FastifyReply {
  if (wantsPage(request)) return reply.redirect(location, 303);
  return reply.header('cache-control', 'no-store').send({ location });
}

async function review(
  reply: FastifyReply,
  options: CartCheckoutOptions,
  browserId: string,
  sent: Form | null,
  fault: CheckoutFault | null,
): Promise<FastifyReply> {
  const { database, asksEmail, holdSeconds } = options;
  await options.renewUsedKey(browserId);
  const cart = await readCart(database, browserId);
  if (!cart) return reply.redirect('/cart', 303);
  const [pending, email] = await Promise.all([
    listPendingOrders(database, browserId),
    sent ? sent.email : lastEmailOf(database, browserId),
  ]);
  const ordered = pending.find(({ checkoutKey: key }) => key === cart.checkoutKey);
  // This very content is ordered: its page shows what was ordered, and how to pay or to cancel.
  if (ordered && !fault) return reply.redirect(`/orders/${ordered.token}`, 303);
  const faults = fault ? [fault] : [];
  const source = {
    cart: checkCart(cart.lines),
    key: cart.checkoutKey,
    pending,
    email,
    asksEmail,
    holdSeconds,
    faults,
  };
  return options.pages.send(reply, 'checkout', { checkout: checkoutView(source, new Date()) });
}
