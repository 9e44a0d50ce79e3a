import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import Stripe from 'stripe';
import type { SimulatorConfig } from '../../src/stripe-simulator/config.ts';
import { startStripeSimulator } from '../../src/stripe-simulator/simulator.ts';
import { createEmptyDatabase } from './postgres.ts';
import { waitFor } from './wait.ts';

export const secretKey = 'sk_test_payment_service';
export const webhookSecret = 'whsec_payment_service';
export const shopUrl = 'http://localhost:3999';

/** The official client for a simulator. It tries once, so a test sees every answer. */
export function stripeClient(port: number, key = secretKey): Stripe {
  return new Stripe(key, {
    host: '127.0.0.1',
    port,
    protocol: 'http',
    maxNetworkRetries: 0,
    telemetry: false,
  });
}

/** A simulator in the test's process, with its own database and a receiver of its webhooks. */
export interface TestSimulator {
  readonly origin: string;
  readonly port: number;
  readonly databaseUrl: string;
  readonly stripe: Stripe;
  readonly receiver: WebhookReceiver;
  /** Posts JSON, as curl does, and gives the answer with its JSON. */
  send(
    method: string,
    path: string,
    body?: object,
  ): Promise<{ status: number; body: Record<string, unknown> }>;
  intentOf(sessionId: string): Promise<string>;
  /** A new session for one order. */
  open(reference: string, more?: Partial<Stripe.Checkout.SessionCreateParams>): Promise<string>;
  /** Pays a session and gives its payment intent. */
  pay(sessionId: string): Promise<string>;
  close(): Promise<void>;
}

/** Settings of a simulator in the test's process. */
export function testConfig(databaseUrl: string, webhookUrl: string): SimulatorConfig {
  return {
    host: '127.0.0.1',
    port: 0,
    publicUrl: undefined,
    databaseUrl,
    webhookUrl,
    secretKey,
    webhookSecret,
    businessName: undefined,
    operatorToken: undefined,
    trustProxy: 0,
    logLevel: 'silent',
  };
}

/** Starts a simulator for one test file. */
export async function startTestSimulator(): Promise<TestSimulator> {
  const database = await createEmptyDatabase();
  const receiver = new WebhookReceiver();
  const simulator = await startStripeSimulator(testConfig(database.url, await receiver.start()));
  const stripe = stripeClient(simulator.port);
  const origin = `http://127.0.0.1:${simulator.port}`;
  const send: TestSimulator['send'] = async (method, path, body) => {
    const init = body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const answer = await fetch(`${origin}${path}`, { method, ...init });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  const intentOf = async (sessionId: string): Promise<string> => {
    const { payment_intent: intent } = await stripe.checkout.sessions.retrieve(sessionId);
    return typeof intent === 'string' ? intent : 'none yet';
  };
  return {
    origin,
    port: simulator.port,
    databaseUrl: database.url,
    stripe,
    receiver,
    send,
    intentOf,
    async open(reference, more) {
      return (await stripe.checkout.sessions.create(sessionParameters(reference, more))).id;
    },
    async pay(sessionId) {
      await send('POST', '/api/submit_payment', { session_id: sessionId });
      return intentOf(sessionId);
    },
    async close() {
      await simulator.close();
      await receiver.close();
      await database.drop();
    },
  };
}

/** The error with which a call was refused. */
export async function refused(promise: Promise<unknown>): Promise<Stripe.errors.StripeError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof Stripe.errors.StripeError) return error;
  throw new Error(`Not refused, but: ${String(error)}`);
}

/** Two widgets at 99.99 for one order. */
export function sessionParameters(
  reference: string,
  more: Partial<Stripe.Checkout.SessionCreateParams> = {},
): Stripe.Checkout.SessionCreateParams {
  return {
    mode: 'payment',
    client_reference_id: reference,
    metadata: { order_id: reference },
    customer_email: 'ada@example.org',
    line_items: [
      {
        price_data: { currency: 'usd', unit_amount: 9999, product_data: { name: 'Premium Quality Widget' } },
        quantity: 2,
      },
    ],
    success_url: `${shopUrl}/orders/${reference}?session={CHECKOUT_SESSION_ID}`,
    cancel_url: `${shopUrl}/cancelled`,
    ...more,
  };
}

/** The moment a few seconds from now as Stripe counts time. */
export function secondsFromNow(seconds: number): number {
  return Math.floor(Date.now() / 1000) + seconds;
}

/** Waits until the value satisfies the condition and returns it. */
export function eventually<Value>(
  read: () => Value | Promise<Value>,
  satisfies: (value: Value) => boolean,
): Promise<Value> {
  return waitFor('the condition', read, satisfies);
}

export interface ReceivedWebhook {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly at: number;
}

/** Answers one webhook; it may also leave it without an answer. */
export type WebhookAnswer = (response: ServerResponse, webhook: ReceivedWebhook) => void;

/** A shop that records its webhooks and answers as the test sets. */
export class WebhookReceiver {
  readonly received: ReceivedWebhook[] = [];
  answer: WebhookAnswer = (response) => response.writeHead(200).end();

  private readonly server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const webhook = { headers: request.headers, body: Buffer.concat(chunks).toString(), at: Date.now() };
      this.received.push(webhook);
      this.answer(response, webhook);
    });
  });

  /** Listens on a free port and returns the address for webhooks. */
  async start(): Promise<string> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/payment_webhook`;
  }

  /** The events about one session, as the official package verifies them. */
  async eventsAbout(sessionId: string): Promise<Stripe.Event[]> {
    const about = this.received.filter(({ body }) => body.includes(sessionId));
    return about.map(({ headers, body }) =>
      Stripe.webhooks.constructEvent(body, String(headers['stripe-signature']), webhookSecret),
    );
  }

  /** The types of the events about one session in the order of their arrival. */
  async typesAbout(sessionId: string): Promise<string[]> {
    return (await this.eventsAbout(sessionId)).map(({ type }) => type);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}

/** A proxy to Postgres that a test can cut, so that one simulator alone loses its database. */
export class DatabaseLine {
  private readonly sockets = new Set<Socket>();
  private isCut = false;
  private readonly target: URL;

  constructor(databaseUrl: string) {
    this.target = new URL(databaseUrl);
  }

  private readonly server = createTcpServer((client) => {
    if (this.isCut) {
      client.destroy();
      return;
    }
    const upstream = connect(Number(this.target.port || 5432), this.target.hostname);
    for (const socket of [client, upstream]) {
      this.sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => this.sockets.delete(socket));
    }
    client.pipe(upstream).pipe(client);
  });

  /** Opens the line and returns the address of the database behind it. */
  async start(): Promise<string> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    const url = new URL(this.target);
    url.hostname = '127.0.0.1';
    url.port = String((this.server.address() as AddressInfo).port);
    return url.href;
  }

  cut(): void {
    this.isCut = true;
    for (const socket of this.sockets) socket.destroy();
  }

  mend(): void {
    this.isCut = false;
  }

  async close(): Promise<void> {
    this.cut();
    this.server.close();
    await once(this.server, 'close');
  }
}
