// The hosted payment page as a browser without JavaScript sees it.
import type Stripe from 'stripe';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  eventually,
  secondsFromNow,
  shopUrl,
  startTestSimulator,
  type TestSimulator,
} from '../support/stripe-simulator.ts';

let simulator: TestSimulator;
let stripe: Stripe;

beforeAll(async () => {
  simulator = await startTestSimulator();
  stripe = simulator.stripe;
});

afterAll(() => simulator.close());

const good = '4242 4242 4242 4242';
const declined = '4000 0000 0000 0002';

function post(path: string, form: Record<string, string> = {}): Promise<Response> {
  const body = new URLSearchParams(form);
  return fetch(`${simulator.origin}${path}`, { method: 'POST', redirect: 'manual', body });
}

function payWith(id: string, number: string): Promise<Response> {
  return post(`/pay/${id}/pay`, { number, expiry: '12 / 34', cvc: '123' });
}

async function page(path: string): Promise<string> {
  return (await fetch(`${simulator.origin}${path}`)).text();
}

function retrieve(id: string): Promise<Stripe.Checkout.Session> {
  return stripe.checkout.sessions.retrieve(id, { expand: ['payment_intent'] });
}

interface Entry {
  session_id: string;
}

async function chargesOf(id: string): Promise<Entry[]> {
  const { body } = await simulator.send('GET', '/ledger?limit=1000');
  return (body['charges'] as Entry[]).filter(({ session_id }) => session_id === id);
}

/** Waits for that many events about the session, its intent or its charge. */
async function eventTypes(id: string, count: number): Promise<string[]> {
  const events = await eventually(
    async () => {
      const intent = await simulator.intentOf(id);
      return simulator.receiver.received.filter(({ body }) => body.includes(id) || body.includes(intent));
    },
    (received) => received.length >= count,
  );
  return events.map(({ body }) => (JSON.parse(body) as Stripe.Event).type).toSorted();
}

describe('The payment page', () => {
  test('shows lines, total and test cards, escapes what the shop sent, and lets forms lead back to the shop', async () => {
    const price_data = {
      currency: 'usd',
      unit_amount: 9999,
      product_data: { name: '<script>alert(1)</script>' },
    };
    const id = await simulator.open('p-1', { line_items: [{ price_data, quantity: 2 }] });
    const answer = await fetch(`${simulator.origin}/pay/${id}`);
    const html = await answer.text();
    for (const text of [
      'TEST MODE',
      '$199.98',
      '2 × $99.99',
      '&lt;script&gt;',
      `value="${good}"`,
      declined,
    ]) {
      expect(html).toContain(text);
    }
    expect(html).not.toContain('<script>');
    expect(answer.headers.get('content-security-policy')).toContain(`form-action 'self' ${shopUrl}`);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('strict-transport-security')).toBeNull();
  });

  test('a double click on Pay charges once and leads to the shop both times', async () => {
    const id = await simulator.open('p-2');
    for (const answer of await Promise.all([payWith(id, good), payWith(id, '4242424242424242')])) {
      expect(answer.status).toBe(303);
      expect(answer.headers.get('location')).toBe(`${shopUrl}/orders/p-2?session=${id}`);
    }
    expect(await chargesOf(id)).toHaveLength(1);
    const paid = await page(`/pay/${id}`);
    expect(paid).toContain('You were charged once');
    expect(paid).toMatch(/href="[^"]*\/orders\/p-2[^"]*">See your order/);
  });

  test('a chosen test card is in the form', async () => {
    const id = await simulator.open('p-3');
    expect(await page(`/pay/${id}?card=${encodeURIComponent(declined)}`)).toContain(`value="${declined}"`);
    expect(await page(`/pay/${id}?card=4111`)).toContain(`value="${good}"`);
  });

  test('errors are shown beside their fields, and nothing is charged', async () => {
    const id = await simulator.open('p-4');
    const answer = await post(`/pay/${id}/pay`, { number: '4111111111111111', expiry: '13/34', cvc: 'x' });
    const html = await answer.text();
    expect(answer.status).toBe(400);
    expect(html).toMatch(/id="number-error"[^]*not a test card[^]*id="expiry-error"[^]*id="cvc-error"/);
    expect(html.match(/aria-invalid="true"/g)).toHaveLength(3);
    expect((await fetch(`${simulator.origin}/pay/${id}/pay`, { redirect: 'manual' })).status).toBe(303);
    expect(await retrieve(id)).toMatchObject({ status: 'open', payment_intent: null });
  });

  test('cancel ends the session and leads back; afterwards no card is taken', async () => {
    const id = await simulator.open('p-5');
    const cancelled = await post(`/pay/${id}/cancel`);
    expect([cancelled.status, cancelled.headers.get('location')]).toEqual([303, `${shopUrl}/cancelled`]);
    for (const number of [good, declined, '4000002500003155']) {
      expect((await payWith(id, number)).headers.get('location')).toBe(`/pay/${id}`);
    }
    expect((await post(`/pay/${id}/bank`, { answer: 'complete' })).headers.get('location')).toBe(
      `/pay/${id}`,
    );
    expect(await page(`/pay/${id}`)).toContain('This payment has ended');
    expect(await chargesOf(id)).toEqual([]);
  });

  test('a card submitted after the end of the session is not charged', async () => {
    const id = await simulator.open('p-6', { expires_at: secondsFromNow(2) });
    await eventually(
      () => page(`/pay/${id}`),
      (html) => html.includes('This payment has ended'),
    );
    expect((await payWith(id, good)).headers.get('location')).toBe(`/pay/${id}`);
    expect(await page(`/pay/${id}`)).toContain('This payment has ended');
    expect(await chargesOf(id)).toEqual([]);
  });

  test('an unknown page is a 404', async () => {
    const answer = await fetch(`${simulator.origin}/pay/cs_test_nonsense`);
    expect(answer.status).toBe(404);
    expect(await answer.text()).toContain('No such payment');
    for (const verb of ['pay', 'bank', 'cancel']) {
      expect((await post(`/pay/cs_test_nonsense/${verb}`)).status).toBe(404);
    }
  });
});

