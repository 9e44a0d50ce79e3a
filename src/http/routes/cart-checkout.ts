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
  pendingAtMost,
} from '../../database/queries/orders.ts';
import { type CheckedCart, checkCart } from '../../domain/cart.ts';
import { ShopError } from '../../domain/errors.ts';
import { type CheckoutFault, checkoutView } from '../../storefront/checkout-view.ts';
import { emailFaults, words } from '../../storefront/words.ts';
import type { StartCheckout } from '../../workflows/start-checkout.ts';
import type { Browsers } from '../browsers.ts';
import { meanings } from '../errors.ts';
import { checkoutLimit } from '../limits.ts';
import type { Pages } from '../pages.ts';
import { email as emailAddress } from '../schemas.ts';
import { wantsPage } from '../server.ts';

export interface CartCheckoutOptions {
  readonly database: Database;
  readonly pages: Pages;
  readonly browsers: Browsers;
  readonly startCheckout: StartCheckout;
  /** Gives a cart a fresh key when the order of its present one has ended. */
  readonly renewUsedKey: (browserId: string) => Promise<void>;
  readonly checkoutsPerMinute: number;
  readonly holdSeconds: number;
  /** False where no messages are sent. */
  readonly asksEmail: boolean;
}

const form = z.object({
  key: z.string().default(''),
  amount: z.coerce.number().catch(-1),
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
      // A script sends the form once more, by itself, to show this page.
      if (!wantsPage(request)) return reply.code(answer.status).send();
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
  const known = await findOrderByKey(database, sent.key);
  // Pressed again, gone back, reloaded, or asked from another tab: it is the same order.
  if (known?.browser_id === browserId && known.status !== 'cancelled') return { location: wayOn(known) };
  const cart = await readCart(database, browserId);
  const checked = checkCart(cart?.lines ?? []);
  const refusal = refusalOf(options, sent, cart, checked);
  if (refusal) return refusal;
  const pending = await listPendingOrders(database, browserId);
  if (!known && pending.length >= pendingAtMost) return lookAgain(words.checkout.tooManyPending);
  try {
    const email = options.asksEmail ? { email: sent.email } : {};
    const request = { key: sent.key, items: checked.items, amount: sent.amount, browserId, ...email };
    return { location: wayOn((await options.startCheckout(request)).order) };
  } catch (error) {
    if (!(error instanceof ShopError)) throw error;
    return refused(error);
  }
}

function refusalOf(
  { asksEmail }: CartCheckoutOptions,
  sent: Form,
  cart: Cart | undefined,
  checked: CheckedCart,
): Refusal | null {
  const text = asksEmail ? emailFault(sent.email) : null;
  if (text !== null) return { status: 400, fault: { field: 'email', text } };
  const { cartChanged, totalChanged } = words.checkout;
  if (cart?.checkoutKey !== sent.key || checked.items.length === 0) return lookAgain(cartChanged);
  return checked.totalCents === sent.amount ? null : lookAgain(totalChanged);
}

function lookAgain(text: string): Refusal {
  return { status: 409, fault: { field: 'things', text } };
}

function emailFault(typed: string): string | null {
  if (typed === '') return emailFaults.missing;
  if (emailAddress.safeParse(typed).success) return null;
  return typed.length > 254 ? emailFaults.tooLong : emailFaults.unreadable;
}

const refusals: Partial<Record<ShopError['code'], string>> = {
  out_of_stock: words.checkout.outOfStock,
  price_changed: words.checkout.totalChanged,
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
  return { status: meanings[error.code].status, fault: { field: 'things', text } };
}

/** To the payment page while the order can be paid, else to its own page. */
function wayOn(placed: OrderWithPayment): string {
  const payable = placed.status === 'pending' && placed.payment_state === 'open';
  return (payable && placed.payment_url) || `/orders/${placed.token}`;
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
