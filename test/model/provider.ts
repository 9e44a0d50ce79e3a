import type { PaymentEvent } from '../../src/domain/payment.ts';

/** The provider's side of one order: its session, its ledger, its idempotency keys and its events. */
export interface Provider {
  /** `bank`: completed, and the money is on its way; `failed`: it did not come. */
  session: 'none' | 'open' | 'bank' | 'failed' | 'expired' | 'paid';
  /** Sessions opened; each could be paid. */
  sessions: number;
  charges: number;
  /** All refunds, in minor units, and the part that somebody made there without a request of ours. */
  refundedCents: number;
  externalCents: number;
  disputed: boolean;
  /** It took a payment for a session that it had called ended. */
  revived: boolean;
  /** The idempotency keys that were used. */
  readonly keys: string[];
  /** The names of the events so far, sorted: their delivery has no order. */
  readonly events: string[];
}

/** The total of an order, in minor units. */
export const totalCents = 1_000;

/** A provider that knows nothing of the order. */
export const newProvider: Provider = {
  session: 'none',
  sessions: 0,
  charges: 0,
  refundedCents: 0,
  externalCents: 0,
  disputed: false,
  revived: false,
  keys: [],
  events: [],
};

/** The amount that is left of the charge, in minor units. */
export function leftOfCharge({ charges, refundedCents }: Provider): number {
  return charges * totalCents - refundedCents;
}

/** Whether somebody can still pay the session. */
export function isSessionPayable({ session }: Provider): boolean {
  return session === 'open' || session === 'bank';
}

/** Opens the session of an order, once per idempotency key. */
export function openSession(provider: Provider, key: string): void {
  if (!useKey(provider, key)) return;
  provider.session = 'open';
  provider.sessions += 1;
}

/** Charges the shopper for the session. */
export function charge(provider: Provider): void {
  provider.session = 'paid';
  provider.charges += 1;
  emit(provider, 'paid');
}

/** Ends the session: it ran out, or a bank transfer failed. */
export function end(provider: Provider, session: 'expired' | 'failed'): void {
  provider.session = session;
  emit(provider, 'ended');
}

/** Ends a session that can still be paid, and answers how it ended. */
export function endSession(provider: Provider): 'paid' | 'ended' | 'unknown' {
  if (provider.session === 'open') end(provider, 'expired');
  if (provider.session === 'paid') return 'paid';
  return provider.session === 'bank' ? 'unknown' : 'ended';
}

/**
 * Makes a refund of ours, once per idempotency key. Nothing is left to do after the whole charge is back.
 * @returns the rest of the charge when it is less than the refund; nothing was done then
 */
export function refund(provider: Provider, key: string, amountCents: number): 'made' | { leftCents: number } {
  const leftCents = leftOfCharge(provider);
  if (provider.keys.includes(key) || leftCents === 0) return 'made';
  if (amountCents > leftCents) return { leftCents };
  useKey(provider, key);
  payBack(provider, amountCents);
  return 'made';
}

/** Makes a refund that somebody asked for in the provider's dashboard. */
export function refundExternally(provider: Provider, amountCents: number): void {
  provider.externalCents += amountCents;
  payBack(provider, amountCents);
}

/** Opens a dispute about the charge. */
export function dispute(provider: Provider): void {
  provider.disputed = true;
  emit(provider, 'disputed');
}

function payBack(provider: Provider, amountCents: number): void {
  provider.refundedCents += amountCents;
  emit(provider, `refunded ${provider.refundedCents}`);
}

function useKey({ keys }: Provider, key: string): boolean {
  if (keys.includes(key)) return false;
  keys.push(key);
  keys.sort();
  return true;
}

function emit({ events }: Provider, name: string): void {
  events.push(name);
  events.sort();
}

const session = {
  type: 'session',
  orderId: 7,
  correlationToken: 'ours',
  sessionId: 'cs_1',
  amountCents: totalCents,
  refundedCents: null,
  currency: 'USD',
  transactionId: null,
  returnUrl: null,
  email: null,
  live: false,
  otherVersion: null,
  body: null,
} as const;
const chargeOf = { ...session, type: 'charge', sessionId: null, transactionId: 'pi_1' } as const;

/**
 * The event of a name. Besides those that the provider sends, `listed` is a paid session in its list, and `asked` the refunds in
 * its answer to a checkout.
 */
export function eventOf(name: string): PaymentEvent {
  const known = events.get(name) ?? newEvent(name);
  events.set(name, known);
  return known;
}

const events = new Map<string, PaymentEvent>();

function newEvent(name: string): PaymentEvent {
  const [kind = '', refundedCents] = name.split(' ');
  switch (kind) {
    case 'paid':
    case 'listed':
      return { ...session, id: name, kind: 'paid', transactionId: 'pi_1' };
    case 'ended':
      return { ...session, id: name, kind };
    case 'refunded':
    case 'asked':
      return { ...chargeOf, id: name, kind: 'refunded', refundedCents: Number(refundedCents) };
    case 'disputed':
      // A dispute may concern a part of the charge, and names no order.
      return {
        ...chargeOf,
        id: name,
        kind,
        orderId: null,
        correlationToken: null,
        amountCents: totalCents / 2,
      };
    default:
      throw new Error(`There is no event ${name}.`);
  }
}

const changes: readonly ((event: PaymentEvent) => Partial<PaymentEvent>)[] = [
  () => ({ currency: 'EUR' }),
  () => ({ live: true }),
  // A dispute may be about any part of the money.
  ({ kind }) => (kind === 'disputed' ? { currency: null } : { amountCents: 1 }),
  ({ kind }) => (kind === 'ended' ? { currency: 'GBP' } : { transactionId: null }),
  ({ sessionId }) =>
    sessionId === null ? { transactionId: 'pi_2' } : { sessionId: 'cs_2', correlationToken: 'theirs' },
  ({ kind }) =>
    kind === 'refunded' ? { refundedCents: totalCents + 1 } : { amountCents: null, currency: 'JPY' },
];

/** Events like a real one that name the order and some other money. */
export function foreignEvents(name: string): readonly PaymentEvent[] {
  const event = eventOf(name);
  const known = foreign.get(name) ?? changes.map((change) => ({ ...event, ...change(event) }));
  foreign.set(name, known);
  return known;
}

const foreign = new Map<string, readonly PaymentEvent[]>();
