import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import Stripe from 'stripe';
import type { Cleanup } from './cleanup.ts';

/** The payment provider of the load. It answers at once, so that the figures show the shop only. */
export interface Provider {
  /** Undefined when it opens no sessions. */
  readonly url: string | undefined;
  /** @returns the signed event that reports the payment of a session. @throws when the session is paid or unknown. */
  pay(sessionId: string): SignedEvent;
}

export interface SignedEvent {
  readonly body: string;
  readonly signature: string;
}

const host = '127.0.0.1';
// Longer than any pause between two levels: a connection that the shop keeps open must not close under its next call.
const keepAliveMs = 600_000;

/** Starts the provider's HTTP API, which is `POST /v1/checkout/sessions` only. */
export async function startProvider(webhookSecret: string, cleanup: Cleanup): Promise<Provider> {
  const unpaid = new Map<string, ReturnType<typeof newSession>>();
  const answer = async (request: http.IncomingMessage, response: http.ServerResponse): Promise<void> => {
    if (request.method !== 'POST' || request.url !== '/v1/checkout/sessions') {
      response.writeHead(404).end();
      return;
    }
    const session = newSession(new URLSearchParams(await text(request)), url);
    unpaid.set(session.id, session);
    const body = JSON.stringify(session);
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    response.writeHead(200, headers).end(body);
  };
  const server = http.createServer({ keepAliveTimeout: keepAliveMs }, (request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  cleanup.add(() => {
    server.close();
    server.closeAllConnections();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, host, resolve);
  });
  const url = `http://${host}:${(server.address() as AddressInfo).port}`;
  return {
    url,
    pay: (sessionId) => {
      const session = unpaid.get(sessionId);
      if (!session) throw new Error(`Session ${sessionId} was never opened, or is paid already.`);
      unpaid.delete(sessionId);
      const reference = session.client_reference_id;
      const payment = { status: 'complete', payment_status: 'paid', payment_intent: `pi_bench_${reference}` };
      return signEvent(reference, { ...session, ...payment }, webhookSecret);
    },
  };
}

/** Pays for the published tutorial, which calls no provider: its payment ids are its own. */
export function createProviderWithoutSessions(webhookSecret: string): Provider {
  const pay = (reference: string): SignedEvent =>
    signEvent(reference, { client_reference_id: reference }, webhookSecret);
  return { url: undefined, pay };
}

/** @returns the fields of a Stripe Checkout Session that the shop reads. */
function newSession(form: URLSearchParams, url: string) {
  const reference = form.get('client_reference_id') ?? '';
  // Derived from the order, so that a repeated call gets the same session.
  const id = `cs_bench_${reference}`;
  return {
    id,
    object: 'checkout.session',
    url: `${url}/pay/${id}`,
    status: 'open',
    payment_status: 'unpaid',
    payment_intent: null,
    client_reference_id: reference,
    // Every order is one unit of one product.
    amount_total: Number(form.get('line_items[0][price_data][unit_amount]')),
    currency: form.get('line_items[0][price_data][currency]') ?? '',
  };
}

function signEvent(reference: string, session: object, secret: string): SignedEvent {
  const body = JSON.stringify({
    id: `evt_bench_${reference}`,
    object: 'event',
    type: 'checkout.session.completed',
    created: Math.floor(Date.now() / 1000),
    data: { object: session },
  });
  return { body, signature: Stripe.webhooks.generateTestHeaderString({ payload: body, secret }) };
}
