import type { OrderStatus } from '../../src/domain/order.ts';
import type { PaymentState } from '../../src/domain/payment.ts';
import { nonsense, Provider, total } from './provider.ts';
import { Shop } from './shop.ts';

const transitions: ReadonlySet<string> = new Set([
  'pending paid',
  'pending cancelled',
  'paid dispatched',
  'cancelled paid',
  'paid refunded',
  'dispatched refunded',
  'cancelled refunded',
]);

const statesOf: Readonly<Record<OrderStatus, readonly PaymentState[]>> = {
  pending: ['creating', 'open', 'paid', 'expired'],
  cancelled: ['expired', 'refund_due'],
  paid: ['settled', 'refund_due'],
  dispatched: ['settled', 'refund_due'],
  refunded: ['refunded'],
};

/** One order, everybody who acts on it, and the checkout workflow between them. */
export class Context {
  readonly provider = new Provider();
  readonly shop: Shop;
  /** How far the checkout has come: it opens the session, follows the payment, or has ended. */
  phase: 'opening' | 'following' | 'over' = 'opening';
  holdExpired = false;
  cancelRequested = false;
  /** The provider's last answer, until the checkout has acted on it. */
  asked: 'paid' | 'ended' | null = null;
  /** Units of the same product in other orders. */
  others = 0;
  /** The provider took a payment for a session that it had called over. */
  revived = false;
  /** The goods went out. */
  left = false;
  /** An operator confirmed that the units are back, or will not be dispatched. */
  restockAsked = false;
  readonly trace: string[] = [];

  constructor(supplied: number) {
    this.shop = new Shop(supplied);
  }

  /** The promises of README as they hold at every instant. */
  check({ status: before, reason }: Pick<Shop, 'status' | 'reason'>): void {
    const { shop, provider } = this;
    const { status, state } = shop;
    this.#must(status === before || transitions.has(`${before} ${status}`), `${before} → ${status}`);
    this.#must(shop.available + shop.held + shop.sold + this.others === shop.supplied, 'stock adds up');
    this.#must(Math.min(shop.available, shop.held, shop.sold) >= 0, 'no negative stock');
    this.#must(provider.charges <= 1, 'one charge');
    this.#must(provider.refunded <= provider.charged, 'no refund above the charge');
    this.#must(shop.refundedCents >= 0 && shop.refundedCents <= total, 'no promise above the charge');
    const promisedAll = shop.refundedCents === total;
    this.#must((state === 'refund_due' || state === 'refunded') === promisedAll, 'refund state');
    this.#must(statesOf[status].includes(state), `${status} with ${state}`);
    if (status === 'paid' || status === 'dispatched') this.#must(provider.charges === 1, 'paid');
    if (before === 'paid' && status === 'dispatched') {
      this.left = true;
      this.#must(!promisedAll && shop.returned === 0, 'nothing refunded or restocked leaves');
    }
    if (this.left && !this.restockAsked) this.#must(shop.returned === 0, 'what has left is not on the shelf');
    if (before === 'cancelled' && status === 'paid')
      this.#must(reason !== 'cancelled_by_shopper', 'nobody gets what they gave up');
    const payable = provider.session === 'open' || provider.session === 'bank';
    if (status === 'cancelled' && shop.reason !== 'payment_unavailable')
      this.#must(!payable, 'nothing cancelled can be paid');
    if (before !== 'cancelled' && status === 'cancelled') this.#must(state === 'expired', 'cancelled unpaid');
    for (const { id } of provider.events) this.#must(shop.outcomes.get(id) !== 'mismatch', `${id} fits`);
  }

  /** The promises once nothing is left to do. */
  checkEnd(): void {
    const { shop, provider } = this;
    const ended = shop.status === 'dispatched' || shop.status === 'cancelled' || shop.status === 'refunded';
    this.#must(ended, 'an end');
    const kept = provider.charged - provider.refunded;
    this.#must(shop.status === 'dispatched' ? kept > 0 : kept === 0, 'the goods, or the money');
    this.#must((shop.status === 'cancelled') === (provider.charges === 0), 'a charge is not forgotten');
    this.#must(shop.refundedCents === provider.refunded, 'our ledger is the provider’s');
    this.#must(
      shop.refunds.every(({ made, refused }) => made || refused),
      'no refund is forgotten',
    );
    this.#must(
      provider.events.every(({ id }) => !shop.deferred.has(id)),
      'every event is placed',
    );
    this.#must(shop.disputed === provider.disputed, 'a dispute is seen');
  }

  /** Delivers an event that must not change anything. */
  receiveNonsense(choice: number): void {
    const real = this.provider.events[choice % this.provider.events.length];
    if (!real) return;
    // Without the outcomes, which a Map keeps to itself: that it came is written down.
    const before = JSON.stringify(this.shop);
    this.shop.receive(nonsense(real, Math.floor(choice / 8)));
    this.#must(JSON.stringify(this.shop) === before, 'nonsense changes nothing');
  }

  #must(holds: boolean, what: string): void {
    if (holds) return;
    const shop = JSON.stringify(this.shop, (_key, value: unknown) =>
      value instanceof Map ? [...value] : value,
    );
    throw new Error(`Broken: ${what}.\nAfter: ${this.trace.join(', ')}.\nOurs: ${shop}`);
  }
}

/** Something that can happen. `choice` selects a variant where there are several. */
export interface Command {
  readonly name: string;
  readonly can: (context: Context) => boolean;
  readonly act: (context: Context, choice: number) => void;
}
