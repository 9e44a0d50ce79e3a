import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectMoneyRight, expectStockBalanced, stockAccounts } from '../support/promises.ts';
import { startTestShop, type TestShop } from '../support/shop.ts';
import { waitFor } from '../support/wait.ts';

// The tutorials' contract, on a whole shop with the real payment service.

let shop: TestShop;

beforeAll(async () => {
  shop = await startTestShop({ HOLD_SECONDS: '6', DISPATCH_SECONDS: '2' });
});

afterAll(async () => {
  await expectStockBalanced(shop.database);
  await expectMoneyRight(shop.database, shop.paymentUrl);
  await shop.close();
});

interface Started {
  order_id: number;
  order_url: string;
  payment_id: string;
  payment_url: string;
  total: number;
}

function post(path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${shop.shopUrl}${path}`, {
    method: 'POST',
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

async function checkout(key: string, body?: unknown): Promise<{ status: number; answer: Started }> {
  const response = await post(`/checkout/${key}`, body, { accept: 'application/json' });
  return { status: response.status, answer: (await response.json()) as Started };
}

async function order(
  id: number,
): Promise<{ order_status: number; status: string; progress_remaining: number }> {
  const response = await fetch(`${shop.shopUrl}/order/${id}`);
  return response.json() as never;
}

async function available(sku: string): Promise<number> {
  return (await stockAccounts(shop.database))[sku]?.available ?? Number.NaN;
}

const oneBell = { items: [{ sku: 'bell', qty: 1 }] };
const oneCleat = { items: [{ sku: 'cleat', qty: 1 }] };

describe('a checkout', () => {
  test('answers with the payment id alone, as the widget store did', async () => {
    const response = await post('/checkout/plain');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^text\/plain/);
    expect(await response.text()).toMatch(/^cs_test_\w+$/);
  });

  test('takes an empty JSON body for no body', async () => {
    const response = await post('/checkout/plain', undefined, { 'content-type': 'application/json' });
    expect(response.status).toBe(200);
  });

  test.each([
    ['with a JSON body and no preference', oneCleat, {}, 201, 'application/json'],
    ['with a JSON body and Accept: */*', oneCleat, { accept: '*/*' }, 201, 'application/json'],
    ['with a JSON body and Accept: text/plain', oneCleat, { accept: 'text/plain' }, 200, 'text/plain'],
    ['without a body and with Accept: */*', undefined, { accept: '*/*' }, 200, 'text/plain'],
  ])('%s answers in the type that the client expects', async (_name, body, headers, status, type) => {
    for (const path of [`/checkout/${randomUUID()}`, '/checkout']) {
      const response = await post(path, body, headers);
      expect([response.status, response.headers.get('content-type')?.split(';')[0]]).toEqual([status, type]);
    }
  });

  test('of the same key twice is one order with the same payment', async () => {
    const first = await checkout('twice');
    const second = await checkout('twice');
    expect([first.status, second.status]).toEqual([201, 200]);
    expect(second.answer).toEqual(first.answer);
    expect(await shop.database('orders').where({ checkout_key: 'twice' })).toHaveLength(1);
  });

  test('of the same key twenty times at once is one order, and one request was the first', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => checkout('at-once')));
    expect(new Set(answers.map(({ answer }) => answer.payment_id)).size).toBe(1);
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(await shop.database('orders').where({ checkout_key: 'at-once' })).toHaveLength(1);
  });

  test('without a key gives the two commands of the first tutorial, and they work', async () => {
    const text = await (await post('/checkout')).text();
    const [submit, cancel] = text.split('\n');
    expect(submit).toMatch(
      /^Submit payment: curl -X POST http:\S+\/api\/submit_payment -H "Content-type: application\/json"/,
    );
    expect(cancel).toMatch(/^Cancel payment: curl -X POST http:\S+\/api\/cancel_payment/);
    const [, url] = /(http:\S+)/.exec(submit ?? '') ?? [];
    const [, body] = /-d '(.+)'/.exec(submit ?? '') ?? [];
    const [, key] = /dbos-idempotency-key: ([\w-]+)/.exec(submit ?? '') ?? [];
    const paid = await fetch(url ?? '', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: body ?? '',
    });
    expect(paid.status).toBe(200);
    const { answer } = await checkout(key ?? '');
    await waitFor(
      'the payment',
      () => order(answer.order_id),
      ({ status }) => status !== 'pending',
    );
    expect((await order(answer.order_id)).order_status).toBeGreaterThan(0);
  });

  test('of several lines holds them all, adding up the same product', async () => {
    const before = await stockAccounts(shop.database);
    const items = [
      { sku: 'shackle', qty: 2 },
      { sku: 'thimble', qty: 4 },
      { sku: 'shackle', qty: 1 },
    ];
    const { answer } = await checkout('lines', { items });
    expect(answer.total).toBe(3 * 1890 + 4 * 450);
    const after = await stockAccounts(shop.database);
    expect(after['shackle']?.held).toBe((before['shackle']?.held ?? 0) + 3);
    expect(after['thimble']?.available).toBe((before['thimble']?.available ?? 0) - 4);
  });

  test('of a total other than the one shown is refused, and holds nothing', async () => {
    const before = await available('bell');
    for (const amount of [1, 3_000_000_000, Number.MAX_SAFE_INTEGER]) {
      const { status, answer } = await checkout(`price-${amount}`, { ...oneBell, amount });
      expect(status).toBe(409);
      expect(answer).toMatchObject({ code: 'price_changed', shown: amount, total: 14_900 });
    }
    expect(await available('bell')).toBe(before);
  });

  test('of a used key with another body is refused', async () => {
    await checkout('reused', oneBell);
    const { status, answer } = await checkout('reused', { items: [{ sku: 'bell', qty: 2 }] });
    expect([status, answer]).toEqual([422, expect.objectContaining({ code: 'key_reused' })]);
  });
});

describe('out of stock', () => {
  test('lists the missing units on every repetition, and loses no stock', async () => {
    const before = await available('turnbuckle');
    const items = [
      { sku: 'turnbuckle', qty: before + 1 },
      { sku: 'cleat', qty: 1 },
    ];
    for (let time = 0; time < 2; time += 1) {
      const { status, answer } = await checkout('too-many', { items });
      expect(status).toBe(409);
      expect(answer).toMatchObject({
        code: 'out_of_stock',
        lines: [{ sku: 'turnbuckle', wanted: before + 1, available: before }],
      });
    }
    expect(await available('turnbuckle')).toBe(before);
  });
});

describe('the end of a payment', () => {
  test('paid: 2 with steps ahead, then 1 with none, never backwards', async () => {
    const { answer } = await checkout('pays');
    const paid = await post(`/payment_webhook/${answer.payment_id}/paid`);
    expect([paid.status, await paid.text()]).toEqual([200, String(answer.order_id)]);

    const seen: number[] = [];
    await waitFor(
      'the dispatch',
      async () => {
        const now = await order(answer.order_id);
        seen.push(now.progress_remaining);
        return now;
      },
      ({ order_status }) => order_status === 1,
    );
    expect(seen).toEqual(seen.toSorted((a, b) => b - a));
    expect(seen.at(-1)).toBe(0);
    expect(new Set(seen).size).toBeGreaterThan(2);
  });

  test.each(['failed', 'cancelled'])(
    '%s: −1 and the unit back; a repetition changes nothing',
    async (status) => {
      const { answer } = await checkout(`ends-${status}`, { items: [{ sku: 'block', qty: 1 }] });
      const before = await available('block');
      for (const word of [status, status, 'paid']) {
        const ended = await post(`/payment_webhook/${answer.payment_id}/${word}`);
        expect([ended.status, await ended.text()]).toEqual([200, String(answer.order_id)]);
        expect(await order(answer.order_id)).toMatchObject({ order_status: -1, status: 'cancelled' });
        expect(await available('block')).toBe(before + 1);
      }
    },
  );

  test('nothing within the hold: −1 and the unit back, and the session can no longer be paid', async () => {
    const { answer } = await checkout('expires', { items: [{ sku: 'marlinspike', qty: 5 }] });
    const held = await available('marlinspike');
    await waitFor(
      'the end of the hold',
      () => order(answer.order_id),
      ({ status }) => status === 'cancelled',
    );
    expect(await available('marlinspike')).toBe(held + 5);
    const late = await fetch(`${shop.paymentUrl}/api/submit_payment`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ session_id: answer.payment_id }),
    });
    expect(await late.json()).toMatchObject({ status: 'expired', payment_status: 'unpaid' });
  });

  test('the same key after the end gives the same payment id', async () => {
    const { answer } = await checkout('after-the-end', oneBell);
    await post(`/payment_webhook/${answer.payment_id}/cancelled`);
    const again = await checkout('after-the-end', oneBell);
    expect(again.status).toBe(200);
    expect(again.answer.payment_id).toBe(answer.payment_id);
  });
});
