import { randomUUID } from 'node:crypto';
import { DBOS } from '@dbos-inc/dbos-sdk';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { changeOrder } from '../../src/database/transactions/change-order.ts';
import { checkoutWorkflowId } from '../../src/database/workflow-ids.ts';
import { type Answer, fieldIn, Visitor } from '../support/browser.ts';
import {
  ask,
  attentionItems,
  becomes,
  control,
  pay,
  readStatus,
  setFaults,
  type TestOrder,
} from '../support/orders.ts';
import { expectStockBalanced } from '../support/promises.ts';
import { secretKey } from '../support/settings.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';
import { waitFor } from '../support/wait.ts';

// A pending order that its shopper changes, and orders whose products are put into the cart again.

const units = 40;
let shop: TestShop;
let visitor: Visitor;
let network = 0;

beforeAll(async () => {
  shop = await startTestShop({
    HOLD_LIMITS: 'strict',
    HELD_UNITS_PER_CLIENT: String(units),
    HELD_VALUE_PER_CLIENT: '99999999',
    HELD_SHARE_PER_CLIENT: '100',
    TRUST_PROXY: '1',
    DISPATCH_SECONDS: '0.2',
    PAYMENT_RETRIES: '1',
    PAYMENT_RETRY_SECONDS: '0.01',
  });
});

afterAll(async () => {
  await expectStockBalanced(shop.database);
  await shop.close();
});

/** Each test has shoppers of its own. */
beforeEach(() => {
  network += 1;
  visitor = new Visitor(shop.shopUrl);
});

const address = (): Record<string, string> => ({ 'x-forwarded-for': `198.51.${network}.1` });
const get = (path: string): Promise<Answer> => visitor.get(path, address());
const post = (path: string, form: Record<string, string> = {}): Promise<Answer> =>
  visitor.post(path, form, address());
const email = (): string => `ann${network}@example.com`;
const put = (sku: string, qty: number): Promise<Answer> => post('/cart/lines', { sku, qty: String(qty) });

interface Form extends Record<string, string> {
  readonly key: string;
}

/** The fields of the review's form, as the page has filled them in. */
async function review(): Promise<Form> {
  const { text, location } = await get('/cart/checkout');
  if (location !== null) throw new Error(`No review, but ${location}`);
  const delivery = /name="delivery"[^>]* value="([^"]*)"[^>]* checked/.exec(text)?.[1] ?? '';
  return {
    key: fieldIn(text, 'key'),
    fingerprint: fieldIn(text, 'fingerprint'),
    email: fieldIn(text, 'email'),
    delivery,
    ...(text.includes('name="changes"') && { changes: fieldIn(text, 'changes') }),
  };
}

interface Placed extends TestOrder {
  readonly token: string;
}

async function orderOf(key: string): Promise<Placed> {
  const row = await shop.database('orders').where({ checkout_key: key }).first();
  const payment = await shop.database('payments').where({ order_id: row.order_id }).first();
  return {
    order_id: row.order_id,
    order_url: '',
    payment_id: payment?.session_id,
    payment_url: payment?.url,
    total: row.total_cents,
    key,
    token: row.token,
  };
}

/** Orders what is in the cart. */
async function orderCart(): Promise<Placed> {
  const form = { ...(await review()), email: email() };
  const { location } = await post('/cart/checkout', form);
  expect(location).toContain(shop.paymentUrl);
  return orderOf(form.key);
}

/** Orders units of a product, and begins to change that. */
async function placeAndChange(sku: string, qty: number): Promise<Placed> {
  await put(sku, qty);
  const placed = await orderCart();
  expect((await post(`/orders/${placed.token}/change`)).location).toBe('/cart');
  return placed;
}

async function linesOf({ order_id: orderId }: TestOrder): Promise<Record<string, number>> {
  const lines = await shop
    .database('order_lines')
    .join('products', 'products.product_id', 'order_lines.product_id')
    .where({ order_id: orderId });
  return Object.fromEntries(lines.map(({ sku, quantity }) => [sku, quantity]));
}

async function available(sku: string): Promise<number> {
  const { available: units } = await shop.database('stock_accounts').where({ sku }).first();
  return units;
}