describe('The test card', () => {
  test.each([
    [declined, 'The card was declined.', 'generic_decline'],
    ['4000 0000 0000 9995', 'not enough money', 'insufficient_funds'],
  ])(
    '%s is declined: the page shows the reason, an event follows, and another card can pay',
    async (number, why, code) => {
      const id = await simulator.open(`d-${code}`);
      const answer = await payWith(id, number);
      const again = answer.headers.get('location') ?? '';
      expect([answer.status, again]).toEqual([303, `/pay/${id}?card=${encodeURIComponent(number)}`]);
      const html = await page(again);
      expect(html).toContain(why);
      expect(html).toContain(`name="number" value="${number}"`);
      expect(html).toMatch(/Nothing was charged[^]*try another card until/);
      expect(await retrieve(id)).toMatchObject({
        status: 'open',
        payment_status: 'unpaid',
        payment_intent: {
          status: 'requires_payment_method',
          last_payment_error: { type: 'card_error', code: 'card_declined', decline_code: code },
        },
      });
      expect(await eventTypes(id, 1)).toEqual(['payment_intent.payment_failed']);
      await payWith(id, good);
      expect(await retrieve(id)).toMatchObject({
        payment_status: 'paid',
        payment_intent: { last_payment_error: null },
      });
    },
  );

  test('4000 0025 0000 3155 leads to the bank: to fail declines, to complete pays', async () => {
    const id = await simulator.open('b-1');
    const bank = `/pay/${id}/bank`;
    expect((await payWith(id, '4000002500003155')).headers.get('location')).toBe(bank);
    expect(await page(bank)).toMatch(/Confirm your payment[^]*3155[^]*Confirm payment[^]*Decline payment/);
    expect((await post(bank, { answer: 'fail' })).headers.get('location')).toBe(
      `/pay/${id}?card=${encodeURIComponent('4000 0025 0000 3155')}`,
    );
    expect(await page(`/pay/${id}`)).toContain('your bank could not confirm that it is you');
    expect(await retrieve(id)).toMatchObject({
      status: 'open',
      payment_intent: { last_payment_error: { code: 'authentication_required' } },
    });
    const completed = await post(bank, { answer: 'complete' });
    expect(completed.headers.get('location')).toContain(`${shopUrl}/orders/b-1`);
    expect(await retrieve(id)).toMatchObject({ payment_status: 'paid' });
  });

  test('4000 0000 0000 0077 is approved after five seconds, if the session is still open then', async () => {
    const [slow, late] = [await simulator.open('s-1'), await simulator.open('s-2')];
    const answers = Promise.all([payWith(slow, '4000000000000077'), payWith(late, '4000000000000077')]);
    await stripe.checkout.sessions.expire(late);
    expect(await retrieve(slow)).toMatchObject({ status: 'open' });
    const [paid, ended] = await answers;
    expect(paid?.headers.get('location')).toContain(`${shopUrl}/orders/s-1`);
    expect(ended?.headers.get('location')).toBe(`/pay/${late}`);
    expect([await chargesOf(slow), await chargesOf(late)]).toMatchObject([[{ session_id: slow }], []]);
  });

  test('4000 0000 0000 0259 pays and is disputed', async () => {
    const id = await simulator.open('x-1');
    await payWith(id, '4000 0000 0000 0259');
    expect(await eventTypes(id, 2)).toEqual(['charge.dispute.created', 'checkout.session.completed']);
  });

  test('4000 0000 0000 5555 pays and its event is withheld', async () => {
    const id = await simulator.open('n-1');
    await payWith(id, '4000 0000 0000 5555');
    expect(await retrieve(id)).toMatchObject({ payment_status: 'paid' });
    const other = await simulator.open('n-2');
    await payWith(other, good);
    await eventTypes(other, 1);
    expect(simulator.receiver.received.filter(({ body }) => body.includes(id))).toEqual([]);
    const [, event] = (await stripe.events.list({ limit: 2 })).data;
    expect(event).toMatchObject({ type: 'checkout.session.completed', data: { object: { id } } });
  });

  test.each([
    ['4000 0000 0000 8001', 'succeeded', 'paid', 'You were charged once'],
    ['4000 0000 0000 8002', 'failed', 'unpaid', 'Your bank did not pay'],
  ])('%s completes at once and has %s later, by itself', async (number, outcome, paymentStatus, shown) => {
    await simulator.send('PUT', '/control/faults', { faults: {}, settings: { settle_ms: 2_000 } });
    const id = await simulator.open(`a-${outcome}`);
    expect((await payWith(id, number)).headers.get('location')).toContain(`${shopUrl}/orders/a-${outcome}`);
    expect(await retrieve(id)).toMatchObject({
      status: 'complete',
      payment_intent: { status: 'processing' },
    });
    expect(await page(`/pay/${id}`)).toContain('Your bank is moving the money');
    expect(await eventTypes(id, 2)).toEqual(
      [`checkout.session.async_payment_${outcome}`, 'checkout.session.completed'].toSorted(),
    );
    expect(await retrieve(id)).toMatchObject({ status: 'complete', payment_status: paymentStatus });
    expect(await page(`/pay/${id}`)).toContain(shown);
  });
});
