import type { PaymentEvent } from '../../src/domain/payment.ts';

/** The total of the order, in minor units. */
export const total = 1_000;

const orderId = 7;
export const sessionId = 'cs_1';
const transactionId = 'pi_1';

/** `bank`: completed, and the money is on its way; `failed`: it did not come. */
type Session = 'none' | 'open' | 'bank' | 'failed' | 'expired' | 'paid';

/** The payment provider's side of one order: its session, its ledger and its events. */
export class Provider {
  session: Session = 'none';
  charges = 0;
  refunded = 0;
  disputed = false;
  readonly events: PaymentEvent[] = [];
  readonly #refunds = new Set<string>();

  get charged(): number {
    return this.charges * total;
  }

  get refundable(): number {
    return this.charged - this.refunded;
  }

  /** Under one idempotency key, so there is one session however often it is asked for. */
  open(): void {
    if (this.session === 'none') this.session = 'open';
  }

  pay(): void {
    this.session = 'paid';
    this.charges += 1;
    this.#emit('checkout.session.completed', 'paid', { transactionId });
  }

  payByBank(): void {
    this.session = 'bank';
    this.#emit('checkout.session.completed', 'other', {});
  }

  endBank(arrived: boolean): void {
    this.session = arrived ? 'paid' : 'failed';
    if (arrived) this.charges += 1;
    const type = `checkout.session.async_payment_${arrived ? 'succeeded' : 'failed'}`;
    this.#emit(type, arrived ? 'paid' : 'ended', { transactionId: arrived ? transactionId : null });
  }

  expire(): void {
    this.session = 'expired';
    this.#emit('checkout.session.expired', 'ended', {});
  }

  /** The answer to the shop's question before it cancels an order. */
  end(): 'paid' | 'ended' | 'unknown' {
    if (this.session === 'open') this.expire();
    if (this.session === 'paid') return 'paid';
    return this.session === 'bank' ? 'unknown' : 'ended';
  }

  /** Refunds once per key, and nothing after the whole amount is back. */
  refund(key: string, amountCents: number): 'made' | 'refused' {
    if (this.#refunds.has(key) || this.refundable === 0) return 'made';
    if (amountCents > this.refundable) return 'refused';
    this.#refunds.add(key);
    this.refunded += amountCents;
    this.#emit('charge.refunded', 'refunded', { ...charge, refundedCents: this.refunded });
    return 'made';
  }

  /** A part of the charge, and an object that names the charge alone. */
  dispute(): void {
    this.disputed = true;
    this.#emit('charge.dispute.created', 'disputed', {
      ...charge,
      orderId: null,
      correlationToken: null,
      amountCents: total / 2,
    });
  }

  /** The paid session as the provider's list shows it, in the form of an event. */
  listed(): PaymentEvent {
    return { ...blank, id: `compared-${sessionId}`, type: 'listed', kind: 'paid', transactionId };
  }

  #emit(type: string, kind: PaymentEvent['kind'], content: Partial<PaymentEvent>): void {
    this.events.push({ ...blank, id: `evt_${this.events.length}`, type, kind, ...content });
  }
}

const blank = {
  orderId,
  correlationToken: 'ours',
  sessionId,
  amountCents: total,
  refundedCents: null,
  currency: 'USD',
  transactionId: null,
  live: false,
  body: null,
} as const;

const charge = { sessionId: null, transactionId } as const;

const changes: readonly ((event: PaymentEvent) => Partial<PaymentEvent>)[] = [
  () => ({ currency: 'EUR' }),
  () => ({ live: true }),
  // A dispute may be about any part of the money.
  ({ kind }) => (kind === 'disputed' ? { currency: null } : { amountCents: 1 }),
  ({ kind }) => (kind === 'ended' ? { currency: 'GBP' } : { transactionId: null }),
  ({ sessionId: session }) =>
    session === null ? { transactionId: 'pi_2' } : { sessionId: 'cs_2', correlationToken: 'theirs' },
  ({ kind }) => (kind === 'refunded' ? { refundedCents: total + 1 } : { amountCents: null, currency: 'JPY' }),
];

/** An event like a real one, under another id, that names the order and some other money. */
export function nonsense(event: PaymentEvent, choice: number): PaymentEvent {
  const change = changes[choice % changes.length];
  return { ...event, ...change?.(event), id: `nonsense-${event.id}-${choice % changes.length}` };
}
