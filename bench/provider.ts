import http from 'node:http';
import { text } from 'node:stream/consumers';
import Stripe from 'stripe';
import { freePort } from '../src/supervisor/ports.ts';
import type { Cleanup } from './cleanup.ts';

/** The payment provider of the load: it answers at once, so that only the shop is measured. */
export interface Provider {
  readonly url: string;
  /** The signed event that says that a session is paid. A session is paid once. */
  pay(sessionId: string): SignedEvent;
}

export interface SignedEvent {
  readonly body: string;
  readonly signature: string;
}

/** Of Stripe's Checkout Session, what the shop reads (src/payments/). */
interface Session {
  readonly id: string;
  readonly object: 'checkout.session';
  readonly url: string;
  readonly status: 'open' | 'complete';
  readonly payment_status: 'unpaid' | 'paid';
  readonly payment_intent: string | null;
  readonly client_reference_id: string;
  readonly amount_total: number;
  readonly currency: string;
}

const host = '127.0.0.1';
// Longer than any pause between two levels: a connection that the shop keeps open must not close under its next call.
const keepAliveMs = 600_000;

/** Starts the provider's HTTP API: `POST /v1/checkout/sessions` and nothing else. */
export async function startProvider(webhookSecret: string, cleanup: Cleanup): Promise<Provider> {
  const url = `http://${host}:${await freePort(host)}`;
  const unpaid = new Map<string, Session>();
  const server = http.createServer({ keepAliveTimeout: keepAliveMs }, (request, response) => {
    const answered = openSession(request, url).then((session) => {
      if (session) unpaid.set(session.id, session);
      return answer(response, session);
    });
    answered.catch(() => response.destroy());
  });
  cleanup.add(() => {
    server.close();
    server.closeAllConnections();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(Number(new URL(url).port), host, resolve);
  });
  return {
    url,
    pay: (sessionId) => {
      const session = unpaid.get(sessionId);
      if (!session) throw new Error(`Session ${sessionId} was never opened, or is paid already.`);
      unpaid.delete(sessionId);
      return signedEvent(session, webhookSecret);
    },
  };
}

/** The session that the request asks for; undefined when it asks for something else. */
async function openSession(request: http.IncomingMessage, url: string): Promise<Session | undefined> {
  if (request.method !== 'POST' || request.url !== '/v1/checkout/sessions') return undefined;
  const form = new URLSearchParams(await text(request));
  const reference = form.get('client_reference_id') ?? '';
  // Named by the order, so that a call that comes again finds the same session.
  const id = `cs_bench_${reference}`;
  return {
    id,
    object: 'checkout.session',
    url: `${url}/pay/${id}`,
    status: 'open',
    payment_status: 'unpaid',
    payment_intent: null,
    client_reference_id: reference,
    amount_total: total(form),
    currency: form.get('line_items[0][price_data][currency]') ?? '',
  };
}

function total(form: URLSearchParams): number {
  let cents = 0;
  for (let line = 0; form.has(`line_items[${line}][quantity]`); line += 1) {
    const quantity = Number(form.get(`line_items[${line}][quantity]`));
    cents += quantity * Number(form.get(`line_items[${line}][price_data][unit_amount]`));
  }
  return cents;
}

function answer(response: http.ServerResponse, session: Session | undefined): void {
  const body = JSON.stringify(
    session ?? { error: { type: 'invalid_request_error', message: 'Not known here.' } },
  );
  response
    .writeHead(session ? 200 : 404, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    })
    .end(body);
}

function signedEvent(session: Session, secret: string): SignedEvent {
  const reference = session.client_reference_id;
  const body = JSON.stringify({
    id: `evt_bench_${reference}`,
    object: 'event',
    type: 'checkout.session.completed',
    created: Math.floor(Date.now() / 1000),
    data: {
      object: {
        ...session,
        status: 'complete',
        payment_status: 'paid',
        payment_intent: `pi_bench_${reference}`,
      },
    },
  });
  return { body, signature: Stripe.webhooks.generateTestHeaderString({ payload: body, secret }) };
}
