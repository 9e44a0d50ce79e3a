import { allowedFrom, type CancelReason, type OrderStatus } from '../../src/domain/order.ts';
import {
  decideEvent,
  decidePayment,
  type EventOutcome,
  isLatePaymentWanted,
  type KnownPayment,
  type PaymentEvent,
  type PaymentState,
} from '../../src/domain/payment.ts';
import { decideRefund, isRestockedByDefault, type RefundTerms } from '../../src/domain/refund.ts';
import { sessionId, total } from './provider.ts';

/** Units in the order. */
const quantity = 2;

interface Refund {
  readonly id: string;
  readonly amountCents: number;
  made: boolean;
  /** The provider refused it, so it is an attention item. */
  refused: boolean;
}

/** Our rows about one order. The rules of src/domain decide; this model writes as src/database/transactions does. */
export class Shop {
  status: OrderStatus = 'pending';
  reason: CancelReason | null = null;
  state: PaymentState = 'creating';
  sessionId: string | null = null;
  transactionId: string | null = null;
  refundedCents = 0;
  returned = 0;
  late = false;
  disputed = false;
  readonly refunds: Refund[] = [];
  readonly outcomes = new Map<string, EventOutcome>();
  /** Deferred events. */
  readonly deferred = new Map<string, PaymentEvent>();
  supplied: number;
  available: number;

  constructor(supplied: number) {
    this.supplied = supplied;
    this.available = supplied - quantity;
  }

  get held(): number {
    return this.status === 'pending' ? quantity : 0;
  }

  get sold(): number {
    return this.status === 'pending' || this.status === 'cancelled' ? 0 : quantity - this.returned;
  }

  get known(): KnownPayment {
    const { state, transactionId, refundedCents, status } = this;
    const money = { amountCents: total, refundedCents, currency: 'USD', live: false };
    return {
      state,
      correlationToken: 'ours',
      sessionId: this.sessionId,
      transactionId,
      ...money,
      orderStatus: status,
    };
  }

  recordSession(): void {
    if (this.state === 'creating') this.state = 'open';
    this.sessionId = sessionId;
  }

  recordPaid(transactionId: string): void {
    if (this.status !== 'pending' || !['creating', 'open', 'expired'].includes(this.state)) return;
    this.state = 'paid';
    this.transactionId = transactionId;
  }

  /** `settleOrCancel`. */
  settleOrCancel(sessionEnded: CancelReason | null, holdExpired: boolean): 'waiting' | 'over' {
    const does = decidePayment(this.known, sessionEnded !== null);
    if (does === 'wait') return 'waiting';
    if (does === 'settle') {
      this.state = 'settled';
      if (!this.#move('pay', 'paid')) throw new Error('A payment of an order that is not pending.');
    }
    if (does === 'cancel') {
      this.state = 'expired';
      if (!this.#move('cancel', 'cancelled')) return 'over';
      this.reason = sessionEnded ?? (holdExpired ? 'hold_expired' : 'payment_ended');
      this.available += quantity;
    }
    return 'over';
  }

  /** `ingestPaymentEvent`. */
  receive(event: PaymentEvent): void {
    if (!this.outcomes.has(event.id)) this.#ingest(event);
  }

  /** `retryPaymentEvent`, for all deferred events. */
  retryDeferred(): void {
    for (const event of this.deferred.values()) this.#ingest(event);
  }

  #ingest(event: PaymentEvent): void {
    const found = event.orderId !== null || event.transactionId === this.transactionId;
    const decision = decideEvent(event, found ? this.known : undefined);
    this.outcomes.set(event.id, decision.outcome);
    const isDeferred = decision.outcome === 'too_early' || decision.outcome === 'unknown_order';
    if (isDeferred) this.deferred.set(event.id, event);
    else this.deferred.delete(event.id);
    if ('nextState' in decision) {
      this.state = decision.nextState;
      this.transactionId = event.transactionId ?? this.transactionId;
      if (this.state === 'settled' && !this.#move('pay', 'paid')) {
        throw new Error('A payment of an order that is not pending.');
      }
    } else if ('externalRefundCents' in decision) {
      this.#recordExternalRefund(event.id, decision.externalRefundCents);
    } else if ('disputed' in decision) {
      this.disputed = true;
    } else if (decision.outcome === 'late') {
      this.#settleLate(event.transactionId);
    }
  }

  #settleLate(transactionId: string | null): void {
    this.late = true;
    this.transactionId = transactionId;
    if (isLatePaymentWanted(this.reason) && this.available >= quantity) {
      this.available -= quantity;
      this.state = 'settled';
      this.reason = null;
      if (!this.#move('payLate', 'paid'))
        throw new Error('A late payment of an order that is not cancelled.');
    } else {
      this.#count(total);
      this.refunds.push({ id: 'late', amountCents: total, made: false, refused: false });
    }
  }

  #recordExternalRefund(eventId: string, amountCents: number): void {
    const full = this.refundedCents + amountCents === total;
    if (isRestockedByDefault(this.status, full)) this.#returnUnits();
    this.#count(amountCents);
    this.refunds.push({ id: eventId, amountCents, made: true, refused: false });
    this.#followRefund();
  }

  /** `requestRefund`. */
  requestRefund(request: RefundTerms): void {
    const decision = decideRefund(request, this.known);
    if (typeof decision === 'string') return;
    const { amountCents, restock } = decision;
    if (restock) this.#returnUnits();
    this.#count(amountCents);
    this.refunds.push({ id: `refund_${this.refunds.length}`, amountCents, made: false, refused: false });
  }

  markRefundMade(refund: Refund): void {
    refund.made = true;
    refund.refused = false;
    this.#followRefund();
  }

  markDispatched(): void {
    const hasDeferred = [...this.outcomes.values()].includes('too_early');
    if (this.state === 'settled' && !hasDeferred) this.#move('dispatch', 'dispatched');
  }

  #count(amountCents: number): void {
    this.refundedCents += amountCents;
    if (this.refundedCents === total) this.state = 'refund_due';
  }

  #followRefund(): void {
    if (this.state !== 'refund_due' || this.refunds.some(({ made }) => !made)) return;
    this.state = 'refunded';
    if (this.status === 'cancelled') this.returned = quantity;
    this.#move('refund', 'refunded');
  }

  #returnUnits(): void {
    this.available += quantity - this.returned;
    this.returned = quantity;
  }

  #move(verb: keyof typeof allowedFrom, to: OrderStatus): boolean {
    const from: readonly OrderStatus[] = allowedFrom[verb];
    if (!from.includes(this.status)) return false;
    this.status = to;
    return true;
  }
}
