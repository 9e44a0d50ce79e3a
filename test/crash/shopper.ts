import type { Fixture } from '../support/fixture.ts';
import type { RealProcess } from '../support/processes.ts';
import { waitFor } from '../support/wait.ts';

/** Behaves as a browser: repeats the request with the same key until it has an answer. */

export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

type Headers = Readonly<Record<string, string>>;

const answerWithinMs = 10_000;

/** Posts JSON once; a shop that is not there is an error. */
async function post(
  url: string,
  body?: unknown,
  headers: Headers = {},
): Promise<Answer & { retryAfter: string | null }> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      ...headers,
      accept: 'application/json',
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(answerWithinMs),
  });
  return {
    status: response.status,
    retryAfter: response.headers.get('retry-after'),
    body: (await response.json()) as Answer['body'],
  };
}

function insist(process: RealProcess, url: string, body?: unknown, headers?: Headers): Promise<Answer> {
  // 202 without a refund: the order is there and its payment page is not yet.
  return waitFor(
    `an answer of ${url}`,
    async () => {
      await process.ready();
      return post(url, body, headers);
    },
    ({ status, body: answer }) => status < 500 && (status !== 202 || 'refund_id' in answer),
  );
}

export interface OrderRequest {
  readonly sku: string;
  readonly qty: number;
}

/** Checks out until answered, whatever dies meanwhile. */
export function checkout({ shopUrl, processes }: Fixture, key: string, item: OrderRequest): Promise<Answer> {
  return insist(processes.shop, `${shopUrl}/checkout/${key}`, { items: [item] });
}

/** Pays, or gives up, at the payment service until answered. */
export function actOnPayment(
  { paymentUrl, processes }: Fixture,
  act: 'submit_payment' | 'cancel_payment',
  paymentId: string,
): Promise<Answer> {
  return insist(processes.payments, `${paymentUrl}/api/${act}`, { session_id: paymentId });
}

/** Behaves as an operator: refunds the rest of the payment, once however often it is requested. */
export function refund({ shopUrl, processes }: Fixture, orderId: number): Promise<Answer> {
  const key = { 'idempotency-key': `refund-${orderId}` };
  return insist(processes.shop, `${shopUrl}/order/${orderId}/refund`, { reason: 'it did not fit' }, key);
}

/** Behaves as an operator: adds one unit. */
export function restock({ shopUrl, processes }: Fixture, sku: string): Promise<Answer> {
  return insist(processes.shop, `${shopUrl}/restock`, { sku, quantity: 1, reason: 'a delivery' });
}

/** A fault of the provider: an expired session is paid nevertheless. Asked again, it is paid already. */
export function payTooLate({ paymentUrl, processes }: Fixture, paymentId: string): Promise<Answer> {
  return insist(processes.payments, `${paymentUrl}/control/sessions/${paymentId}/late_payment`, {});
}
