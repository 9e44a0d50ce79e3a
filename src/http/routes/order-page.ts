import { setTimeout as pause } from 'node:timers/promises';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Database } from '../../database/connection.ts';
import { type OrderDetails, readOrderDetails } from '../../database/queries/order-details.ts';
import { findOrderBy } from '../../database/queries/orders.ts';
import { ShopError } from '../../domain/errors.ts';
import { requestWaitMs } from '../../domain/limits.ts';
import type { OrderStatus } from '../../domain/order.ts';
import { type OrderView, orderView } from '../../storefront/order-view.ts';
import { receiptView } from '../../storefront/receipt-view.ts';
import {
  firstCodeWords,
  firstDeliveryWords,
  keptEmailWords,
  orderNotices,
  type paymentMethodWords,
} from '../../storefront/words.ts';
import { cartLimit, checkoutLimit } from '../limits.ts';
import type { PageServices } from '../pages.ts';
import { orderToken } from '../schemas.ts';

export interface OrderPageOptions extends PageServices {
  /** Asks the checkout to cancel an order. @returns false when there is no such order */
  readonly askToCancel: (token: string) => Promise<boolean>;
  /** Puts the products of an order into a browser's cart, which then takes its place when it `changes` the order. */
  readonly fillCart: (request: {
    readonly browserId: string;
    readonly token: string;
    readonly changes: boolean;
  }) => Promise<'filled' | 'unknown_order' | 'not_pending' | 'other_browser'>;
  readonly checkoutsPerMinute: number;
  /** False where no messages are sent. */
  readonly sendsEmail: boolean;
  /** Whose payment page orders are paid on. */
  readonly provider: keyof typeof paymentMethodWords;
}

// Reloads of a page without script, five seconds apart, before it links to the payment page again.
const reloadsAfterPaying = 6;
const params = z.object({ token: orderToken });
const querystring = z.object({
  // The shopper has ordered the same cart again, with another delivery, another code or another e-mail address.
  delivery: z.literal('first').optional().catch(undefined),
  code: z.literal('first').optional().catch(undefined),
  email: z.literal('first').optional().catch(undefined),
  returned: z.coerce.number().pipe(z.int().min(1).max(reloadsAfterPaying)).optional().catch(undefined),
  notice: z.enum(['otherBrowser', 'unchanged']).optional().catch(undefined),
});

/** `/orders/:token`: the page of one order, and its receipt once it is paid, for everyone who knows its address. */
export const orderPageRoutes: FastifyPluginAsyncZod<OrderPageOptions> = async (server, options) => {
  const { database, pages, browsers, sendsEmail } = options;
  const viewOf = async (token: string) =>
    orderView(await readDetails(database, token), new Date(), sendsEmail);

  server.get('/orders/:token', { schema: { params, querystring } }, async (request, reply) => {
    const order = await viewOf(request.params.token);
    const { returned, delivery, code, email, notice: name } = request.query;
    const isPending = order.status === 'pending';
    const kept = [
      ...(delivery ? [firstDeliveryWords(isPending)] : []),
      ...(code ? [firstCodeWords(isPending)] : []),
      ...(email ? [keptEmailWords(isPending)] : []),
    ];
    const notice = name ? orderNotices[name] : null;
    return pages.send(reply, 'order', {
      order,
      kept,
      notice,
      ...afterPaying(order, returned, {
        ...(delivery && { delivery }),
        ...(code && { code }),
        ...(email && { email }),
        ...(name && { notice: name }),
      }),
    });
  });
  const schema = { params };
  server.get('/fragments/orders/:token', { schema }, async (request, reply) =>
    pages.sendPart(reply, 'parts/order-live', { order: await viewOf(request.params.token) }),
  );
  server.get('/orders/:token/receipt', { schema }, async (request, reply) => {
    const details = await readDetails(database, request.params.token);
    const receipt = receiptView(details, options.provider, new Date());
    if (!receipt) throw new ShopError('not_found', 'There is no receipt, because the order is not paid.');
    return pages.send(reply, 'receipt', { receipt });
  });

  const config = checkoutLimit(options.checkoutsPerMinute);
  server.post('/orders/:token/cancel', { schema, config }, async (request, reply) => {
    const { token } = request.params;
    if (!(await options.askToCancel(token))) throw unknownOrder();
    await waitWhilePending(() => findOrderBy(database, { token }));
    return reply.redirect(`/orders/${token}`, 303);
  });

  const filling = { schema, config: cartLimit((request) => browsers.of(request) !== null) };
  server.post('/orders/:token/change', filling, async (request, reply) => {
    const { token } = request.params;
    const browserId = browsers.of(request);
    const outcome =
      browserId === null ? 'other_browser' : await options.fillCart({ browserId, token, changes: true });
    if (outcome === 'unknown_order') throw unknownOrder();
    if (outcome === 'other_browser') return reply.redirect(`/orders/${token}?notice=otherBrowser`, 303);
    // An order that is paid or has ended says so itself.
    return reply.redirect(outcome === 'filled' ? '/cart' : `/orders/${token}`, 303);
  });

  server.post('/orders/:token/again', filling, async (request, reply) => {
    const { token } = request.params;
    // Before a cookie is set: an address that leads nowhere sets none.
    await readDetails(database, token);
    await options.fillCart({ browserId: browsers.ensure(request, reply), token, changes: false });
    return reply.redirect(`/cart?filled=${token}`, 303);
  });
  // After a refused form, the browser shows the form's address, and a reload requests it by GET.
  for (const act of ['change', 'again']) {
    server.get(`/orders/:token/${act}`, { schema }, async (request, reply) =>
      reply.redirect(`/orders/${request.params.token}`, 303),
    );
  }
};

/**
 * Does not ask a shopper who returns from the payment page to pay again while the payment event may still arrive. A page without
 * script reloads itself, and the last reload goes to the plain address. While a payment may still arrive for a cancelled order,
 * the page does not say "nothing was charged".
 */
function afterPaying(
  { token, pay, lateForMs }: OrderView,
  reload: number | undefined,
  kept: Readonly<Record<string, string>>,
) {
  const plain = `/orders/${token}`;
  if (reload === undefined || (pay === null && lateForMs === null)) {
    const query = new URLSearchParams(kept).toString();
    return { returned: false, again: query === '' ? plain : `${plain}?${query}` };
  }
  const next = pay === null ? reload : reload + 1;
  return { returned: true, again: next > reloadsAfterPaying ? plain : `${plain}?returned=${next}` };
}

async function readDetails(database: Database, token: string): Promise<OrderDetails> {
  const details = await readOrderDetails(database, { token });
  if (!details) throw unknownOrder();
  return details;
}

const pollEveryMs = 50;

/** Waits until an order is no longer pending, as its row shows. @returns false when it still is after eight seconds */
export async function waitWhilePending(
  read: () => Promise<{ readonly status: OrderStatus } | undefined>,
): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < requestWaitMs; waitedMs += pollEveryMs) {
    const order = await read();
    if (order?.status !== 'pending') return true;
    await pause(pollEveryMs);
  }
  return false;
}

/** The error for a malformed and for an unknown order address: the same, so that it reveals nothing. */
export function unknownOrder(): ShopError {
  return new ShopError('not_found', 'There is no order at this address.');
}