/** Reads the payment session at the provider, or ends it. */
async function sessionOf({ payment_id: id }: TestOrder, act: '' | '/expire' = ''): Promise<unknown> {
  const { body } = await ask(`${shop.paymentUrl}/v1/checkout/sessions/${id}${act}`, undefined, {
    method: act === '' ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${secretKey}` },
  });
  return body['status'];
}

const sessionStatus = (order: TestOrder): Promise<unknown> => sessionOf(order);

async function ordersOfBrowser(
  placed: TestOrder,
): Promise<{ order_id: number; status: string; reason: string }[]> {
  const { browser_id: browserId } = await shop
    .database('orders')
    .where({ order_id: placed.order_id })
    .first();
  return shop.database('orders').where({ browser_id: browserId }).orderBy('order_id');
}

const status = (order: TestOrder) => readStatus(shop, order);

describe('a change of a pending order', () => {
  test('ends it and places the new one with its units, its e-mail address and its delivery', async () => {
    const old = await placeAndChange('shackle', 2);
    const cart = (await get('/cart')).text;
    expect(cart).toContain(`You are changing Order ${old.order_id}.`);
    expect(cart).not.toContain('waits for your payment');
    await post('/cart/lines/shackle', { qty: '3' });
    await put('thimble', 1);
    expect(await status(old)).toMatchObject({ status: 'pending', state: 'open' });
    expect((await get('/cart/checkout')).text).toContain(`takes the place of Order ${old.order_id}`);
    const form = await review();
    expect(form).toMatchObject({ email: email(), changes: String(old.order_id) });
    const { location } = await post('/cart/checkout', form);
    expect(location).toContain(shop.paymentUrl);
    const changed = await orderOf(form.key);
    expect(await linesOf(changed)).toEqual({ shackle: 3, thimble: 1 });
    expect(await status(old)).toMatchObject({
      status: 'cancelled',
      reason: 'changed_by_shopper',
      state: 'expired',
    });
    expect(await sessionStatus(old)).toBe('expired');
    expect(await sessionStatus(changed)).toBe('open');
    const page = (await get(`/orders/${old.token}`)).text;
    expect(page).toContain(`You changed it into Order ${changed.order_id}.`);
    await expectStockBalanced(shop.database);
    await pay(shop, changed);
    await becomes(shop, changed, { status: 'dispatched' });
    expect((await get('/cart')).text).toContain('Your cart is empty.');
  });

  test('may order all the units that it holds, and nobody else gets one in between', async () => {
    const all = await available('turnbuckle');
    const old = await placeAndChange('turnbuckle', all);
    expect((await get('/cart')).text).not.toContain('cart-note');
    await put('shackle', 1);
    const form = await review();
    const change = { isOver: false };
    const others = Array.from({ length: 4 }, async (_, buyer) => {
      const got: number[] = [];
      while (!change.isOver) {
        const { status: answer } = await ask(
          `${shop.shopUrl}/checkout/${randomUUID()}`,
          { items: [{ sku: 'turnbuckle', qty: 1 }] },
          { headers: { 'x-forwarded-for': `203.0.${network}.${buyer}` } },
        );
        if (answer !== 409) got.push(answer);
      }
      return got;
    });
    const { location } = await post('/cart/checkout', form);
    change.isOver = true;
    expect(location).toContain(shop.paymentUrl);
    expect((await Promise.all(others)).flat()).toEqual([]);
    expect(await linesOf(await orderOf(form.key))).toEqual({ shackle: 1, turnbuckle: all });
    expect(await status(old)).toMatchObject({ reason: 'changed_by_shopper' });
  });

  test('pressed five times at once, from a second tab and again later is one order', async () => {
    const old = await placeAndChange('shackle', 1);
    await post('/cart/lines/shackle', { qty: '2' });
    const [form, secondTab] = [await review(), await review()];
    expect(form).toEqual(secondTab);
    const answers = await Promise.all(
      [form, form, form, form, secondTab].map((sent) => post('/cart/checkout', sent)),
    );
    expect(new Set(answers.map(({ location }) => location)).size).toBe(1);
    expect((await post('/cart/checkout', form)).location).toBe(answers[0]?.location);
    expect((await ordersOfBrowser(old)).map(({ status: word }) => word)).toEqual(['cancelled', 'pending']);
  });

  test('whose first order is paid all the same is paid back, and the new one waits', async () => {
    const old = await placeAndChange('shackle', 1);
    await post('/cart/lines/shackle', { qty: '2' });
    const changed = await orderCart();
    await control(shop, old, 'late_payment');
    await becomes(shop, old, { status: 'refunded', state: 'refunded' });
    expect(await status(changed)).toMatchObject({ status: 'pending', state: 'open' });
    await expectStockBalanced(shop.database);
  });

  test('whose first review is sent again leads to the present cart, and orders nothing', async () => {
    await put('shackle', 1);
    const first = { ...(await review()), email: email() };
    await post('/cart/checkout', first);
    const old = await orderOf(first.key);
    await post(`/orders/${old.token}/change`);
    const stale = await post('/cart/checkout', first);
    // Before the press, the order is as it was.
    expect(stale.location).toContain(shop.paymentUrl);
    await post('/cart/lines/shackle', { qty: '2' });
    const changed = await orderCart();
    const back = await post('/cart/checkout', first);
    expect(back.status).toBe(409);
    expect(back.text).toContain('That order was changed already');
    expect(fieldIn(back.text, 'key')).toBe(changed.key);
    expect(await ordersOfBrowser(old)).toHaveLength(2);
  });

  test('that another tab has edited meanwhile is shown again, and the order stays as it is', async () => {
    const old = await placeAndChange('shackle', 1);
    const form = await review();
    await put('thimble', 1);
    const answer = await post('/cart/checkout', form);
    expect(answer.text).toContain('Your cart was changed since this page was shown.');
    expect(await status(old)).toMatchObject({ status: 'pending', state: 'open' });
  });

  test('can be left: the order stays, and what is in the cart is another one', async () => {
    const old = await placeAndChange('shackle', 1);
    await put('thimble', 1);
    expect((await post('/cart/keep-order')).location).toBe(`/orders/${old.token}`);
    const { text } = await get('/cart');
    expect(text).not.toContain('You are changing');
    expect(text).toContain('Change this order instead');
    const other = await orderCart();
    expect(await status(old)).toMatchObject({ status: 'pending' });
    expect(await status(other)).toMatchObject({ status: 'pending' });
  });

  describe('that begins while the cart is that of another pending order', () => {
    let block: Placed;
    let shackles: Placed;

    beforeEach(async () => {
      await put('block', 2);
      block = await orderCart();
      await post('/cart/lines/block', { qty: '0' });
      await put('shackle', 2);
      await put('block', 1);
      shackles = await orderCart();
    });

    test('has the units of its own order alone', async () => {
      await post(`/orders/${block.token}/change`);
      const changed = await orderCart();
      expect(await linesOf(changed)).toEqual({ block: 2 });
      expect(await status(block)).toMatchObject({ reason: 'changed_by_shopper' });
      expect(await status(shackles)).toMatchObject({ status: 'pending' });
    });

    test('also when that one was being changed, and keeps what was put in besides', async () => {
      await post(`/orders/${block.token}/change`);
      await post('/cart/lines/block', { qty: '5' });
      await put('thimble', 1);
      for (const _press of [1, 2]) await post(`/orders/${shackles.token}/change`);
      expect((await get('/cart')).text).toContain(`You are changing Order ${shackles.order_id}.`);
      expect(await linesOf(await orderCart())).toEqual({ shackle: 2, block: 1, thimble: 1 });
      expect(await status(shackles)).toMatchObject({ reason: 'changed_by_shopper' });
      expect(await status(block)).toMatchObject({ status: 'pending' });
    });

    test('and keeps its units when the other one is paid meanwhile', async () => {
      await post(`/orders/${block.token}/change`);
      await post(`/orders/${shackles.token}/change`);
      await put('block', 1);
      await pay(shop, block);
      await becomes(shop, block, { status: ['paid', 'dispatched'] });
      expect(await linesOf(await orderCart())).toEqual({ shackle: 2, block: 1 });
      expect(await status(shackles)).toMatchObject({ reason: 'changed_by_shopper' });
    });
  });

  test('does not count among the five orders that may wait', async () => {
    const old = await placeAndChange('shackle', 1);
    await post('/cart/keep-order');
    for (const qty of ['2', '3', '4', '5']) {
      await post('/cart/lines/shackle', { qty });
      await orderCart();
    }
    await post('/cart/lines/shackle', { qty: '6' });
    await post(`/orders/${old.token}/change`);
    await orderCart();
    expect(await status(old)).toMatchObject({ reason: 'changed_by_shopper' });
  });
});

describe('an order that is paid before it is changed stays as it is, and its page says so,', () => {
  async function expectUnchanged(old: Placed, { location }: Answer): Promise<void> {
    expect(location).toBe(`/orders/${old.token}?notice=unchanged`);
    await becomes(shop, old, { status: ['paid', 'dispatched'] });
    expect((await get(location ?? '')).text).toContain('Your payment was faster');
    const others = (await ordersOfBrowser(old)).filter(({ order_id: id }) => id !== old.order_id);
    expect(others.filter(({ status: word }) => word !== 'cancelled')).toEqual([]);
    expect(await attentionItems(shop, old)).toEqual([]);
    await expectStockBalanced(shop.database);
  }

  test('when the payment arrives while the review is open', async () => {
    const old = await placeAndChange('shackle', 1);
    await post('/cart/lines/shackle', { qty: '2' });
    const form = await review();
    await pay(shop, old);
    await becomes(shop, old, { status: ['paid', 'dispatched'] });
    await expectUnchanged(old, await post('/cart/checkout', form));
    expect((await get('/cart')).text).toContain(`Order ${old.order_id} is paid`);
    // What is left is an order of its own.
    await orderCart();
  });

  test('also when the whole cart was bought with it', async () => {
    const old = await placeAndChange('shackle', 1);
    const form = await review();
    await pay(shop, old);
    await becomes(shop, old, { status: ['paid', 'dispatched'] });
    await expectUnchanged(old, await post('/cart/checkout', form));
  });

  test('when only the provider knows of the payment', async () => {
    const old = await placeAndChange('shackle', 2);
    await setFaults(shop, old, { webhook_drop: 1 });
    await pay(shop, old);
    await post('/cart/lines/shackle', { qty: '1' });
    const form = await review();
    expect(form['changes']).toBe(String(old.order_id));
    const answer = await post('/cart/checkout', form);
    await expectUnchanged(old, answer);
    // The same form again has the same answer.
    expect((await post('/cart/checkout', form)).location).toBe(answer.location);
  });
});

describe('a change that cannot be made', () => {
  test('for want of room keeps the units of the order, also after its session has ended, for the next press', async () => {
    const old = await placeAndChange('shackle', 2);
    await post('/cart/lines/shackle', { qty: String(units + 1) });
    const refused = await post('/cart/checkout', await review());
    expect(refused.status).toBe(409);
    expect(refused.text).toContain('more than one shopper can hold');
    await waitFor(
      'its session to have ended',
      () => status(old),
      ({ state }) => state === 'expired',
    );
    expect(await status(old)).toMatchObject({ status: 'pending' });
    const page = (await get(`/orders/${old.token}`)).text;
    expect(page).toContain('You are changing this order');
    expect(page).not.toContain('/pay/');
    expect((await get('/cart')).text).toContain('can no longer be paid as it was');
    await post('/cart/lines/shackle', { qty: '3' });
    const changed = await orderCart();
    expect(await linesOf(changed)).toEqual({ shackle: 3 });
    expect(await status(old)).toMatchObject({ reason: 'changed_by_shopper' });
  });

  async function refuseChange(): Promise<Placed> {
    const old = await placeAndChange('shackle', 2);
    await post('/cart/lines/shackle', { qty: String(units + 1) });
    expect((await post('/cart/checkout', await review())).status).toBe(409);
    await waitFor(
      'its session to have ended',
      () => status(old),
      ({ state }) => state === 'expired',
    );
    return old;
  }

  test('and is given up ends with the hold', async () => {
    const old = await refuseChange();
    await shop
      .database('orders')
      .where({ order_id: old.order_id })
      .update({ hold_expires_at: shop.database.raw(`now() - interval '1 second'`) });
    expect(await becomes(shop, old, { status: 'cancelled' })).toMatchObject({ reason: 'hold_expired' });
  });

  test('and is cancelled ends at once', async () => {
    const old = await refuseChange();
    await post(`/orders/${old.token}/cancel`);
    expect(await becomes(shop, old, { status: 'cancelled' })).toMatchObject({
      reason: 'cancelled_by_shopper',
    });
  });

  test('because the provider does not answer leaves the order, which can still be paid', async () => {
    const old = await placeAndChange('shackle', 2);
    await setFaults(shop, old, { api_error_before: 1 });
    await post('/cart/lines/shackle', { qty: '1' });
    const refused = await post('/cart/checkout', await review());
    expect(refused.text).toContain('your order was not changed');
    expect(await status(old)).toMatchObject({ status: 'pending', state: 'open' });
    const page = (await get(`/orders/${old.token}`)).text;
    expect(page).not.toContain('You are changing this order');
    expect(page).toContain('/pay/');
    const cart = (await get('/cart')).text;
    expect(cart).toContain('It stays as it is until you press');
    expect(cart).toContain('Keep the order as it is');
    await setFaults(shop, old, {});
    await pay(shop, old);
    await becomes(shop, old, { status: 'dispatched' });
    await expectStockBalanced(shop.database);
  });

  test('because the provider does not answer can be tried again', async () => {
    const old = await placeAndChange('shackle', 2);
    await post('/cart/lines/shackle', { qty: '1' });
    for (const _press of [1, 2]) {
      await setFaults(shop, old, { api_error_before: 1 });
      expect((await post('/cart/checkout', await review())).text).toContain('your order was not changed');
    }
    await setFaults(shop, old, {});
    const changed = await orderCart();
    expect(await linesOf(changed)).toEqual({ shackle: 1 });
    expect(await status(old)).toMatchObject({ reason: 'changed_by_shopper' });
    expect((await get(`/orders/${old.token}`)).text).toContain('You changed it into');
  });

  test('because the provider does not answer leaves the order also when the step is run again after a crash', async () => {
    const old = await placeAndChange('shackle', 2);
    await setFaults(shop, old, { api_error_before: 1 });
    await post('/cart/lines/shackle', { qty: '1' });
    const form = await review();
    await post('/cart/checkout', form);
    await setFaults(shop, old, {});
    const again = await DBOS.forkWorkflow(checkoutWorkflowId(form.key), 0);
    expect(await again.getResult()).toEqual({ status: 'failed' });
    expect(await sessionStatus(old)).toBe('open');
    expect((await get(`/orders/${old.token}`)).text).toContain('/pay/');
  });

  test('because the answer of the provider was lost shows that its session has ended', async () => {
    const old = await placeAndChange('shackle', 2);
    await setFaults(shop, old, { api_error_before: 1 });
    await post('/cart/lines/shackle', { qty: '1' });
    await post('/cart/checkout', await review());
    await setFaults(shop, old, {});
    expect(await sessionOf(old, '/expire')).toBe('expired');
    await waitFor(
      'its session to have ended',
      () => status(old),
      ({ state }) => state === 'expired',
    );
    const page = (await get(`/orders/${old.token}`)).text;
    expect(page).toContain('You are changing this order');
    expect(page).not.toContain('/pay/');
    expect((await get('/cart')).text).toContain('can no longer be paid as it was');
    await orderCart();
    expect(await status(old)).toMatchObject({ reason: 'changed_by_shopper' });
  });

  test('that knows of no payment session yet does not cancel the order, which has one', async () => {
    const old = await placeAndChange('shackle', 2);
    const order = {
      checkoutKey: randomUUID(),
      requestHash: '0'.repeat(64),
      items: [{ sku: 'shackle', qty: 1 }],
      email: null,
      browserId: null,
      shownCents: null,
      holdSeconds: 60,
    };
    const change = { order, requestId: randomUUID(), changes: old.order_id };
    const none = { sessionId: null, end: 'ended' } as const;
    const result = await changeOrder(shop.shopDatabase, change, none, { limits: null, emailsPerDay: 1 });
    expect(result).toEqual({ outcome: 'session_recorded' });
    expect(await status(old)).toMatchObject({ status: 'pending', state: 'open' });
  });

  test('while its payment session is recorded ends that session first', async () => {
    const old = await placeAndChange('shackle', 2);
    const payment = () => shop.database('payments').where({ order_id: old.order_id });
    const { session_id: sessionId, url } = await payment().first();
    await payment().update({ session_id: null, url: null, state: 'creating' });
    await shop.database.raw(
      `create function record_meanwhile() returns trigger language plpgsql as $$ begin
         update payments set session_id = '${sessionId}', url = '${url}', state = 'open' where order_id = new.order_id;
         return null; end $$;
       create trigger record_meanwhile after insert on order_history for each row
         when (new.order_id = ${old.order_id} and new.what = 'change_asked') execute function record_meanwhile()`,
    );
    await post('/cart/lines/shackle', { qty: '1' });
    await orderCart();
    expect(await sessionStatus(old)).toBe('expired');
    expect(await payment().first()).toMatchObject({ state: 'expired' });
    await shop.database.raw(
      'drop trigger record_meanwhile on order_history; drop function record_meanwhile()',
    );
  });

  test('in another browser says where it can be', async () => {
    await put('shackle', 1);
    const placed = await orderCart();
    visitor = new Visitor(shop.shopUrl);
    const nobody = await post(`/orders/${placed.token}/change`);
    expect(nobody.location).toBe(`/orders/${placed.token}?notice=otherBrowser`);
    await put('thimble', 1);
    const stranger = await post(`/orders/${placed.token}/change`);
    expect((await get(stranger.location ?? '')).text).toContain('was placed in another browser');
    expect((await get('/cart')).text).not.toContain('You are changing');
    expect((await post('/orders/AAAAAAAAAAAAAAAAAAAAAA/change')).status).toBe(404);
  });

  test('because it has ended plainly orders the cart', async () => {
    const old = await placeAndChange('shackle', 1);
    const form = await review();
    await post(`/orders/${old.token}/cancel`);
    await becomes(shop, old, { status: 'cancelled' });
    expect((await post('/cart/checkout', form)).location).toContain(shop.paymentUrl);
    expect((await post(`/orders/${old.token}/change`)).location).toBe(`/orders/${old.token}`);
  });
});

describe('the products of an order are put into the cart again', () => {
  test('with what is there, once, however often it is pressed, also in another browser', async () => {
    await put('thimble', 2);
    await put('shackle', 1);
    const placed = await orderCart();
    await pay(shop, placed);
    await becomes(shop, placed, { status: 'dispatched' });
    expect((await get(`/orders/${placed.token}`)).text).toContain('Buy again');
    visitor = new Visitor(shop.shopUrl);
    for (const _press of [1, 2]) {
      const { location } = await post(`/orders/${placed.token}/again`);
      const { text } = await get(location ?? '');
      expect(text).toContain(`Everything of Order ${placed.order_id} is in your cart.`);
      expect(text).toContain('Cart, 3 units');
    }
    const again = await orderCart();
    expect(await linesOf(again)).toEqual({ shackle: 1, thimble: 2 });
  });

  test('as far as they are available, and the page names the differences', async () => {
    const [bells, cleats] = [await available('bell'), await available('cleat')];
    await take('bell', bells);
    await take('cleat', cleats - 2);
    const stored = await ask(`${shop.shopUrl}/checkout/${randomUUID()}`, {
      items: [
        { sku: 'bell', qty: 1 },
        { sku: 'cleat', qty: cleats },
      ],
    });
    expect(stored.status).toBe(409);
    const { token } = await shop.database('orders').where({ order_id: stored.body['order_id'] }).first();
    expect((await get(`/orders/${token}`)).text).toContain('Add what is available');
    visitor = new Visitor(shop.shopUrl);
    const { location } = await post(`/orders/${token}/again`);
    const { text } = await get(location ?? '');
    expect(text).toContain('Brass Bell is sold out.');
    expect(text).toContain(`2 instead of ${cleats}.`);
    expect(text).toContain('Cart, 2 units');
  });

  test('of an unknown order: 404, and no cookie', async () => {
    const answer = await post('/orders/AAAAAAAAAAAAAAAAAAAAAA/again');
    expect(answer.status).toBe(404);
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect((await get('/cart?filled=AAAAAAAAAAAAAAAAAAAAAA')).status).toBe(200);
  });
});

let otherClients = 0;

/** Other clients hold so many units, each as many as one client may. */
async function take(sku: string, all: number): Promise<void> {
  for (let left = all; left > 0; left -= units) {
    otherClients += 1;
    const { status: answer } = await ask(
      `${shop.shopUrl}/checkout/${randomUUID()}`,
      { items: [{ sku, qty: Math.min(units, left) }] },
      { headers: { 'x-forwarded-for': `192.0.2.${otherClients}` } },
    );
    expect(answer).toBe(201);
  }
}

describe('a cart that is ordered and sent again', () => {
  test('with another code leads to its order, which keeps its price and says so', async () => {
    const code = `AGAIN${network}`;
    await shop.database('discount_codes').insert({ code, percent: 10 });
    await put('shackle', 1);
    const first = { ...(await review()), email: email() };
    const { location } = await post('/cart/checkout', first);
    const placed = await orderOf(first.key);
    const again = await post('/cart/checkout', { ...first, discount_code: code });
    expect(again.location).toBe(`/orders/${placed.token}?code=first`);
    expect((await get(again.location ?? '')).text).toContain('the order keeps its price');
    expect((await post('/cart/checkout', first)).location).toBe(location);
    expect((await orderOf(first.key)).total).toBe(placed.total);
  });

  test('with its code typed in another way leads to its payment, and without it to its page', async () => {
    const code = `SAME${network}`;
    await shop.database('discount_codes').insert({ code, percent: 10 });
    await put('shackle', 1);
    const first = { ...(await review()), email: email(), discount_code: code };
    const { location } = await post('/cart/checkout', first);
    const lower = await post('/cart/checkout', { ...first, discount_code: ` ${code.toLowerCase()} ` });
    expect(lower.location).toBe(location);
    const without = await post('/cart/checkout', { ...first, discount_code: '' });
    expect(without.location).toContain('?code=first');
  });

  test('keeps the e-mail address that was corrected on the page of its order, and says so where another was typed', async () => {
    await put('shackle', 1);
    const form = { ...(await review()), email: 'typo@reader.example' };
    await post('/cart/checkout', form);
    const second = await post('/cart/checkout', { ...form, email: 'second@reader.example' });
    expect(second.location).toContain(shop.paymentUrl);
    const { order_id: orderId, token } = await orderOf(form.key);
    const emailOf = () => shop.database('orders').where({ order_id: orderId }).pluck('email');
    expect(await emailOf()).toEqual(['second@reader.example']);
    await post(`/orders/${token}/contact`, { act: 'correct', email: 'right@reader.example' });
    expect(await emailOf()).toEqual(['right@reader.example']);
    const same = await post('/cart/checkout', { ...form, email: 'right@reader.example' });
    expect(same.location).toContain(shop.paymentUrl);
    const other = await post('/cart/checkout', { ...form, email: 'third@reader.example' });
    expect(other.location).toBe(`/orders/${token}?email=first`);
    expect((await get(other.location ?? '')).text).toContain('correct it on this page');
    expect(await emailOf()).toEqual(['right@reader.example']);
  });
});

test('the last use of a code passes to the order that takes the place of another', async () => {
  const code = `CHANGE${network}`;
  await shop.database('discount_codes').insert({ code, percent: 10, uses: 1, uses_per_email: 1 });
  await put('shackle', 1);
  const first = { ...(await review()), email: email(), discount_code: code };
  await post('/cart/checkout', first);
  const placed = await orderOf(first.key);
  expect(placed.total).toBe(1701);
  await post(`/orders/${placed.token}/change`);
  await put('shackle', 2);
  const { text } = await get('/cart/checkout');
  expect(fieldIn(text, 'discount_code')).toBe(code);
  expect(text).not.toContain('id="discount_code-error"');
  const next = { ...(await review()), discount_code: code };
  expect((await post('/cart/checkout', next)).location).toContain(shop.paymentUrl);
  const changed = await orderOf(next.key);
  expect(changed.total).toBe(((await linesOf(changed))['shackle'] ?? 0) * 1701);
  const account = await shop.database('discount_accounts').where({ code }).first();
  expect(account).toMatchObject({ free: 0, held: 1, used: 0, balanced: true });
});
